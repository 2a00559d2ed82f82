// What a point read came to. Thread safety: plain values.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "amethyst/error.h"
#include "key/expiry.h"
#include "sstable/table_reader.h"

namespace amethyst::engine {

struct Found {
  sstable::LookupState state = sstable::LookupState::kAbsent;  // Of the key: kFound if it has a value.
  bool may_exist = false;                                      // Of kNotResident: no filter rules it out.
  std::string_view value;                                      // In the view, or in memory that the epoch keeps.
  uint64_t expires_ms = key::kNeverMs;                         // Of the value.
  bool is_own = false;                                         // Likewise, where it expires: the reader's own write.

  // When what the database holds of it changes by itself.
  [[nodiscard]] uint64_t ChangesMs() const { return is_own ? key::kNeverMs : expires_ms; }
};

// With what keeps its value alive; never kNotResident.
struct PinnedFound : Found {
  std::shared_ptr<const void> owner;
  std::optional<Error> filter_lost;             // Of a table on the way, as PinnedLookup tells it.
  uint64_t operands_expire_ms = key::kNeverMs;  // When the first of what was merged expires, the reader's own apart.

  [[nodiscard]] uint64_t ChangesMs() const { return std::min(Found::ChangesMs(), operands_expire_ms); }
};

}  // namespace amethyst::engine
