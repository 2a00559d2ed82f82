// Short ways to make and pass on errors.
//
// `return Corruption("table {}: ...", name);` works in any function that returns Status or
// Result<T>. AMETHYST_TRY(expression) returns the error of a failed Status or Result;
// AMETHYST_ASSIGN(declaration, expression) also binds the value.
#pragma once

#include <fmt/core.h>

#include <utility>

#include "amethyst/error.h"

namespace amethyst::base {

template <typename... Args>
[[nodiscard]] std::unexpected<Error> MakeError(ErrorCode code, fmt::format_string<Args...> format, Args&&... args) {
  return std::unexpected<Error>(std::in_place, code, fmt::format(format, std::forward<Args>(args)...));
}

template <typename... Args>
[[nodiscard]] std::unexpected<Error> InvalidArgument(fmt::format_string<Args...> format, Args&&... args) {
  return MakeError(ErrorCode::kInvalidArgument, format, std::forward<Args>(args)...);
}

template <typename... Args>
[[nodiscard]] std::unexpected<Error> Corruption(fmt::format_string<Args...> format, Args&&... args) {
  return MakeError(ErrorCode::kCorruption, format, std::forward<Args>(args)...);
}

template <typename... Args>
[[nodiscard]] std::unexpected<Error> NotSupported(fmt::format_string<Args...> format, Args&&... args) {
  return MakeError(ErrorCode::kNotSupported, format, std::forward<Args>(args)...);
}

// kNoSpace for ENOSPC, EDQUOT and EFBIG, kOutOfMemory for ENOMEM, else kIo: "<what>: <what the number means>".
[[nodiscard]] std::unexpected<Error> SystemError(int error_number, std::string_view what);

// Whether the process or the system is out of file descriptors (a SystemError of EMFILE or ENFILE): closing some
// and trying again helps.
[[nodiscard]] bool IsOutOfDescriptors(const Error& error);
// A lack of space, of descriptors or of memory: the call did nothing, and says nothing about what is on disk. Trying
// again later can help.
[[nodiscard]] bool IsTransient(const Error& error);

// The error of a sync: never transient, except for a lack of space, for the system may have dropped what it had to
// write.
[[nodiscard]] std::unexpected<Error> SyncError(int error_number, std::string_view what);

}  // namespace amethyst::base

#define AMETHYST_CONCATENATE_(a, b) a##b
#define AMETHYST_CONCATENATE(a, b) AMETHYST_CONCATENATE_(a, b)

#define AMETHYST_TRY(expression)                                           \
  do {                                                                     \
    if (auto tried = (expression); !tried) [[unlikely]]                    \
      return std::unexpected<::amethyst::Error>(std::move(tried).error()); \
  } while (false)

#define AMETHYST_ASSIGN(declaration, expression) \
  AMETHYST_ASSIGN_(AMETHYST_CONCATENATE(assigned_, __LINE__), declaration, expression)
#define AMETHYST_ASSIGN_(result, declaration, expression)                 \
  auto result = (expression);                                             \
  if (!result) [[unlikely]]                                               \
    return std::unexpected<::amethyst::Error>(std::move(result).error()); \
  declaration = std::move(*result)
