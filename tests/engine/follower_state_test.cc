// What a follower takes over with the writer's manifest: the families' operators, whatever they are called by now, and
// the time that reads have seen. Covers: follower, read_clock, manifest_tail
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "amethyst/amethyst.h"
#include "io/memory_file_system.h"
#include "simulation/serial_environment.h"
#include "support/database.h"

namespace amethyst {
namespace {

using support::Text;

// No build knows it by its name.
class Concatenate final : public MergeOperator {
 public:
  [[nodiscard]] std::string_view Name() const override { return "test.concatenate"; }
  [[nodiscard]] bool Merge(std::string_view /*key*/, std::optional<std::string_view> base,
                           std::span<const std::string_view> operands,
                           std::optional<std::string>* result) const noexcept override {
    result->emplace(base.value_or(""));
    for (const std::string_view operand : operands) (*result)->append(operand);
    return true;
  }
};

class FollowerState : public testing::Test {
 protected:
  void SetUp() override { OpenWriter(support::SmallOptions()); }
  // In a process of its own, whose clock shows what it showed at first.
  void OpenWriter(const Options& options) {
    if (db_ != nullptr) ASSERT_EQ(Text(db_->Close()), "");
    db_.reset();
    writer_environment_ = std::make_unique<simulation::SerialEnvironment>(files_, 1);
    db_ = support::OpenOrFail("/db", options, support::Over(*writer_environment_));
  }
  std::unique_ptr<DB> Follow(const std::string& family, std::shared_ptr<const MergeOperator> merge_operator) {
    FollowerOptions options{.options = support::SmallOptions(), .refresh_interval_ms = 0};
    options.options.families[family].merge_operator = std::move(merge_operator);
    return DB::OpenFollower("/db", options, support::Over(follower_environment_)).value();
  }

  const std::shared_ptr<io::MemoryFileSystem> files_ = std::make_shared<io::MemoryFileSystem>();
  std::unique_ptr<simulation::SerialEnvironment> writer_environment_;
  simulation::SerialEnvironment follower_environment_{files_, 2};
  std::unique_ptr<DB> db_;
};

TEST_F(FollowerState, AFamilyThatIsRenamedKeepsItsOperator) {
  const auto concatenate = std::make_shared<Concatenate>();
  const Family family = db_->CreateFamily("before", {.merge_operator = concatenate}).value();
  const auto follower = Follow("before", concatenate);
  for (const char* const name : {"between", "after"}) ASSERT_EQ(Text(db_->RenameFamily(family, name)), "");
  for (const char* const operand : {"a", "b"}) ASSERT_TRUE(family.Merge("k", operand));
  ASSERT_EQ(Text(follower->Refresh()), "");
  EXPECT_EQ(follower->OpenFamily("after").value().Get("k").value(), "ab");
  Options options = support::SmallOptions();
  options.families["after"].merge_operator = concatenate;
  OpenWriter(options);  // This begins a new manifest.
  ASSERT_EQ(Text(follower->Refresh()), "");
  EXPECT_EQ(follower->OpenFamily("after").value().Get("k").value(), "ab");
}

TEST_F(FollowerState, AnOperatorIsNotTakenForAnotherFamilyOfThatName) {
  const Family family = db_->CreateFamily("f", {.merge_operator = Int64Add()}).value();
  const auto follower = Follow("f", Int64Add());
  ASSERT_EQ(Text(db_->DropFamily(family)), "");
  const Family other = db_->CreateFamily("f", {.merge_operator = Append()}).value();
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(other.Merge("k", "12345678"));
  ASSERT_EQ(Text(follower->Refresh()), "");
  EXPECT_EQ(follower->OpenFamily("f").value().Get("k").value(), "1234567812345678");
}

// The writer has seen a later time, and has dropped what expired by then.
TEST_F(FollowerState, AnOperatorThatTheFirstMergeContradictsIsTakenNoLonger) {
  ASSERT_TRUE(db_->CreateFamily("f"));
  Options options = support::SmallOptions();
  options.families["f"].merge_operator = std::make_shared<Concatenate>();
  OpenWriter(options);
  const auto follower = Follow("f", Append());  // Nobody has merged, so it may be.
  ASSERT_TRUE(db_->OpenFamily("f").value().Merge("k", "a"));
  ASSERT_EQ(Text(follower->Refresh()), "");
  EXPECT_EQ(follower->OpenFamily("f").value().Get("k").error().code(), ErrorCode::kNotSupported);
}

TEST_F(FollowerState, ItsTimeIsNotBeforeTheWriters) {
  ASSERT_TRUE(db_->Put("k", "v", {.ttl = std::chrono::hours(1)}));
  const auto follower = Follow("default", nullptr);
  writer_environment_->clock().JumpWallTime(std::chrono::hours(24));
  ASSERT_EQ(db_->Get("k").value(), std::nullopt);
  OpenWriter(support::SmallOptions());
  ASSERT_TRUE(db_->Put("other", "v"));
  ASSERT_EQ(Text(db_->CompactRange()), "");
  ASSERT_EQ(Text(follower->Refresh()), "");
  EXPECT_GE(follower->GetSnapshot().read_time(), db_->GetSnapshot().read_time());
}

}  // namespace
}  // namespace amethyst
