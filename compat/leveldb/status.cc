#include <leveldb/status.h>

#include <cstdint>
#include <cstring>

namespace leveldb {

// The state, which the header's inline functions copy and read, too:
//
//   message bytes u32 | code u8 | message
namespace {

constexpr size_t kCodeOffset = sizeof(uint32_t);
constexpr size_t kMessageOffset = kCodeOffset + 1;

uint32_t MessageBytes(const char* state) {
  uint32_t bytes;
  std::memcpy(&bytes, state, sizeof(bytes));
  return bytes;
}

}  // namespace

const char* Status::CopyState(const char* state) {
  const size_t bytes = kMessageOffset + MessageBytes(state);
  char* const copy = new char[bytes];
  std::memcpy(copy, state, bytes);
  return copy;
}

// An empty second part is left out, with its ": ".
Status::Status(Code code, const Slice& msg, const Slice& msg2) {
  const size_t second = msg2.empty() ? 0 : 2 + msg2.size();
  const auto bytes = static_cast<uint32_t>(msg.size() + second);
  char* const state = new char[kMessageOffset + bytes];
  std::memcpy(state, &bytes, sizeof(bytes));
  state[kCodeOffset] = static_cast<char>(code);
  char* const message = state + kMessageOffset;
  std::memcpy(message, msg.data(), msg.size());
  if (second != 0) {
    std::memcpy(message + msg.size(), ": ", 2);
    std::memcpy(message + msg.size() + 2, msg2.data(), msg2.size());
  }
  state_ = state;
}

std::string Status::ToString() const {
  if (state_ == nullptr) return "OK";
  const std::string message(state_ + kMessageOffset, MessageBytes(state_));
  switch (code()) {
    case kOk: break;
    case kNotFound: return "NotFound: " + message;
    case kCorruption: return "Corruption: " + message;
    case kNotSupported: return "Not implemented: " + message;
    case kInvalidArgument: return "Invalid argument: " + message;
    case kIOError: return "IO error: " + message;
  }
  return "Unknown code(" + std::to_string(static_cast<int>(code())) + "): " + message;
}

}  // namespace leveldb
