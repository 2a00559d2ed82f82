#include "tree/run.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/rounds.h"
#include "tree/tables.h"

namespace amethyst::tree {
namespace {

class Reverse final : public Comparator {
 public:
  int Compare(std::string_view a, std::string_view b) const override { return key::CompareBytes(b, a); }
  std::string_view Name() const override { return "reverse"; }
};

// Keys under which heads tie, are padded, or lie outside the common prefix.
std::string RandomKey(base::Random& random, uint64_t kind) {
  switch (kind) {
    case 0: return "prefix/" + std::to_string(random.Below(100000));
    case 1: return "a-prefix-of-some-length/then-more-" + std::to_string(random.Below(2000)) + "/end";
    case 2: return std::string(random.Below(20), random.OneIn(2) ? '\0' : '\xff');
    default: {
      std::string key;
      for (uint64_t n = random.Below(12); n > 0; --n) key.push_back(static_cast<char>(random.Below(3) * 127));
      return key;
    }
  }
}

// I13
TEST(TableRun, FindsTheTableThatALinearSearchFinds) {
  const auto store = NewStore(NewInMemoryEnvironment());
  const Reverse reverse;
  for (uint64_t seed = 0; seed < support::Rounds(300); ++seed) {
    SCOPED_TRACE(seed);
    base::Random random(seed);
    const key::Order order = random.OneIn(4) ? key::Order(&reverse) : key::Order();
    const uint64_t kind = random.Below(4);
    std::vector<std::string> bounds;
    for (uint64_t n = random.Below(400); n > 0; --n) bounds.push_back(RandomKey(random, kind));
    std::sort(bounds.begin(), bounds.end(), [&](const auto& a, const auto& b) { return order.Less(a, b); });
    bounds.erase(std::unique(bounds.begin(), bounds.end()), bounds.end());
    std::vector<TablePtr> tables;
    for (size_t i = 0; i + 1 < bounds.size(); i += 2) {
      const AddedTable added = FakeTable(1, i + 1, bounds[i], bounds[random.OneIn(3) ? i : i + 1]);
      tables.push_back(std::make_shared<const Table>(store, added.number, added.info));
    }
    const tree::Run run(tables, order);
    for (int i = 0; i < 300; ++i) {
      std::string key = !bounds.empty() && random.OneIn(2)
                            ? bounds[random.Below(bounds.size())]
                            : RandomKey(random, random.OneIn(2) ? kind : random.Below(4));
      if (random.OneIn(4)) key.push_back('\0');
      size_t expected = 0;
      while (expected < tables.size() && order.Less(tables[expected]->info().largest, key)) ++expected;
      ASSERT_EQ(run.LowerBound(key), expected);
      const bool inside = expected < tables.size() && !order.Less(key, tables[expected]->info().smallest);
      ASSERT_EQ(run.Find(key), inside ? tables[expected].get() : nullptr);
    }
  }
}

TEST(TableRun, OfNoTablesHoldsNothing) {
  const tree::Run run;
  EXPECT_EQ(run.LowerBound("a"), 0u);
  EXPECT_EQ(run.Find("a"), nullptr);
  EXPECT_TRUE(run.tables().empty());
}

}  // namespace
}  // namespace amethyst::tree
