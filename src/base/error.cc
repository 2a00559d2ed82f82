#include "base/error.h"

#include <cerrno>
#include <system_error>

namespace amethyst {

std::string_view ErrorCodeName(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument: return "InvalidArgument";
    case ErrorCode::kNotSupported: return "NotSupported";
    case ErrorCode::kBusy: return "Busy";
    case ErrorCode::kIo: return "Io";
    case ErrorCode::kNoSpace: return "NoSpace";
    case ErrorCode::kCorruption: return "Corruption";
    case ErrorCode::kClosed: return "Closed";
  }
  return "Unknown";
}

std::string Error::ToString() const { return fmt::format("{}: {}", ErrorCodeName(code_), message_); }

namespace base {
namespace {

constexpr std::string_view kOutOfDescriptors = "out of file descriptors";

}  // namespace

std::unexpected<Error> SystemError(int error_number, std::string_view what) {
  if (error_number == EMFILE || error_number == ENFILE) {
    return MakeError(ErrorCode::kIo, "{}: {}", what, kOutOfDescriptors);
  }
  const bool full = error_number == ENOSPC || error_number == EDQUOT;
  return MakeError(full ? ErrorCode::kNoSpace : ErrorCode::kIo, "{}: {}", what,
                   std::generic_category().message(error_number));
}

bool IsOutOfDescriptors(const Error& error) {
  return error.code() == ErrorCode::kIo && error.message().ends_with(kOutOfDescriptors);
}

}  // namespace base
}  // namespace amethyst
