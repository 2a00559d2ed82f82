#include "base/containment.h"

#include <gtest/gtest.h>

#include <new>
#include <stdexcept>
#include <string>

namespace amethyst::base {
namespace {

Error ErrorOf(const Status& status) { return status ? Error(ErrorCode::kClosed, "none") : status.error(); }

TEST(Containment, PassesOnWhatIsReturned) {
  EXPECT_EQ(Contained([]() -> Result<int> { return 7; }).value(), 7);
  const Status failed = Contained([]() -> Status { return std::unexpected(Error(ErrorCode::kBusy, "busy")); });
  EXPECT_EQ(ErrorOf(failed).message(), "busy");
  EXPECT_TRUE(Contained([] {}));
}

TEST(Containment, MakesErrorsOfExceptions) {
  const Error memory = ErrorOf(Contained([] { throw std::bad_alloc(); }));
  EXPECT_EQ(memory.code(), ErrorCode::kOutOfMemory);
  EXPECT_EQ(memory.message(), "out of memory");
  const Error thrown = ErrorOf(Contained([] { throw Thrown(Error(ErrorCode::kNotSupported, "not today")); }));
  EXPECT_EQ(thrown.ToString(), "NotSupported: not today");
  const Error other = ErrorOf(Contained([] { throw std::runtime_error("something else"); }));
  EXPECT_EQ(other.ToString(), "Io: something else");
  EXPECT_EQ(ErrorOf(Contained([] { throw 3; })).code(), ErrorCode::kIo);
}

TEST(Containment, LeavesOutWhatFails) {
  int done = 0;
  DoIfPossible([&] { ++done; });
  DoIfPossible([&] {
    ++done;
    throw std::bad_alloc();
  });
  EXPECT_EQ(done, 2);
}

TEST(Containment, AnErrorIsThereWhateverItsMessageTakes) {
  EXPECT_EQ(MadeWithoutFail([] { return Error(ErrorCode::kBusy, "made"); }).message(), "made");
  EXPECT_EQ(MadeWithoutFail([]() -> Error { throw std::bad_alloc(); }).ToString(), "Io: out of memory");
}

}  // namespace
}  // namespace amethyst::base
