// What can be changed of an open database (DB::Change): the settings that are named here, and no others.
// Thread safety: plain values.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "amethyst/options.h"

namespace amethyst {

// Of one family, kept with it in the database. nullopt: as it is.
struct FamilyChanges {
  std::optional<Compression> compression{};
  // Of what is written from then on; 0: for ever.
  std::optional<std::chrono::milliseconds> ttl{};
};

// nullopt: as it is. Units and ranges are those of Options; 0 lets the database choose where it does so at an open.
struct Changes {
  std::optional<size_t> memory_budget_bytes{};  // Not of a budget that is shared (Components::memory_budget).
  std::optional<size_t> write_buffer_bytes{};
  std::optional<Compression> compression{};  // Of tables that are written from then on.
  std::optional<uint32_t> background_threads{};
  std::optional<uint32_t> sync_interval_ms{};
  std::optional<size_t> group_commit_bytes{};
  std::optional<uint32_t> group_commit_delay_us{};
  std::optional<uint32_t> max_open_files{};
  std::optional<uint32_t> delete_deadline_s{};
  std::optional<uint64_t> background_bytes_per_s{};
  // By name. "default" is the family that the database itself is: its settings are those of the open again at the next
  // one, as all above are.
  std::map<std::string, FamilyChanges, std::less<>> families{};
};

}  // namespace amethyst
