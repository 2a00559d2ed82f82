// A function of a library as it is listed and found, and the library that is being loaded.
// Thread safety: pure functions.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "server/lua/script_flags.h"

namespace amethyst::server {

struct Function {
  std::string name;
  std::optional<std::string> description{};
  ScriptFlags flags{};
  std::string registry_name{};  // Of its code in the Runtime.
};

// Names of functions are the same in any case.
struct LessIgnoringCase {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const;
};
using Functions = std::map<std::string, Function, LessIgnoringCase>;

// Whose code registers functions now; see Machine::load.
struct LibraryLoad {
  std::string prefix;  // Of the names in the registry, its own for each library.
  Functions& functions;
};

inline constexpr std::string_view kBadFunctionName =
    "Library names can only contain letters, numbers, or underscores(_) and must be at least one character long";
// Of a library, or of a function.
[[nodiscard]] bool IsFunctionName(std::string_view name);

}  // namespace amethyst::server
