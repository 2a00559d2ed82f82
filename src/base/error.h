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
// The one rule for what a later retry may not meet again: a lack of space, of descriptors, of memory or of threads. The
// call did nothing, and says nothing about what is on disk. Such an error is never latched.
[[nodiscard]] bool ClearsByItself(const Error& error);
// `error` as one that does not clear by itself, for a caller whom a retry cannot help any more: as kIo, and no lack of
// descriptors either.
[[nodiscard]] Error AsLasting(const Error& error);

// The error of a sync: of these only a lack of space clears by itself, since the system may have dropped the data that
// it had to write.
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
