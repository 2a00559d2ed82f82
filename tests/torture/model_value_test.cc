#include "torture/model_value.h"

#include <gtest/gtest.h>

namespace amethyst::torture {
namespace {

std::string Number(char low) { return std::string(1, low) + std::string(7, '\0'); }

std::string ValueAt(const ModelCell& cell, ModelOperator with, uint64_t now_ms = 0) {
  const std::optional<ModelEntry> entry = cell.At(with, now_ms);
  return !entry ? "nothing" : entry->refused ? "refused" : entry->value;
}

TEST(ModelValue, IsGoneFromItsMomentOn) {
  ModelCell cell;
  cell.Put("a", 100);
  EXPECT_EQ(ValueAt(cell, ModelOperator::kNone, 99), "a");
  EXPECT_EQ(ValueAt(cell, ModelOperator::kNone, 100), "nothing");
  EXPECT_EQ(cell.At(ModelOperator::kNone, 99)->expires_ms, 100u);
}

TEST(ModelValue, IsWhatItsOperandsMakeOfIt) {
  ModelCell number, list, least;
  number.Merge(ModelOperator::kInt64Add, Number(2), kModelNeverMs);
  number.Merge(ModelOperator::kInt64Add, Number(3), kModelNeverMs);
  EXPECT_EQ(ValueAt(number, ModelOperator::kInt64Add), Number(5));
  list.Put("a", kModelNeverMs);
  list.Merge(ModelOperator::kAppendComma, "b", kModelNeverMs);
  EXPECT_EQ(ValueAt(list, ModelOperator::kAppendComma), "a,b");
  EXPECT_EQ(list.At(ModelOperator::kAppendComma, 0)->expires_ms, std::nullopt);
  least.Merge(ModelOperator::kMin, "b", kModelNeverMs);
  least.Merge(ModelOperator::kMin, "a", kModelNeverMs);
  EXPECT_EQ(ValueAt(least, ModelOperator::kMin), "a");
}

TEST(ModelValue, LosesEachOperandByItself) {
  ModelCell cell;
  cell.Put("a", 300);
  cell.Merge(ModelOperator::kAppend, "b", 100);
  cell.Merge(ModelOperator::kAppend, "c", kModelNeverMs);
  EXPECT_EQ(ValueAt(cell, ModelOperator::kAppend, 99), "abc");
  EXPECT_EQ(ValueAt(cell, ModelOperator::kAppend, 100), "ac");
  EXPECT_EQ(ValueAt(cell, ModelOperator::kAppend, 300), "c");
}

TEST(ModelValue, IsRefusedUntilWhatIsInTheWayExpiresOrIsReplaced) {
  ModelCell cell;
  cell.Put("no number", 100);
  cell.Merge(ModelOperator::kBitOr, Number(1), kModelNeverMs);
  EXPECT_EQ(ValueAt(cell, ModelOperator::kBitOr, 99), "refused");
  EXPECT_EQ(ValueAt(cell, ModelOperator::kBitOr, 100), Number(1));
  cell.Put("no number", kModelNeverMs);
  cell.Merge(ModelOperator::kBitOr, Number(1), kModelNeverMs);
  cell.Merge(ModelOperator::kBitOr, Number(2), 100);
  EXPECT_EQ(ValueAt(cell, ModelOperator::kBitOr, 100), "refused");
  cell.Put(Number(4), kModelNeverMs);
  EXPECT_EQ(ValueAt(cell, ModelOperator::kBitOr), Number(4));
}

TEST(ModelValue, OfTheTailCanBeDeletedByAnOperand) {
  ModelCell cell;
  for (const char* operand : {"a", "-", "b", "c"}) cell.Merge(ModelOperator::kTail, operand, kModelNeverMs);
  EXPECT_EQ(ValueAt(cell, ModelOperator::kTail), "bc");
  cell.Merge(ModelOperator::kTail, "-", 100);
  EXPECT_EQ(ValueAt(cell, ModelOperator::kTail, 99), "nothing");
  EXPECT_EQ(ValueAt(cell, ModelOperator::kTail, 100), "bc");
}

}  // namespace
}  // namespace amethyst::torture
