#include "key/merge_operators.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/coding.h"

namespace amethyst::key {
namespace {

using Value = std::optional<std::string>;

std::string Number(uint64_t number) {
  std::string bytes;
  base::AppendFixed(&bytes, number);
  return bytes;
}

Value Merged(const MergeOperator& merge_operator, std::optional<std::string_view> base,
             const std::vector<std::string>& operands) {
  const std::vector<std::string_view> views(operands.begin(), operands.end());
  Value result;
  EXPECT_TRUE(merge_operator.Merge("key", base, views, &result));
  return result;
}

std::vector<std::shared_ptr<const MergeOperator>> BuiltIn() {
  return {Int64Add(), Uint64Add(), BitOr(), Max(), Min(), Append(), Append(", ")};
}

TEST(MergeOperators, AddIntegersAndWrapAround) {
  EXPECT_EQ(Merged(*Uint64Add(), Number(40), {Number(1), Number(1)}), Number(42));
  EXPECT_EQ(Merged(*Uint64Add(), std::nullopt, {Number(7)}), Number(7)) << "no value counts as 0";
  EXPECT_EQ(Merged(*Uint64Add(), Number(UINT64_MAX), {Number(2)}), Number(1));
  EXPECT_EQ(Merged(*Int64Add(), Number(5), {Number(static_cast<uint64_t>(int64_t{-7}))}),
            Number(static_cast<uint64_t>(int64_t{-2})));
}

TEST(MergeOperators, SetBits) { EXPECT_EQ(Merged(*BitOr(), Number(1), {Number(4), Number(5)}), Number(5)); }

TEST(MergeOperators, KeepTheGreatestAndTheLeast) {
  EXPECT_EQ(Merged(*Max(), "b", {"a", "c", "\xff", "c"}), "\xff") << "bytes are not signed";
  EXPECT_EQ(Merged(*Min(), "b", {"ab", "a", "c"}), "a");
  EXPECT_EQ(Merged(*Max(), std::nullopt, {"", ""}), "");
}

TEST(MergeOperators, AppendWithASeparatorBetween) {
  EXPECT_EQ(Merged(*Append(), "a", {"b", "c"}), "abc");
  EXPECT_EQ(Merged(*Append(", "), "a", {"b", "", "c"}), "a, b, , c");
  EXPECT_EQ(Merged(*Append(", "), std::nullopt, {"a", "b"}), "a, b");
  EXPECT_EQ(Merged(*Append(", "), "", {"a"}), ", a") << "an empty value is a value";
}

// Merge(base, a b) is Merge(Merge(base, a), b), and Merge(base, Combine(a, b)).
TEST(MergeOperators, ComeToTheSameInOneCallAndInMany) {
  for (const auto& built_in : BuiltIn()) {
    for (const Value& base : {Value(), Value(Number(3))}) {
      const std::vector<std::string> operands = {Number(9), Number(2), Number(UINT64_MAX), Number(1)};
      const Value expected = Merged(*built_in, base, operands);
      Value stepwise = base;
      for (const std::string& operand : operands) stepwise = Merged(*built_in, stepwise, {operand});
      EXPECT_EQ(stepwise, expected) << built_in->Name();
      const std::vector<std::string_view> first = {operands[0], operands[1], operands[2]};
      std::string combined;
      ASSERT_TRUE(built_in->Combine("key", first, &combined));
      EXPECT_EQ(Merged(*built_in, base, {combined, operands[3]}), expected) << built_in->Name();
    }
  }
}

TEST(MergeOperators, RefuseWhatIsNoNumber) {
  for (const auto& built_in : {Int64Add(), Uint64Add(), BitOr()}) {
    Value result;
    const std::string one = Number(1);
    const std::vector<std::string_view> good = {one};
    const std::vector<std::string_view> bad = {one, "seven.."};
    EXPECT_FALSE(built_in->Merge("key", "text", good, &result));
    EXPECT_FALSE(built_in->Merge("key", one, bad, &result));
    const Status checked = CheckOperand(*built_in, "seven..");
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code(), ErrorCode::kInvalidArgument);
    EXPECT_NE(checked.error().message().find(built_in->Name()), std::string::npos) << checked.error().message();
    EXPECT_TRUE(CheckOperand(*built_in, one));
  }
  EXPECT_TRUE(CheckOperand(*Max(), "any") && CheckOperand(*Append(), ""));
}

TEST(MergeOperators, AreFoundByTheirNames) {
  for (const auto& built_in : BuiltIn()) {
    const auto found = BuiltInMergeOperator(built_in->Name());
    ASSERT_NE(found, nullptr) << built_in->Name();
    EXPECT_EQ(found->Name(), built_in->Name());
  }
  EXPECT_EQ(Merged(*BuiltInMergeOperator("append:-"), "a", {"b"}), "a-b");
  for (const std::string_view name : {"", "int64", "append:", "add", "MAX"}) {
    EXPECT_EQ(BuiltInMergeOperator(name), nullptr) << name;
  }
}

}  // namespace
}  // namespace amethyst::key
