// Where the keys of each command stand and what it does to them, as COMMAND INFO and COMMAND GETKEYSANDFLAGS tell it.
// The server itself asks FindKeys instead, which is shorter. Pure functions.
#pragma once

#include <string_view>
#include <vector>

#include "server/commands/command.h"

namespace amethyst::server {

struct KeySpec {
  std::string_view flags;  // "RW access delete".
  int begin = 0;           // The argument; with a keyword, where the search for it begins, from the end if negative.
  std::string_view keyword{};  // In lower case.
  // The last key, counted from `begin`. A negative number counts from the end. `limit`: the arguments have this
  // number of equal parts, and the keys are in the first part.
  int last = 0;
  int step = 1;
  int limit = 0;
  bool is_counted = false;  // The number of keys stands at `begin`, and the keys behind it.
  [[nodiscard]] bool is_unknown() const { return begin == 0; }
};
[[nodiscard]] std::vector<KeySpec> KeySpecsOf(const Command& command);

struct FlaggedKey {
  int place;
  std::string_view flags;
};
// The result is empty where there is no key, and where the arguments are wrong.
[[nodiscard]] std::vector<FlaggedKey> FlaggedKeys(const Command& command, Arguments args);

}  // namespace amethyst::server
