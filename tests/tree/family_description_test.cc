#include "tree/family_description.h"

#include <gtest/gtest.h>

#include "base/tagged_fields.h"

namespace amethyst::tree {
namespace {

std::string Bytes(const FamilyDescription& family) {
  std::string bytes;
  family.AppendTo(&bytes);
  return bytes;
}

FamilyDescription Users() {
  FamilyDescription family;
  family.id = key::FamilyId{300};
  family.name = "users";
  family.comparator_name = "amethyst.bytewise";
  return family;
}

TEST(FamilyDescription, ComesBackAsItWasWritten) {
  FamilyDescription family = Users();
  EXPECT_EQ(FamilyDescription::FromBytes(Bytes(family)).value(), family);
  family.block_bytes = 8192;
  family.compression = Compression::kZstd;
  family.filter_false_positive_rate = 0.125;
  family.name = std::string(kFamilyNameBytesMax, 'n');
  family.ttl_ms = uint64_t{1} << 62;
  family.merging.operator_name = std::string(kFamilyNameBytesMax, 'm');
  EXPECT_EQ(FamilyDescription::FromBytes(Bytes(family)).value(), family);
}

TEST(FamilyDescription, RefusesWhatNoFamilyHas) {
  const std::string whole = Bytes(Users());
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(FamilyDescription::FromBytes(whole.substr(0, size)).error().code(), ErrorCode::kCorruption) << size;
  }
  std::string of_the_default = whole.substr(1);  // Of the id's two bytes one: 2, and then no name of 5 bytes.
  of_the_default[0] = '\0';
  EXPECT_FALSE(FamilyDescription::FromBytes(of_the_default));
  std::string twice = whole;
  base::AppendField(&twice, 1, base::FieldNeed::kRequired, "another");
  EXPECT_EQ(FamilyDescription::FromBytes(twice).error().code(), ErrorCode::kCorruption);
  for (const auto& [setting, content] : {std::pair(5, std::string()), std::pair(5, std::string(256, 'm')),
                                         std::pair(6, std::string(1, '\0')), std::pair(6, std::string(9, '\xff'))}) {
    std::string bytes = whole;
    base::AppendField(&bytes, static_cast<uint64_t>(setting), base::FieldNeed::kRequired, content);
    EXPECT_EQ(FamilyDescription::FromBytes(bytes).error().code(), ErrorCode::kCorruption) << setting;
  }
}

TEST(FamilyDescription, SkipsUnknownSettingsUnlessTheyAreRequired) {
  std::string bytes = Bytes(Users());
  base::AppendField(&bytes, 77, base::FieldNeed::kIgnorable, "of the future");
  EXPECT_EQ(FamilyDescription::FromBytes(bytes).value(), Users());
  base::AppendField(&bytes, 78, base::FieldNeed::kRequired, "of the future");
  EXPECT_EQ(FamilyDescription::FromBytes(bytes).error().code(), ErrorCode::kNotSupported);
}

}  // namespace
}  // namespace amethyst::tree
