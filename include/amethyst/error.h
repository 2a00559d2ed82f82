// Errors and results of every call.
//
// No exception crosses the API: a call that can fail returns Result<T> or Status, and an Error says
// what the caller should do (its code) and what happened (its message, which names file, offset,
// expected and found where they apply). Absence is not an error. Only calls that return neither,
// such as DB::GetSnapshot, throw std::bad_alloc where there is no memory.
// Thread safety: values, like std::string.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace amethyst {

// What the caller should do about a failure.
enum class ErrorCode {
  kInvalidArgument,  // The call itself is wrong: change it.
  kNotSupported,     // This build or this database cannot do that.
  kBusy,             // Somebody else owns the resource: try again later.
  kIo,               // The operating system failed: look at the device.
  kNoSpace,          // The disk or a quota is full: free space, then try again; nothing is lost.
  kCorruption,       // Bytes on disk are not what was written: restore or repair.
  kClosed,           // The database was closed: open it again.
  kOutOfMemory,      // The process may have no more memory or threads: free some, then try again; nothing is lost.
  kTooOld,           // What you ask for is gone: start over from a snapshot, or from now.
  kConflict,         // Somebody else wrote what the transaction read: run it again.
};

// The code's name without its prefix, such as "Corruption". Lives forever.
[[nodiscard]] std::string_view ErrorCodeName(ErrorCode code);

class Error {
 public:
  Error(ErrorCode code, std::string message) : code_(code), message_(std::move(message)) {}

  [[nodiscard]] ErrorCode code() const { return code_; }
  [[nodiscard]] const std::string& message() const { return message_; }

  // "Corruption: table 000012.sst, block at 4096: checksum expected … found …".
  [[nodiscard]] std::string ToString() const;

 private:
  ErrorCode code_;
  std::string message_;
};

template <typename T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

}  // namespace amethyst
