// Merge operators as a caller meets them: each row of what a merge means, by name.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "base/coding.h"
#include "io/memory_file_system.h"
#include "key/operands.h"
#include "simulation/serial_environment.h"
#include "support/database.h"

namespace amethyst {
namespace {

using support::CodeOf;
using support::OpenOrFail;
using support::Text;
using testing::HasSubstr;
using Value = std::optional<std::string>;

std::string Number(int64_t number) {
  std::string bytes;
  base::AppendFixed(&bytes, static_cast<uint64_t>(number));
  return bytes;
}

// Puts base and operands between brackets, so that the order and the number of calls do not matter, but what they are
// given does. Refuses an operand "no", makes nothing of "none", and of "large" more than a table can hold.
class Bracket final : public MergeOperator {
 public:
  [[nodiscard]] std::string_view Name() const override { return "bracket"; }
  [[nodiscard]] bool Merge(std::string_view /*key*/, std::optional<std::string_view> base,
                           std::span<const std::string_view> operands,
                           std::optional<std::string>* result) const noexcept override {
    std::string value(base.value_or("nothing"));
    for (const std::string_view operand : operands) {
      if (operand == "no") return false;
      value += "(" + std::string(operand) + ")";
    }
    if (operands.back() == "large") {  // Memory that nobody touches.
      value.resize_and_overwrite(key::kMergedBytesMax + 1, [](char*, size_t bytes) { return bytes; });
    }
    if (operands.back() != "none") *result = std::move(value);
    return true;
  }
};

class Merge : public testing::Test {
 protected:
  void Open(std::shared_ptr<const MergeOperator> merge_operator) {
    Options options = support::SmallOptions();
    options.families["default"].merge_operator = std::move(merge_operator);
    db_ = OpenOrFail("/db", options, Over());
  }
  [[nodiscard]] amethyst::Components Over() {
    return {.environment = std::shared_ptr<io::Environment>(std::shared_ptr<void>(), &environment_),
            .memory_budget = nullptr,
            .logger = nullptr};
  }
  void Reopen(std::shared_ptr<const MergeOperator> merge_operator) {
    ASSERT_EQ(Text(db_->Close()), "");
    db_.reset();
    Open(std::move(merge_operator));
  }
  void Settle() {
    ASSERT_TRUE(db_->Flush());
    ASSERT_TRUE(db_->CompactRange());
  }
  [[nodiscard]] Value Get(std::string_view key, const ReadOptions& options = {}) {
    const auto value = db_->Get(key, options);
    EXPECT_TRUE(value) << value.error().ToString();
    return value ? *value : std::nullopt;
  }

