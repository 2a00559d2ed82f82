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
    case ErrorCode::kOutOfMemory: return "OutOfMemory";
    case ErrorCode::kTooOld: return "TooOld";
    case ErrorCode::kConflict: return "Conflict";
  }
  return "Unknown";
}

std::string Error::ToString() const { return fmt::format("{}: {}", ErrorCodeName(code_), message_); }

namespace base {
namespace {

constexpr std::string_view kOutOfDescriptors = "out of file descriptors";

ErrorCode CodeOf(int error_number) {
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return ErrorCode::kNoSpace;
    case ENOMEM: return ErrorCode::kOutOfMemory;
    default: return ErrorCode::kIo;
  }
}

}  // namespace

std::unexpected<Error> SystemError(int error_number, std::string_view what) {
  if (error_number == EMFILE || error_number == ENFILE) {
    return MakeError(ErrorCode::kIo, "{}: {}", what, kOutOfDescriptors);
  }
  return MakeError(CodeOf(error_number), "{}: {}", what, std::generic_category().message(error_number));
}

bool IsOutOfDescriptors(const Error& error) {
  return error.code() == ErrorCode::kIo && error.message().ends_with(kOutOfDescriptors);
}

bool ClearsByItself(const Error& error) {
  return error.code() == ErrorCode::kNoSpace || IsOutOfDescriptors(error) || error.code() == ErrorCode::kOutOfMemory;
}

Error AsLasting(const Error& error) {
  if (!ClearsByItself(error)) return error;
  return Error(ErrorCode::kIo, error.message() + "; trying again does not help any more");
}

std::unexpected<Error> SyncError(int error_number, std::string_view what) {
  const bool full = error_number == ENOSPC || error_number == EDQUOT;
  if (full) return SystemError(error_number, what);
  return MakeError(ErrorCode::kIo, "{}: {}", what, std::generic_category().message(error_number));
}

}  // namespace base
}  // namespace amethyst
