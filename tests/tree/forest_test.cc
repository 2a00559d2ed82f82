#include "tree/forest.h"

#include <gtest/gtest.h>

#include <iterator>
#include <map>

#include "amethyst/amethyst.h"
#include "base/random.h"
#include "tree/tables.h"

namespace amethyst::tree {
namespace {

class ForestTest : public testing::Test {
 protected:
  static FamilyDescription Description(uint32_t id, std::string name) {
    FamilyDescription family;
    family.id = key::FamilyId{id};
    family.name = std::move(name);
    family.comparator_name = "amethyst.bytewise";
    family.order = key::Order();
    return family;
  }
  static AddedTable TableOf(uint32_t family, uint64_t number, key::Level level = 0) {
    AddedTable table = FakeTable(level, number, "a", "z");
    table.family = key::FamilyId{family};
    return table;
  }
  void Make(uint32_t id, std::string name) {
    VersionEdit edit;
    edit.families = {Description(id, std::move(name))};
    Apply(edit);
  }
  void Apply(const VersionEdit& edit) {
    auto next = forest_->Apply(edit, MakerFor(store_));
    ASSERT_TRUE(next) << next.error().ToString();
    forest_ = *next;
  }
  void ExpectRefused(const VersionEdit& edit) {
    const auto next = forest_->Apply(edit, MakerFor(store_));
    ASSERT_FALSE(next);
    EXPECT_EQ(next.error().code(), ErrorCode::kCorruption);
  }
  [[nodiscard]] size_t Tables(uint32_t family, key::Level level = 0) const {
    return forest_->Find({.id = key::FamilyId{family}})->version->tables(level).size();
  }

