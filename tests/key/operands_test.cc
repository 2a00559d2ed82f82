#include "key/operands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace amethyst::key {
namespace {

using testing::HasSubstr;

Operands NewestFirst(std::initializer_list<std::string_view> operands) {
  Operands collected;
  for (const std::string_view operand : operands) collected.AddOlder(operand);
  return collected;
}

TEST(Operands, AreMergedOldestFirst) {
  Operands operands = NewestFirst({"3", "2", "1"});
  const Merging merging{.merge_operator = Append("-")};
  EXPECT_EQ(operands.Merge(merging, "key", "0").value(), "0-1-2-3");
  EXPECT_EQ(operands.Merge(merging, "key", std::nullopt).value(), "1-2-3");
  std::string combined;
  EXPECT_TRUE(operands.TryCombine(*merging.merge_operator, "key", &combined));
  EXPECT_EQ(combined, "1-2-3");
  operands.AddOlder("0.5");
  EXPECT_EQ(operands.Merge(merging, "key", "0").value(), "0-0.5-1-2-3");
  operands.Clear();
  EXPECT_TRUE(operands.empty());
  operands.AddOlder("2");
  operands.AddOlder("1");
  EXPECT_EQ(operands.Merge(merging, "key", std::nullopt).value(), "1-2");
}

TEST(Operands, OfAnOperatorThatWasNotGivenNameIt) {
  Operands operands = NewestFirst({"1"});
  const auto value = operands.Merge({.family = "users", .operator_name = "mine"}, "the key", std::nullopt);
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().code(), ErrorCode::kNotSupported);
  for (const char* name : {"users", "mine", "the key"}) EXPECT_THAT(value.error().message(), HasSubstr(name));
}

TEST(Operands, ThatAreRefusedAreAnErrorOfTheirKey) {
  Operands operands = NewestFirst({"12345678", "short"});
  const auto value = operands.Merge({.family = "users", .merge_operator = Int64Add()}, "the key", std::nullopt);
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().code(), ErrorCode::kInvalidArgument);
  for (const char* name : {"users", "int64.add", "the key", "2 operands"}) {
    EXPECT_THAT(value.error().message(), HasSubstr(name));
  }
}

}  // namespace
}  // namespace amethyst::key
