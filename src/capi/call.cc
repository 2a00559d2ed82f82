#include "capi/call.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include "amethyst/version.h"
#include "base/containment.h"

namespace amethyst::capi {

namespace {

static_assert(sizeof(void*) == sizeof(HandleTable::Number), "A handle is a number in the shape of a pointer.");

// nullptr: no memory.
char* TryCopyOut(std::string_view bytes) noexcept {
  char* const copy = static_cast<char*>(std::malloc(bytes.size() + 1));
  if (copy == nullptr) return nullptr;
  if (!bytes.empty()) std::memcpy(copy, bytes.data(), bytes.size());
  copy[bytes.size()] = '\0';
  return copy;
}

}  // namespace

amethyst_code CodeOf(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::kInvalidArgument: return AMETHYST_INVALID_ARGUMENT;
    case ErrorCode::kNotSupported: return AMETHYST_NOT_SUPPORTED;
    case ErrorCode::kBusy: return AMETHYST_BUSY;
    case ErrorCode::kIo: return AMETHYST_IO;
    case ErrorCode::kNoSpace: return AMETHYST_NO_SPACE;
    case ErrorCode::kCorruption: return AMETHYST_CORRUPTION;
    case ErrorCode::kClosed: return AMETHYST_CLOSED;
    case ErrorCode::kOutOfMemory: return AMETHYST_OUT_OF_MEMORY;
    case ErrorCode::kTooOld: return AMETHYST_TOO_OLD;
    case ErrorCode::kConflict: return AMETHYST_CONFLICT;
  }
  return AMETHYST_IO;
}

std::optional<ErrorCode> ErrorCodeOf(amethyst_code code) noexcept {
  for (const ErrorCode known : {ErrorCode::kInvalidArgument, ErrorCode::kNotSupported, ErrorCode::kBusy, ErrorCode::kIo,
                                ErrorCode::kNoSpace, ErrorCode::kCorruption, ErrorCode::kClosed,
                                ErrorCode::kOutOfMemory, ErrorCode::kTooOld, ErrorCode::kConflict}) {
    if (CodeOf(known) == code) return known;
  }
  return std::nullopt;
}

amethyst_code Fail(const Error& failure, char** error) noexcept {
  if (error != nullptr) *error = TryCopyOut(failure.message());
  return CodeOf(failure.code());
}

amethyst_code FailByException(char** error) noexcept { return Fail(base::ErrorInFlight(), error); }

Result<std::string_view> Bytes(const void* data, size_t size, std::string_view name) {
  if (data == nullptr && size != 0) return base::InvalidArgument("{}: null, with a length of {} bytes", name, size);
  return std::string_view(static_cast<const char*>(data), size);
}

Result<std::optional<std::string_view>> Bound(const void* data, size_t size, std::string_view name) {
  AMETHYST_ASSIGN(const std::string_view bytes, Bytes(data, size, name));
  return data == nullptr ? std::nullopt : std::optional(bytes);
}

Status CheckStruct(const void* given, size_t struct_bytes, StructBytes sizes, std::string_view name) {
  constexpr size_t kBytesMax = 4096;
  if (struct_bytes < sizes.least || struct_bytes > kBytesMax) {
    return base::InvalidArgument("{0}: struct_bytes is {1}; set it to sizeof(amethyst_{0})", name, struct_bytes);
  }
  const char* const bytes = static_cast<const char*>(given);
  if (std::any_of(bytes + std::min(sizes.known, struct_bytes), bytes + struct_bytes,
                  [](char byte) { return byte != 0; })) {
    return base::NotSupported("{}: a field that version {} of the library does not know", name, amethyst_version());
  }
  return {};
}

Status Wanted(const void* pointer, std::string_view name) {
  if (pointer == nullptr) return base::InvalidArgument("{}: null", name);
  return {};
}

char* CopyOut(std::string_view bytes) {
  char* const copy = TryCopyOut(bytes);
  if (copy == nullptr) throw std::bad_alloc();
  return copy;
}

}  // namespace amethyst::capi

const char* amethyst_code_name(amethyst_code code) {
  switch (code) {
    case AMETHYST_OK: return "OK";
    case AMETHYST_INVALID_ARGUMENT: return "InvalidArgument";
    case AMETHYST_NOT_SUPPORTED: return "NotSupported";
    case AMETHYST_BUSY: return "Busy";
    case AMETHYST_IO: return "Io";
    case AMETHYST_NO_SPACE: return "NoSpace";
    case AMETHYST_CORRUPTION: return "Corruption";
    case AMETHYST_CLOSED: return "Closed";
    case AMETHYST_OUT_OF_MEMORY: return "OutOfMemory";
    case AMETHYST_TOO_OLD: return "TooOld";
    case AMETHYST_CONFLICT: return "Conflict";
  }
  return "Unknown";
}

const char* amethyst_version(void) { return AMETHYST_VERSION_STRING; }

void amethyst_free(void* memory) { std::free(memory); }
