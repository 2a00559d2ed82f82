// What a repair makes of operands and of entries that expire.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "amethyst/amethyst.h"
#include "support/copy_live.h"
#include "support/temp_directory.h"

namespace amethyst {
namespace {

// In tables and in the log, flushed and not; the operator is not known to repair.
TEST(RepairOfOperands, KeepsThemAndWhatExpires) {
  class Longest final : public MergeOperator {
   public:
    [[nodiscard]] std::string_view Name() const override { return "longest"; }
    [[nodiscard]] bool Merge(std::string_view /*key*/, std::optional<std::string_view> base,
                             std::span<const std::string_view> operands,
                             std::optional<std::string>* result) const noexcept override {
      *result = std::string(base.value_or(""));
      for (const std::string_view operand : operands) **result += "+" + std::string(operand);
      return operands.front() != "1";  // Keeps them as they are, so that a repair has some to keep.
    }
  };
  const support::TempDirectory directory;
  Options options;
  options.families["default"].merge_operator = std::make_shared<Longest>();
  const auto moment = std::chrono::system_clock::now() + std::chrono::hours(1);
  {
    const auto db = DB::Open(directory.File("from"), options).value();
    ASSERT_TRUE(db->Put("a", "base"));
    ASSERT_TRUE(db->CompactRange());
    ASSERT_TRUE(db->Merge("a", "1"));
    ASSERT_TRUE(db->Merge("a", "2"));
    ASSERT_TRUE(db->Flush());
    ASSERT_TRUE(db->Merge("a", "3"));
    ASSERT_TRUE(db->Put("b", "expires", {.expires_at = moment}));
    support::CopyLive(directory.File("from"), directory.File("copy"));
  }
  const auto report = DB::Repair(directory.File("copy"), directory.File("to"));
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_THAT(report->dropped, testing::IsEmpty());
  const auto saved = DB::Open(directory.File("to"), options).value();
  const auto refused = saved->Get("a");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), testing::HasSubstr("the 3 operands of key a")) << "each once";
  const auto pinned = saved->GetPinned("b").value();
  ASSERT_TRUE(pinned);
  EXPECT_EQ(pinned->view(), "expires");
  EXPECT_EQ(pinned->expires_at(), std::chrono::floor<std::chrono::milliseconds>(moment));
}

}  // namespace
}  // namespace amethyst
