// Where exceptions end. Thrown is the only exception that the library throws itself. Any allocation may throw
// std::bad_alloc, and a comparator of the caller may throw anything.
//
// Both pass through code of ours that holds what it holds by destructors, up to one of few places that contain them: a
// call of the public interface, a background job, one turn under the commit lock, a load into the cache. There they
// become an Error like any other. Between a change that cannot be taken back and the end of its bookkeeping nothing may
// throw: room is reserved before. Thread safety: pure functions.
#pragma once

#include <concepts>
#include <exception>
#include <type_traits>
#include <utility>

#include "amethyst/error.h"

namespace amethyst::base {

// An error on its way out of where no result can be returned, as out of a comparison.
class Thrown final : public std::exception {
 public:
  explicit Thrown(Error error) : error_(std::move(error)) {}
  [[nodiscard]] const Error& error() const { return error_; }
  [[nodiscard]] const char* what() const noexcept override { return error_.message().c_str(); }

 private:
  Error error_;
};

// The exception that is being handled as an error: kOutOfMemory for std::bad_alloc, whose message takes no memory.
[[nodiscard]] Error ErrorInFlight() noexcept;

// What `call` returns, a Result or a Status, or what it throws as an error.
template <typename Call>
[[nodiscard]] auto Contained(Call&& call) noexcept -> std::invoke_result_t<Call> {
  try {
    return std::forward<Call>(call)();
  } catch (...) {
    return std::unexpected(ErrorInFlight());
  }
}
template <typename Call>
  requires std::same_as<std::invoke_result_t<Call>, void>
[[nodiscard]] Status Contained(Call&& call) noexcept {
  try {
    std::forward<Call>(call)();
    return {};
  } catch (...) {
    return std::unexpected(ErrorInFlight());
  }
}

// What is better done than not, and may be left out where there is no memory for it.
template <typename Call>
void DoIfPossible(Call&& call) noexcept {
  try {
    std::forward<Call>(call)();
  } catch (...) {
    static_cast<void>(ErrorInFlight());
  }
}

// The error that `make` returns, or, where there is no memory for its message, a short one of code kIo.
template <typename Make>
[[nodiscard]] Error MadeWithoutFail(Make&& make) noexcept {
  try {
    return std::forward<Make>(make)();
  } catch (...) {
    return {ErrorCode::kIo, "out of memory"};
  }
}

}  // namespace amethyst::base
