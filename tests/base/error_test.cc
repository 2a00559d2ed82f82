// Covers: assert
#include "base/error.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>

#include "base/assert.h"

namespace amethyst::base {
namespace {

TEST(Errors, CarryTheirCodeAndAFormattedMessage) {
  const Status status = Corruption("table {} at {}", "000012.sst", 4096);
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code(), ErrorCode::kCorruption);
  EXPECT_EQ(status.error().message(), "table 000012.sst at 4096");
  EXPECT_EQ(status.error().ToString(), "Corruption: table 000012.sst at 4096");
  EXPECT_EQ(Status(InvalidArgument("x")).error().code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(Status(NotSupported("x")).error().code(), ErrorCode::kNotSupported);
}

TEST(Errors, EveryCodeHasAName) {
  EXPECT_EQ(ErrorCodeName(ErrorCode::kInvalidArgument), "InvalidArgument");
  EXPECT_EQ(ErrorCodeName(ErrorCode::kNotSupported), "NotSupported");
  EXPECT_EQ(ErrorCodeName(ErrorCode::kBusy), "Busy");
  EXPECT_EQ(ErrorCodeName(ErrorCode::kIo), "Io");
  EXPECT_EQ(ErrorCodeName(ErrorCode::kNoSpace), "NoSpace");
  EXPECT_EQ(ErrorCodeName(ErrorCode::kCorruption), "Corruption");
  EXPECT_EQ(ErrorCodeName(ErrorCode::kClosed), "Closed");
}

TEST(Errors, AFullDiskOrQuotaIsNoSpaceAndTheRestIsIo) {
  EXPECT_EQ(SystemError(ENOSPC, "write f").error().code(), ErrorCode::kNoSpace);
  EXPECT_EQ(SystemError(EDQUOT, "write f").error().code(), ErrorCode::kNoSpace);
  EXPECT_EQ(SystemError(EIO, "write f at 7").error().ToString(), "Io: write f at 7: Input/output error");
}

TEST(Errors, OnlyALackOfSomethingClearsByItself) {
  for (const int number : {ENOSPC, EDQUOT, EFBIG, EMFILE, ENFILE, ENOMEM}) {
    const Error error = SystemError(number, "write f").error();
    EXPECT_TRUE(ClearsByItself(error)) << error.ToString();
    EXPECT_FALSE(ClearsByItself(AsLasting(error))) << error.ToString();
    EXPECT_EQ(AsLasting(error).code(), ErrorCode::kIo);
    EXPECT_TRUE(AsLasting(error).message().starts_with(error.message()));
  }
  EXPECT_FALSE(ClearsByItself(SystemError(EIO, "write f").error()));
  EXPECT_FALSE(ClearsByItself(Error(ErrorCode::kCorruption, "bad")));
  EXPECT_EQ(AsLasting(Error(ErrorCode::kCorruption, "bad")).code(), ErrorCode::kCorruption);
  EXPECT_EQ(AsLasting(Error(ErrorCode::kCorruption, "bad")).message(), "bad");
}

TEST(Errors, OfASyncALackOfSpaceAloneClearsByItself) {
  EXPECT_TRUE(ClearsByItself(SyncError(ENOSPC, "sync f").error()));
  EXPECT_FALSE(ClearsByItself(SyncError(EMFILE, "sync f").error()));
  EXPECT_FALSE(ClearsByItself(SyncError(ENOMEM, "sync f").error()));
}

TEST(Errors, RunningOutOfDescriptorsCanBeTold) {
  for (const int number : {EMFILE, ENFILE}) {
    const Error error = SystemError(number, "open f").error();
    EXPECT_EQ(error.code(), ErrorCode::kIo);
    EXPECT_EQ(error.message(), "open f: out of file descriptors");
    EXPECT_TRUE(IsOutOfDescriptors(error));
  }
  EXPECT_FALSE(IsOutOfDescriptors(SystemError(EIO, "open f").error()));
  EXPECT_FALSE(IsOutOfDescriptors(Error(ErrorCode::kBusy, "out of file descriptors")));
}

Result<std::unique_ptr<int>> Make(bool good) {
  if (!good) return InvalidArgument("bad");
  return std::make_unique<int>(5);
}

Result<int> Use(bool good, int* steps) {
  AMETHYST_TRY(Make(good));
  ++*steps;
  AMETHYST_ASSIGN(const std::unique_ptr<int> made, Make(good));
  return *made;
}

TEST(Errors, MacrosPassErrorsOnAndMoveValuesOut) {
  int steps = 0;
  EXPECT_EQ(Use(true, &steps).value(), 5);
  const Result<int> failed = Use(false, &steps);
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().message(), "bad");
  EXPECT_EQ(steps, 1);
}

TEST(Assertions, AbortAndSayWhere) {
  AMETHYST_ASSERT(1 + 1 == 2);
  EXPECT_DEATH(AMETHYST_ASSERT(1 + 1 == 3), "error_test.cc:[0-9]+: assertion failed: 1 \\+ 1 == 3");
}

}  // namespace
}  // namespace amethyst::base
