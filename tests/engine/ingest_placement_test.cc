#include "engine/ingest_placement.h"

#include <gtest/gtest.h>

#include "io/memory_file_system.h"
#include "simulation/serial_environment.h"
#include "tree/tables.h"

namespace amethyst::engine {
namespace {

using Levels = std::vector<key::Level>;

class IngestPlacement : public testing::Test {
 protected:
  std::shared_ptr<const tree::Table> TableOf(const tree::AddedTable& added) {
    return std::make_shared<const tree::Table>(store_, added.number, added.info);
  }
  // A tree with these tables.
  std::shared_ptr<const tree::Forest> Tree(std::vector<tree::AddedTable> added) {
    tree::VersionEdit edit;
    edit.added = std::move(added);
    return tree::Forest(key::Order())
        .Apply(edit, [this](const tree::AddedTable& table, const key::Order&) { return TableOf(table); })
        .value();
  }
  IngestedTables Ingested(const std::vector<std::pair<std::string, std::string>>& bounds) {
    std::vector<tree::AddedTable> added;
    for (const auto& [smallest, largest] : bounds) {
      added.push_back(tree::FakeTable(0, 100 + added.size(), smallest, largest));
      added.back().table = TableOf(added.back());
    }
    return IngestedTables(std::move(added));
  }

  std::shared_ptr<tree::TableStore> store_ =
      tree::NewStore(std::make_shared<simulation::SerialEnvironment>(std::make_shared<io::MemoryFileSystem>(), 1));
};

constexpr key::Level kLast = key::kLevels - 1;

TEST_F(IngestPlacement, IsTheLowestLevelAboveWhichNothingOverlaps) {
  const auto forest =
      Tree({tree::FakeTable(0, 1, "a", "b"), tree::FakeTable(3, 2, "c", "d"), tree::FakeTable(kLast, 3, "e", "f")});
  EXPECT_EQ(PlaceIngested(Ingested({{"b", "bb"}, {"d", "dd"}, {"f", "g"}, {"x", "y"}}), *forest, {}),
            (Levels{0, 2, kLast - 1, kLast}));
}

TEST_F(IngestPlacement, StaysOutOfWhatCompactionsWrite) {
  const auto forest = Tree({});
  const RunningOutputs running{{key::kDefaultFamily, {{.level = 2, .smallest = "a", .largest = "m"}}}};
  EXPECT_EQ(PlaceIngested(Ingested({{"b", "c"}, {"n", "o"}}), *forest, running), (Levels{1, kLast}));
  const RunningOutputs of_another{{key::FamilyId{1}, {{.level = 2, .smallest = "a", .largest = "m"}}}};
  EXPECT_EQ(PlaceIngested(Ingested({{"b", "c"}}), *forest, of_another), (Levels{kLast}));
}

TEST_F(IngestPlacement, PutsLaterTablesOfOneIngestAboveThoseThatTheyOverlap) {
  EXPECT_EQ(PlaceIngested(Ingested({{"a", "c"}, {"b", "d"}, {"c", "e"}, {"x", "y"}}), *Tree({}), {}),
            (Levels{kLast, kLast - 1, kLast - 2, kLast}));
}

}  // namespace
}  // namespace amethyst::engine
