// How the classes of amethyst/cpp17.h, which includes it, call the C interface: failures, and owners of what calls hand
// out. A program uses Status and Error alone of it. Invariant: each message and handle is released once. Thread safety:
// plain values, and functions without state of their own.
#pragma once

#include <amethyst/c.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#if defined(__cpp_exceptions)
#include <stdexcept>
#endif

namespace amethyst::cpp17 {

// What a call returned: the code says what to do, the message what happened.
struct Status {
  amethyst_code code = AMETHYST_OK;
  std::string message;

  [[nodiscard]] bool ok() const { return code == AMETHYST_OK; }
};

#if defined(__cpp_exceptions)
// A failure of a call that was given no Status. what() is the message.
class Error : public std::runtime_error {
 public:
  explicit Error(const Status& status) : std::runtime_error(status.message), code_(status.code) {}
  [[nodiscard]] amethyst_code code() const { return code_; }

 private:
  amethyst_code code_;
};
#endif

namespace internal {

// Hands a failure to the caller: into `status`, or by throwing where that is null.
inline void Report(Status result, Status* status) {
  if (status != nullptr) {
    *status = std::move(result);
  } else if (!result.ok()) {
#if defined(__cpp_exceptions)
    throw Error(result);
#else
    std::fprintf(stderr, "amethyst: %s\n", result.message.c_str());
    std::abort();
#endif
  }
}

// Calls a function of the C interface, which takes where to store a message last, and takes over that message.
template <class Call, class... Arguments>
[[nodiscard]] Status StatusOf(Call call, Arguments... arguments) {
  char* message = nullptr;
  Status result;
  result.code = call(arguments..., &message);
  if (!result.ok()) result.message = message != nullptr ? message : amethyst_code_name(result.code);
  amethyst_free(message);
  return result;
}

template <class Call, class... Arguments>
void Run(Status* status, Call call, Arguments... arguments) {
  Report(StatusOf(call, arguments...), status);
}

// Owns a handle of the C interface.
template <class Handle, amethyst_code (*Free)(Handle*)>
struct Release {
  void operator()(Handle* handle) const { Free(handle); }
};
template <class Handle, amethyst_code (*Free)(Handle*)>
using Owner = std::unique_ptr<Handle, Release<Handle, Free>>;

struct ReleaseBytes {
  void operator()(char* bytes) const { amethyst_free(bytes); }
};
using Bytes = std::unique_ptr<char, ReleaseBytes>;

// The C interface takes texts (paths, names) up to their first zero: one with a zero inside would name something else.
inline bool HasZero(const std::string& text, Status* status) {
  if (text.find('\0') == std::string::npos) return false;
  Report({AMETHYST_INVALID_ARGUMENT, "a path or name must not hold a zero byte"}, status);
  return true;
}

// The text that a call stores behind its other arguments.
template <class Call, class... Arguments>
std::string Text(Status* status, Call call, Arguments... arguments) {
  char* text = nullptr;
  Run(status, call, arguments..., &text);
  const Bytes owned(text);
  return text != nullptr ? text : "";
}

// A copy of the value that a call stores behind its other arguments; nothing where there is none.
template <class Call, class... Arguments>
std::optional<std::string> Value(Status* status, Call call, Arguments... arguments) {
  char* value = nullptr;
  size_t value_bytes = 0;
  Run(status, call, arguments..., &value, &value_bytes);
  const Bytes owned(value);
  if (value == nullptr) return std::nullopt;
  return std::string(value, value_bytes);
}

// A bound of a range as the C interface takes it, for as long as what it was made of: null leaves that side open.
struct Bound {
  explicit Bound(std::optional<std::string_view> bound) {
    if (bound) data = bound->data() != nullptr ? bound->data() : "", bytes = bound->size();
  }
  const char* data = nullptr;
  size_t bytes = 0;
};

}  // namespace internal

}  // namespace amethyst::cpp17