  std::shared_ptr<TableStore> store_ = NewStore(NewInMemoryEnvironment());
  std::shared_ptr<const Forest> forest_ = std::make_shared<const Forest>(key::Order());
};

TEST_F(ForestTest, BeginsWithTheDefaultFamilyAlone) {
  ASSERT_EQ(forest_->families().size(), 1u);
  EXPECT_EQ(forest_->default_family().family->name, kDefaultFamilyName);
  EXPECT_EQ(forest_->Find({}), &forest_->default_family());
  EXPECT_EQ(forest_->Find({.id = key::FamilyId{1}}), nullptr);
  EXPECT_EQ(forest_->next_family_id(), key::FamilyId{1});
}

TEST_F(ForestTest, FindsAFamilyByItsIdWhateverTheHint) {
  for (uint32_t id = 1; id <= 5; ++id) Make(id, "family" + std::to_string(id));
  const FamilyKey third = forest_->KeyOf(*forest_->FindByName("family3"));
  EXPECT_EQ(third.id, key::FamilyId{3});
  for (uint32_t hint = 0; hint < 9; ++hint) {
    const FamilyTree* const found = forest_->Find({.id = third.id, .place_hint = hint});
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->family->name, "family3");
  }
}

TEST_F(ForestTest, ADroppedFamilyIsNotFoundThoughAnotherHasItsPlaceOrItsName) {
  Make(1, "one");
  const FamilyKey one = forest_->KeyOf(*forest_->FindByName("one"));
  VersionEdit drop;
  drop.dropped_families = {one.id};
  Apply(drop);
  EXPECT_EQ(forest_->Find(one), nullptr);
  Make(2, "one");
  EXPECT_EQ(forest_->Find(one), nullptr);
  EXPECT_EQ(forest_->KeyOf(*forest_->FindByName("one")).place_hint, one.place_hint);
  ExpectRefused(drop);
}

TEST_F(ForestTest, NeverUsesAnIdTwice) {
  Make(3, "three");
  EXPECT_EQ(forest_->next_family_id(), key::FamilyId{4});
  VersionEdit drop;
  drop.dropped_families = {key::FamilyId{3}};
  Apply(drop);
  EXPECT_EQ(forest_->next_family_id(), key::FamilyId{4});
  VersionEdit again;
  again.families = {Description(3, "again")};
  ExpectRefused(again);
  VersionEdit far;
  far.next_family_id = key::FamilyId{10};
  Apply(far);
  again.families = {Description(9, "again")};
  ExpectRefused(again);
}

TEST_F(ForestTest, KeepsEachFamilysTables) {
  Make(1, "one");
  VersionEdit edit;
  edit.added = {TableOf(0, 10), TableOf(1, 11), TableOf(1, 12)};
  Apply(edit);
  EXPECT_EQ(Tables(0), 1u);
  EXPECT_EQ(Tables(1), 2u);
  VersionEdit move;
  move.removed = {{0, key::FileNumber{11}, key::FamilyId{1}}, {0, key::FileNumber{12}, key::FamilyId{1}}};
  move.added = {TableOf(1, 12, 6)};
  Apply(move);
  EXPECT_EQ(Tables(0), 1u);
  EXPECT_EQ(Tables(1), 0u);
  EXPECT_EQ(Tables(1, 6), 1u);
}

TEST_F(ForestTest, RefusesEditsThatDoNotFit) {
  Make(1, "one");
  VersionEdit edit;
  edit.added = {TableOf(1, 11)};
  Apply(edit);
  VersionEdit anothers;
  anothers.removed = {{0, key::FileNumber{11}}};
  ExpectRefused(anothers);
  VersionEdit taken;
  taken.added = {TableOf(0, 11)};
  ExpectRefused(taken);
  VersionEdit twice;
  twice.added = {TableOf(0, 12), TableOf(1, 12)};
  ExpectRefused(twice);
  VersionEdit nobodys;
  nobodys.added = {TableOf(2, 12)};
  ExpectRefused(nobodys);
  VersionEdit same_name;
  same_name.families = {Description(2, "one")};
  ExpectRefused(same_name);
  VersionEdit drop_default;
  drop_default.dropped_families = {key::kDefaultFamily};
  ExpectRefused(drop_default);
}

TEST_F(ForestTest, ARenamedFamilyKeepsItsTables) {
  Make(1, "one");
  VersionEdit edit;
  edit.added = {TableOf(1, 11)};
  Apply(edit);
  VersionEdit rename;
  rename.families = {Description(1, "uno")};
  Apply(rename);
  EXPECT_EQ(forest_->FindByName("one"), nullptr);
  EXPECT_EQ(forest_->FindByName("uno")->version->level0().size(), 1u);
}

// However names and ids stand to each other, and whatever has come and gone.
TEST_F(ForestTest, FindsFamiliesByTheirNamesThroughRenamesAndDrops) {
  std::map<std::string, uint32_t> expected{{std::string(kDefaultFamilyName), 0}};
  base::Random random(7);
  uint32_t next_id = 1;
  for (int step = 0; step < 400; ++step) {
    std::string name = "f" + std::to_string(random.Below(200));
    if (expected.contains(name)) continue;
    const auto some = std::next(expected.begin(), static_cast<std::ptrdiff_t>(random.Below(expected.size())));
    VersionEdit edit;
    if (random.OneIn(2) || some->second == 0) {
      expected.emplace(name, next_id);
      edit.families = {Description(next_id++, std::move(name))};
    } else if (random.OneIn(2)) {
      edit.families = {Description(some->second, name)};
      expected.emplace(std::move(name), some->second);
      expected.erase(some);
    } else {
      edit.dropped_families = {key::FamilyId{some->second}};
      expected.erase(some);
    }
    Apply(edit);
    for (const auto& [known, id] : expected) ASSERT_EQ(forest_->FindByName(known)->family->id, key::FamilyId{id});
    ASSERT_EQ(forest_->FindByName("nobody"), nullptr);
    ASSERT_EQ(forest_->families().size(), expected.size());
  }
}

TEST_F(ForestTest, AFamilyOfAnUnknownOrderIsPassedOverUntilItIsDropped) {
  VersionEdit make;
  make.families = {Description(1, "one")};
  make.families[0].order.reset();
  Apply(make);
  VersionEdit edit;
  edit.added = {TableOf(1, 11)};
  Apply(edit);
  EXPECT_EQ(forest_->FindByName("one")->version, nullptr);
  VersionEdit drop;
  drop.dropped_families = {key::FamilyId{1}};
  Apply(drop);
  EXPECT_EQ(forest_->families().size(), 1u);
}

}  // namespace
}  // namespace amethyst::tree
