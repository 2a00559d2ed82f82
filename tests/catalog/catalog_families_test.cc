// Families in the catalog: made, dropped and kept over opens. Covers: read_state
#include <gtest/gtest.h>

#include <algorithm>

#include "catalog/catalog_fixture.h"

namespace amethyst::catalog {
namespace {

class CatalogFamilies : public CatalogTest {
 protected:
  static tree::VersionEdit MakeEdit(uint32_t id, std::string name) {
    tree::VersionEdit edit;
    tree::FamilyDescription& family = edit.families.emplace_back();
    family.id = key::FamilyId{id};
    family.name = std::move(name);
    family.comparator_name = BytewiseComparator()->Name();
    family.order = key::Order();
    return edit;
  }
  tree::VersionEdit FlushOf(Opened& opened, uint32_t id) {
    tree::VersionEdit edit = Flush(opened);
    edit.added.back().family = key::FamilyId{id};
    return edit;
  }
  static tree::VersionEdit DropEdit(uint32_t id) {
    tree::VersionEdit edit;
    edit.dropped_families = {key::FamilyId{id}};
    return edit;
  }
  static const tree::FamilyTree* Find(Opened& opened, uint32_t id) {
    return opened.tree->forest()->Find({.id = key::FamilyId{id}});
  }
  size_t TableFiles() {
    const std::vector<std::string> names = Names();
    return static_cast<size_t>(
        std::ranges::count_if(names, [](const std::string& name) { return name.ends_with(".sst"); }));
  }
};

TEST_F(CatalogFamilies, AreThereWithTheirTablesAfterTheNextOpen) {
  Opened opened = Open();
  ASSERT_TRUE(Apply(opened, MakeEdit(1, "one")));
  ASSERT_TRUE(Apply(opened, MakeEdit(2, "two")));
  ASSERT_TRUE(Apply(opened, FlushOf(opened, 0)));
  ASSERT_TRUE(Apply(opened, FlushOf(opened, 2)));
  ASSERT_TRUE(Apply(opened, FlushOf(opened, 2)));
  for (int opens = 0; opens < 3; ++opens) {  // From edits, then from a snapshot.
    opened = Open();
    ASSERT_EQ(opened.tree->forest()->families().size(), 3u);
    EXPECT_EQ(opened.tree->current()->level0().size(), 1u);
    EXPECT_EQ(Find(opened, 2)->family->name, "two");
    EXPECT_EQ(Find(opened, 2)->version->level0().size(), 2u);
    EXPECT_TRUE(Find(opened, 1)->version->level0().empty());
    EXPECT_TRUE(opened.tree->Orphans().value().empty());
    EXPECT_EQ(opened.tree->forest()->next_family_id(), key::FamilyId{3});
  }
}

TEST_F(CatalogFamilies, WhatIsAddedToADroppedOneIsLeftOutAndItsFilesGo) {
  Opened opened = Open();
  ASSERT_TRUE(Apply(opened, MakeEdit(1, "one")));
  ASSERT_TRUE(Apply(opened, FlushOf(opened, 1)));
  const tree::TablePtr table = Find(opened, 1)->version->level0()[0];
  // A flush of two families, a compaction and a move, which all began before the drop.
  tree::VersionEdit flush = FlushOf(opened, 1);
  flush.added.push_back(Flush(opened).added.back());
  tree::VersionEdit compaction = FlushOf(opened, 1);
  compaction.removed = {{0, table->number(), key::FamilyId{1}}};
  tree::VersionEdit move;
  move.removed = compaction.removed;
  move.added = {{.level = 3, .number = table->number(), .info = table->info(), .family = key::FamilyId{1}}};
  ASSERT_TRUE(Apply(opened, DropEdit(1)));
  EXPECT_TRUE(Apply(opened, flush));
  EXPECT_TRUE(Apply(opened, compaction));
  EXPECT_TRUE(Apply(opened, move));
  EXPECT_TRUE(opened.tree->health());
  EXPECT_EQ(opened.tree->current()->level0().size(), 1u);
  EXPECT_EQ(TableFiles(), 4u);
  ASSERT_TRUE(opened.store->DeleteObsolete());
  EXPECT_EQ(TableFiles(), 2u) << "one is held by a reader";
  EXPECT_EQ(Open().tree->current()->level0().size(), 1u);
}

TEST_F(CatalogFamilies, IdsAreNotUsedAgainAfterTheLastOneIsDropped) {
  {
    Opened opened = Open();
    ASSERT_TRUE(Apply(opened, MakeEdit(1, "one")));
    ASSERT_TRUE(Apply(opened, DropEdit(1)));
  }
  for (int opens = 0; opens < 2; ++opens) {  // Each begins a manifest, with what the one before knew.
    Opened opened = Open();
    ASSERT_TRUE(Apply(opened, FlushOf(opened, 0)));
  }
  Opened opened = Open();
  EXPECT_EQ(opened.tree->forest()->next_family_id(), key::FamilyId{2});
  EXPECT_EQ(Apply(opened, MakeEdit(1, "one")).error().code(), ErrorCode::kCorruption);
  EXPECT_TRUE(Apply(opened, MakeEdit(2, "one")));
}

TEST_F(CatalogFamilies, AMissingTableOfAnyOfThemIsFound) {
  Opened opened = Open();
  ASSERT_TRUE(Apply(opened, MakeEdit(1, "one")));
  ASSERT_TRUE(Apply(opened, FlushOf(opened, 1)));
  Remove(tree::TableFileName(Find(opened, 1)->version->level0()[0]->number()));
  EXPECT_EQ(TryOpen().error().code(), ErrorCode::kCorruption);
}

}  // namespace
}  // namespace amethyst::catalog