  simulation::SerialEnvironment environment_{std::make_shared<io::MemoryFileSystem>(), 1};
  std::unique_ptr<DB> db_;
};

TEST_F(Merge, PutsOperandsOnTheBaseFromOldestToNewest) {
  Open(std::make_shared<Bracket>());
  ASSERT_TRUE(db_->Put("a", "base"));
  for (const std::string operand : {"1", "2", "3"}) ASSERT_TRUE(db_->Merge("a", operand));
  EXPECT_EQ(Get("a"), "base(1)(2)(3)");
  Settle();
  EXPECT_EQ(Get("a"), "base(1)(2)(3)");
}

TEST_F(Merge, GivesTheSameInBothDirections) {
  Open(std::make_shared<Bracket>());
  for (const std::string key : {"a", "b", "c"}) {
    ASSERT_TRUE(db_->Put(key, "base"));
    ASSERT_TRUE(db_->Merge(key, "1"));
    ASSERT_TRUE(db_->Flush());
    ASSERT_TRUE(db_->Merge(key, "2"));
  }
  Iterator it = db_->NewIterator();
  it.Seek("b");
  ASSERT_TRUE(it.Valid());
  EXPECT_EQ(it.value(), "base(1)(2)");
  it.Prev();
  ASSERT_TRUE(it.Valid() && it.key() == "a");
  EXPECT_EQ(it.value(), "base(1)(2)");
  it.Next();
  ASSERT_TRUE(it.Valid() && it.key() == "b");
  it.Next();
  ASSERT_TRUE(it.Valid() && it.key() == "c");
  EXPECT_EQ(it.value(), "base(1)(2)");
  it.SeekForPrev("bz");
  ASSERT_TRUE(it.Valid() && it.key() == "b");
  EXPECT_EQ(it.value(), "base(1)(2)");
}

TEST_F(Merge, HasNoBaseWhereTheKeyIsMissingOrDeleted) {
  Open(std::make_shared<Bracket>());
  ASSERT_TRUE(db_->Merge("missing", "1"));
  ASSERT_TRUE(db_->Put("deleted", "base"));
  ASSERT_TRUE(db_->Merge("deleted", "0"));
  ASSERT_TRUE(db_->Delete("deleted"));
  ASSERT_TRUE(db_->Merge("deleted", "1"));
  EXPECT_EQ(Get("missing"), "nothing(1)");
  EXPECT_EQ(Get("deleted"), "nothing(1)");
  Settle();
  EXPECT_EQ(Get("missing"), "nothing(1)");
  EXPECT_EQ(Get("deleted"), "nothing(1)");
}

TEST_F(Merge, ThatIsRefusedHurtsTheReadOfThatKeyOnly) {
  Open(std::make_shared<Bracket>());
  ASSERT_TRUE(db_->Put("a", "1"));
  ASSERT_TRUE(db_->Put("b", "base"));
  ASSERT_TRUE(db_->Merge("b", "no"));
  ASSERT_TRUE(db_->Put("c", "3"));
  for (const bool settled : {false, true}) {
    if (settled) Settle();
    const auto refused = db_->Get("b");
    ASSERT_EQ(CodeOf(refused), ErrorCode::kInvalidArgument);
    EXPECT_THAT(refused.error().message(), HasSubstr("default"));
    EXPECT_THAT(refused.error().message(), HasSubstr("bracket"));
    EXPECT_THAT(refused.error().message(), HasSubstr("key b"));
    EXPECT_EQ(Get("a"), "1");
    Iterator it = db_->NewIterator();
    it.SeekToFirst();
    ASSERT_TRUE(it.Valid());
    it.Next();
    EXPECT_FALSE(it.Valid()) << "it never skips";
    EXPECT_EQ(CodeOf(it.status()), ErrorCode::kInvalidArgument);
    it.Seek("bb");
    ASSERT_TRUE(it.Valid()) << "a seek past it works";
    EXPECT_EQ(it.value(), "3");
    it.Prev();
    EXPECT_FALSE(it.Valid());
    EXPECT_EQ(CodeOf(it.status()), ErrorCode::kInvalidArgument);
  }
  ASSERT_TRUE(db_->Put("b", "new"));
  EXPECT_EQ(Get("b"), "new");
}

TEST_F(Merge, ThatComesToTooMuchIsAnErrorOfThatReadAndItsOperandsStay) {
  Open(std::make_shared<Bracket>());
  ASSERT_TRUE(db_->Put("a", "1"));
  ASSERT_TRUE(db_->Put("b", "base"));
  ASSERT_TRUE(db_->Merge("b", "large"));
  for (const bool settled : {false, true}) {
    if (settled) Settle();
    const auto refused = db_->Get("b");
    ASSERT_EQ(CodeOf(refused), ErrorCode::kInvalidArgument);
    EXPECT_THAT(refused.error().message(), HasSubstr("key b"));
    EXPECT_EQ(Get("a"), "1");
  }
  ASSERT_TRUE(db_->Merge("b", "2"));
  EXPECT_EQ(Get("b"), "base(large)(2)");
}

TEST_F(Merge, ThatMakesNothingIsADelete) {
  Open(std::make_shared<Bracket>());
  ASSERT_TRUE(db_->Put("a", "base"));
  Settle();
  ASSERT_TRUE(db_->Put("a", "newer"));
  ASSERT_TRUE(db_->Merge("a", "none"));
  EXPECT_EQ(Get("a"), std::nullopt);
  ASSERT_TRUE(db_->Flush());
  EXPECT_EQ(Get("a"), std::nullopt) << "what is below must not come back";
  Settle();
  EXPECT_EQ(Get("a"), std::nullopt);
  EXPECT_EQ(support::ContentOf(*db_).size(), 0u);
}

TEST_F(Merge, WithoutAnOperatorIsRefusedBeforeTheLog) {
  Open(nullptr);
  const uint64_t before = db_->GetSnapshot().sequence();
  EXPECT_EQ(CodeOf(db_->Merge("a", "1")), ErrorCode::kInvalidArgument);
  WriteBatch batch;
  batch.Put("b", "2");
  batch.Merge("a", "1");
  EXPECT_EQ(CodeOf(db_->Write(batch)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(db_->GetSnapshot().sequence(), before);
  EXPECT_EQ(Get("b"), std::nullopt);
}

TEST_F(Merge, OfABuiltInOperatorChecksTheOperand) {
  Open(Int64Add());
  const Status refused = db_->Merge("a", "1");
  ASSERT_EQ(CodeOf(refused), ErrorCode::kInvalidArgument);
  EXPECT_THAT(refused.error().message(), HasSubstr("int64.add"));
  WriteBatch batch;
  batch.Merge("a", Number(1));
  batch.Merge("a", "seven..");
  EXPECT_EQ(CodeOf(db_->Write(batch)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(Get("a"), std::nullopt);
}

TEST_F(Merge, KeepsTheOperatorsName) {
  Open(std::make_shared<Bracket>());
  ASSERT_TRUE(db_->Put("a", "base"));
  Settle();
  ASSERT_TRUE(db_->Merge("a", "1"));
  ASSERT_TRUE(db_->Merge("a", "no"));
  ASSERT_TRUE(db_->Put("b", "2"));
  ASSERT_EQ(Text(db_->Close()), "");
  db_.reset();
  Options options = support::SmallOptions();
  options.families["default"].merge_operator = Max();
  const auto refused = DB::Open("/db", options, Over());
  ASSERT_EQ(CodeOf(refused), ErrorCode::kInvalidArgument);
  EXPECT_THAT(refused.error().message(), HasSubstr("bracket"));
  EXPECT_THAT(refused.error().message(), HasSubstr("max"));

  Open(nullptr);
  EXPECT_EQ(Get("b"), "2") << "what needs no operator is read without it";
  const auto unknown = db_->Get("a");
  ASSERT_EQ(CodeOf(unknown), ErrorCode::kNotSupported);
  EXPECT_THAT(unknown.error().message(), HasSubstr("bracket"));
  EXPECT_EQ(CodeOf(db_->Merge("a", "2")), ErrorCode::kInvalidArgument);
  Settle();  // Carries operands over.
  EXPECT_EQ(CodeOf(db_->Get("a")), ErrorCode::kNotSupported);
  Reopen(std::make_shared<Bracket>());
  const auto refused_again = db_->Get("a");
  ASSERT_EQ(CodeOf(refused_again), ErrorCode::kInvalidArgument) << "all operands are there";
  EXPECT_THAT(refused_again.error().message(), HasSubstr("2 operands"));
}

TEST_F(Merge, OfABuiltInOperatorNeedNotBeGivenAgain) {
  Open(Int64Add());
  ASSERT_TRUE(db_->Merge("a", Number(2)));
  Reopen(nullptr);
  ASSERT_TRUE(db_->Merge("a", Number(3)));
  EXPECT_EQ(Get("a"), Number(5));
}

TEST_F(Merge, LeavesADatabaseThatNeverMergesWithoutItsName) {
  Open(Int64Add());
  ASSERT_TRUE(db_->Put("a", "1"));
  Reopen(std::make_shared<Bracket>());
  EXPECT_EQ(Get("a"), "1");
}

// Operands are combined only between two snapshots: each goes on to see its own sum.
TEST_F(Merge, ShowsEverySnapshotItsOwn) {
  Open(Int64Add());
  std::vector<Snapshot> snapshots;
  for (int i = 0; i < 6; ++i) {
    ASSERT_TRUE(db_->Merge("a", Number(1)));
    ASSERT_TRUE(db_->Merge("a", Number(1)));
    snapshots.push_back(db_->GetSnapshot());
  }
  for (const bool settled : {false, true}) {
    if (settled) Settle();
    for (size_t i = 0; i < snapshots.size(); ++i) {
      EXPECT_EQ(Get("a", {.snapshot = &snapshots[i]}), Number(static_cast<int64_t>(2 * i + 2)));
    }
  }
  snapshots.clear();
  Settle();
  EXPECT_EQ(Get("a"), Number(12));
}

TEST_F(Merge, InABatchComesInOrder) {
  Open(std::make_shared<Bracket>());
  WriteBatch batch;
  batch.Merge("a", "lost");
  batch.Put("a", "base");
  batch.Merge("a", "1");
  batch.Merge("a", "2");
  ASSERT_TRUE(db_->Write(batch));
  EXPECT_EQ(Get("a"), "base(1)(2)");
}

TEST_F(Merge, OfManyOperandsIsOneValueOnceItIsSettled) {
  Open(Int64Add());
  for (int i = 0; i < 10'000; ++i) ASSERT_TRUE(db_->Merge("a", Number(i % 3)));
  EXPECT_EQ(Get("a"), Number(9999));
  Settle();
  EXPECT_EQ(Get("a"), Number(9999));
  uint64_t entries = 0;
  for (const auto& level : db_->GetStats().levels) entries += level.entries;
  EXPECT_EQ(entries, 1u);
}

TEST_F(Merge, SurvivesAReplayOfTheLog) {
  Open(Append("-"));
  ASSERT_TRUE(db_->Put("a", "base"));
  ASSERT_TRUE(db_->Merge("a", "1", {.durability = Durability::kSync}));
  Reopen(nullptr);
  EXPECT_EQ(Get("a"), "base-1");
}

TEST_F(Merge, IsReadByGetPinnedAndMultiGet) {
  Open(Int64Add());
  ASSERT_TRUE(db_->Merge("a", Number(1)));
  ASSERT_TRUE(db_->Merge("a", Number(2)));
  const auto pinned = db_->GetPinned("a");
  ASSERT_TRUE(pinned && *pinned);
  EXPECT_EQ((*pinned)->view(), Number(3));
  const std::vector<std::string_view> keys = {"a", "b"};
  const auto group = db_->MultiGet(keys);
  EXPECT_EQ(group[0].value(), Number(3));
  EXPECT_EQ(group[1].value(), std::nullopt);
}

}  // namespace
}  // namespace amethyst
