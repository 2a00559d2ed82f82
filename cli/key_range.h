// The part of a database that a command is about: [FROM, TO), or the keys that begin with a prefix.
// Thread safety: plain values.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "amethyst/options.h"
#include "cli/arguments.h"

namespace amethyst::cli {

struct KeyRange {
  std::optional<std::string> from;  // Included; nullopt: from the first key.
  std::optional<std::string> to;    // Not included; nullopt: to the last key.

  // Of `[FROM [TO]] [--prefix P]` in the notation that the options name, or what is wrong with that.
  [[nodiscard]] static std::expected<KeyRange, std::string> Of(const Arguments& arguments);
  // The keys that begin with what `prefix` stands for in that notation.
  [[nodiscard]] static std::expected<KeyRange, std::string> OfPrefix(const Arguments& arguments,
                                                                     std::string_view prefix);
  // For one walk: borrows the bounds, and does not disturb what others keep in the cache.
  [[nodiscard]] ReadOptions ToRead() const;
};

}  // namespace amethyst::cli
