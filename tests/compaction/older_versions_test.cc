#include "compaction/older_versions.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"
#include "compaction/real_tree.h"
#include "support/rounds.h"

namespace amethyst::compaction {
namespace {

using support::OwnedEntry;

std::vector<OwnedEntry> Range(const std::string& smallest, const std::string& largest) {
  std::vector<OwnedEntry> entries = {{smallest, key::SequenceNumber{1}, key::EntryKind::kPut, ""}};
  if (largest != smallest) entries.push_back({largest, key::SequenceNumber{1}, key::EntryKind::kPut, ""});
  return entries;
}

std::string KeyNumber(uint64_t i) { return std::to_string(1000 + i); }

// The obvious answer: look at every table.
bool CoveredByATable(const tree::Version& version, key::Level from, const std::vector<key::FileNumber>& inputs,
                     const std::string& key) {
  for (key::Level level = from; level < key::kLevels; ++level) {
    for (const tree::TablePtr& table : version.tables(level)) {
      if (std::find(inputs.begin(), inputs.end(), table->number()) != inputs.end()) continue;
      if (table->info().smallest <= key && key <= table->info().largest) return true;
    }
  }
  return false;
}

TEST(OlderVersions, AgreesWithLookingAtEveryTable) {
  for (uint64_t seed = 1; seed <= support::Rounds(60); ++seed) {
    SCOPED_TRACE(seed);
    base::Random random(seed);
    RealTree tree;
    std::vector<key::FileNumber> inputs;
    for (uint64_t i = random.Below(4); i > 0; --i) {
      const uint64_t first = random.Below(150);
      tree.Place(0, Range(KeyNumber(first), KeyNumber(first + random.Below(40))));
    }
    for (key::Level level = 1; level < key::kLevels; ++level) {
      for (uint64_t first = random.Below(60); first < 200; first += 1 + random.Below(80)) {
        const uint64_t last = first + random.Below(30);
        const key::FileNumber number = tree.Place(level, Range(KeyNumber(first), KeyNumber(last)));
        if (random.OneIn(3)) inputs.push_back(number);
        first = last;
      }
    }
    const key::Level from = static_cast<key::Level>(random.Below(key::kLevels));
    const MergeSettings settings = tree.Settings(from, from, {});
    OlderVersions older(settings.version, from, inputs);
    std::string last_asked;
    for (uint64_t i = 0; i < 260; i += random.Below(3)) {  // Sometimes the same key again.
      const bool covered = CoveredByATable(tree.version(), from, inputs, KeyNumber(i));
      if (!last_asked.empty() && older.HoldsFor(KeyNumber(i))) {
        ASSERT_EQ(covered, CoveredByATable(tree.version(), from, inputs, last_asked)) << KeyNumber(i);
      }
      ASSERT_EQ(older.NothingBelow(KeyNumber(i)), !covered) << KeyNumber(i);
      ASSERT_TRUE(older.HoldsFor(KeyNumber(i)));
      last_asked = KeyNumber(i);
    }
  }
}

TEST(OlderVersions, HoldsForeverInAnEmptyTree) {
  RealTree tree;
  OlderVersions older(tree.Settings(0, 0, {}).version, 0, {});
  EXPECT_FALSE(older.HoldsFor("a"));  // Nothing has been asked yet.
  EXPECT_TRUE(older.NothingBelow("a"));
  EXPECT_TRUE(older.HoldsFor("z"));
}

}  // namespace
}  // namespace amethyst::compaction
