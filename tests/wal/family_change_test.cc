#include "wal/family_change.h"

#include <gtest/gtest.h>

namespace amethyst::wal {
namespace {

TEST(FamilyChange, ComesBackAsItWasWritten) {
  for (const auto action :
       {FamilyChange::Action::kMade, FamilyChange::Action::kDropped, FamilyChange::Action::kRenamed}) {
    const FamilyChange change{.action = action, .family = key::FamilyId{300}, .name = std::string(255, 'x')};
    std::string bytes;
    change.AppendTo(&bytes);
    EXPECT_EQ(FamilyChange::FromBytes(bytes), change);
    for (size_t length = 0; length < bytes.size(); ++length) {
      EXPECT_FALSE(FamilyChange::FromBytes(std::string_view(bytes).substr(0, length)));
    }
    EXPECT_FALSE(FamilyChange::FromBytes(bytes + "x"));
    bytes[0] = 4;
    EXPECT_FALSE(FamilyChange::FromBytes(bytes));
    bytes[0] = 0;
    EXPECT_FALSE(FamilyChange::FromBytes(bytes));
  }
}

}  // namespace
}  // namespace amethyst::wal
