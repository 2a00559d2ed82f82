#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"
#include "compaction/real_tree.h"

namespace amethyst::compaction {
namespace {

using support::OwnedEntry;
using tree::TablePtr;

class Backwards final : public Comparator {
 public:
  int Compare(std::string_view a, std::string_view b) const override { return key::CompareBytes(b, a); }
  std::string_view Name() const override { return "reverse"; }
};

// Values that do not compress, so that the bytes of a table are those of its entries.
std::vector<OwnedEntry> Entries(base::Random& random, const std::string& prefix, uint64_t first, uint64_t count) {
  std::vector<OwnedEntry> entries;
  for (uint64_t i = 0; i < count; ++i) {
    std::string value(1000, '\0');
    for (char& byte : value) byte = static_cast<char>(random());
    entries.push_back({prefix + std::to_string(1'000'000 + first + i), key::SequenceNumber{i + 1}, key::EntryKind::kPut,
                       std::move(value)});
  }
  return entries;
}

std::vector<TablePtr> TablesOf(const RealTree& tree) {
  std::vector<TablePtr> tables;
  for (key::Level level = 0; level < key::kLevels; ++level) {
    tables.insert(tables.end(), tree.version().tables(level).begin(), tree.version().tables(level).end());
  }
  return tables;
}

// How many entries each of the parts holds.
std::vector<uint64_t> PartSizes(const RealTree& tree, const std::vector<std::string>& boundaries) {
  std::vector<uint64_t> sizes(boundaries.size() + 1);
  for (const OwnedEntry& entry : tree.Entries()) {
    const auto part =
        std::upper_bound(boundaries.begin(), boundaries.end(), entry.key,
                         [&](const std::string& a, const std::string& b) { return tree.order().Less(a, b); });
    ++sizes[static_cast<size_t>(part - boundaries.begin())];
  }
  return sizes;
}

TEST(SplitBoundaries, CutOneTableIntoPartsOfAboutTheSameSize) {
  base::Random random(1);
  RealTree tree;
  tree.Place(1, Entries(random, "user", 0, 12'000));
  const std::vector<std::string> boundaries = SplitBoundaries(TablesOf(tree), tree.order(), 4);
  ASSERT_EQ(boundaries.size(), 3u);
  for (const uint64_t size : PartSizes(tree, boundaries)) EXPECT_NEAR(static_cast<double>(size), 3000, 600);
}

TEST(SplitBoundaries, WeighOverlappingTablesTogether) {
  base::Random random(2);
  RealTree tree;
  tree.Place(0, Entries(random, "user", 0, 6000));
  tree.Place(0, Entries(random, "user", 5000, 1000));
  tree.Place(1, Entries(random, "user", 0, 1000));
  tree.Place(1, Entries(random, "user", 5000, 4000));
  const std::vector<std::string> boundaries = SplitBoundaries(TablesOf(tree), tree.order(), 3);
  ASSERT_EQ(boundaries.size(), 2u);
  for (const uint64_t size : PartSizes(tree, boundaries)) EXPECT_NEAR(static_cast<double>(size), 4000, 800);
}

TEST(SplitBoundaries, UseTheBoundsOfTablesUnderACustomOrder) {
  base::Random random(3);
  const Backwards reverse;
  RealTree tree{key::Order(&reverse)};
  for (uint64_t i = 0; i < 4; ++i) {
    std::vector<OwnedEntry> entries = Entries(random, "user", i * 3000, 3000);
    support::SortEntries(&entries, tree.order());
    tree.Place(1, entries);
  }
  const std::vector<std::string> boundaries = SplitBoundaries(TablesOf(tree), tree.order(), 2);
  ASSERT_EQ(boundaries.size(), 1u);
  for (const uint64_t size : PartSizes(tree, boundaries)) EXPECT_NEAR(static_cast<double>(size), 6000, 10);
}

TEST(SplitBoundaries, MakeNoPartsThatAreNotWorthIt) {
  base::Random random(4);
  RealTree tree;
  tree.Place(1, Entries(random, "user", 0, 1000));
  EXPECT_TRUE(SplitBoundaries(TablesOf(tree), tree.order(), 8).empty());
  EXPECT_TRUE(SplitBoundaries({}, tree.order(), 8).empty());
  tree.Place(2, Entries(random, "user", 0, 4000));
  EXPECT_EQ(SplitBoundaries(TablesOf(tree), tree.order(), 8).size(), 1u);
}

TEST(SplitBoundaries, FindNoneInsideASingleKey) {
  base::Random random(5);
  RealTree tree;
  std::vector<OwnedEntry> versions = Entries(random, "user", 0, 6000);
  for (size_t i = 0; i < versions.size(); ++i) {
    versions[i].key = "user";
    versions[i].sequence = key::SequenceNumber{versions.size() - i};
  }
  tree.Place(1, versions);
  EXPECT_TRUE(SplitBoundaries(TablesOf(tree), tree.order(), 4).empty());
}

}  // namespace
}  // namespace amethyst::compaction
