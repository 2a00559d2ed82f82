#include "compaction/operand_fold.h"

#include <gtest/gtest.h>

#include "key/expiry.h"

namespace amethyst::compaction {
namespace {

key::Tag Operand(uint64_t sequence) { return {key::SequenceNumber{sequence}, key::EntryKind::kOperand}; }

TEST(OperandFold, KeepsCopiesUntilItIsCleared) {
  const auto append = Append("-");
  OperandFold fold(append.get());
  for (uint64_t sequence = 9; sequence > 6; --sequence) {
    std::string gone = std::to_string(sequence);
    fold.AddOlder(Operand(sequence), gone);
    gone = "overwritten";
  }
  EXPECT_EQ(fold.newest(), Operand(9));
  std::optional<std::string> value;
  EXPECT_TRUE(fold.Merge("key", "base", &value));
  EXPECT_EQ(value, "base-7-8-9");
  std::string operand;
  EXPECT_TRUE(fold.Combine("key", &operand));
  EXPECT_EQ(operand, "7-8-9");
  fold.Clear();
  EXPECT_TRUE(fold.empty());
}

TEST(OperandFold, LeavesOneOperandAsItIs) {
  const auto append = Append();
  OperandFold fold(append.get());
  fold.AddOlder(Operand(1), "1");
  std::string operand;
  EXPECT_FALSE(fold.Combine("key", &operand));
}

TEST(OperandFold, FoldsNothingThatMayExpireAndNothingWithoutAnOperator) {
  const auto append = Append();
  std::string stored;
  key::AppendExpiring(&stored, 1000, "2");
  for (const bool has_operator : {false, true}) {
    OperandFold fold(has_operator ? append.get() : nullptr);
    fold.AddOlder(Operand(2), "1");
    fold.AddOlder({key::SequenceNumber{1}, has_operator ? key::EntryKind::kExpiringOperand : key::EntryKind::kOperand},
                  stored);
    std::optional<std::string> value;
    std::string operand;
    EXPECT_FALSE(fold.Merge("key", "base", &value) || fold.Combine("key", &operand));
    EXPECT_EQ(fold.entries().size(), 2u);
  }
}

}  // namespace
}  // namespace amethyst::compaction
