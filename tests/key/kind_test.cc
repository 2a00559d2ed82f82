#include "key/kind.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <iterator>
#include <set>
#include <string_view>

namespace amethyst::key {
namespace {

TEST(Kind, IsAsFilesHaveIt) {
  EXPECT_EQ(static_cast<uint8_t>(EntryKind::kDelete), 0);
  EXPECT_EQ(static_cast<uint8_t>(EntryKind::kPut), 1);
  EXPECT_EQ(static_cast<uint8_t>(EntryKind::kOperand), 2);
  EXPECT_EQ(static_cast<uint8_t>(EntryKind::kExpiringPut), 4);
  EXPECT_EQ(static_cast<uint8_t>(EntryKind::kExpiringOperand), 6);
  for (const int unknown : {3, 5, 7, 8, 255}) EXPECT_FALSE(IsKnownKind(static_cast<uint8_t>(unknown))) << unknown;
}

TEST(Kind, AnswersEachQuestionAsItsRowDoes) {
  for (uint8_t number = 0; number < std::size(kKinds); ++number) {
    const auto kind = static_cast<EntryKind>(number);
    const KindTraits& traits = kKinds[number];
    EXPECT_EQ(IsKnownKind(number), !traits.name.empty());
    EXPECT_EQ(&TraitsOf(kind), &traits);
    EXPECT_EQ(HasValue(kind), traits.has_value) << traits.name;
    EXPECT_EQ(IsLive(kind), traits.is_live) << traits.name;
    EXPECT_EQ(Decides(kind), traits.decides) << traits.name;
    EXPECT_EQ(MayExpire(kind), traits.may_expire) << traits.name;
    EXPECT_EQ(IsPlain(kind), traits.is_live && traits.decides && !traits.may_expire) << traits.name;
  }
  EXPECT_FALSE(IsKnownKind(std::size(kKinds)));
}

TEST(Kind, OfPutHasAValueAndOfDeleteHasNone) {
  EXPECT_TRUE(HasValue(EntryKind::kPut) && IsLive(EntryKind::kPut) && IsPlain(EntryKind::kPut));
  EXPECT_FALSE(HasValue(EntryKind::kDelete) || IsLive(EntryKind::kDelete) || IsPlain(EntryKind::kDelete));
  EXPECT_TRUE(Decides(EntryKind::kPut) && Decides(EntryKind::kDelete)) << "each hides what is older";
}

TEST(Kind, HasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (const KindTraits& traits : kKinds) {
    EXPECT_TRUE(traits.name.empty() || names.insert(traits.name).second) << traits.name;
  }
}

// As constants, whatever the table holds.
TEST(Kind, IsAskedForWithoutALookIntoTheTable) {
  static_assert(IsLive(EntryKind::kPut) && !IsLive(EntryKind::kDelete) && Decides(EntryKind::kDelete));
  const auto none = [](const KindTraits&) { return false; };
  const auto all = [](const KindTraits&) { return true; };
  const auto deletes = [](const KindTraits& traits) { return traits.name == "delete"; };
  static_assert(!internal::IsTrueOf(EntryKind::kPut, none) && internal::IsTrueOf(EntryKind::kPut, all));
  static_assert(internal::IsTrueOf(EntryKind::kDelete, deletes) && !internal::IsTrueOf(EntryKind::kPut, deletes));
}

}  // namespace
}  // namespace amethyst::key
