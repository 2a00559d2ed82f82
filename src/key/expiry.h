// When an entry expires: milliseconds since 1970, in the first 8 bytes of the value of each kind that may.
//
// So that logs, memtables, blocks and cursors carry it without knowing of it; only what reads a value takes the two
// apart (docs/decisions/0029-an-expiry-is-part-of-the-value.md). Thread safety: pure functions.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "base/coding.h"
#include "key/kind.h"

namespace amethyst::key {

inline constexpr size_t kExpiryBytes = sizeof(uint64_t);
inline constexpr uint64_t kNeverMs = std::numeric_limits<uint64_t>::max();

// Whether a value of this kind may have so many bytes: one that expires has its time in it.
[[nodiscard]] constexpr bool HoldsExpiry(EntryKind kind, size_t stored_bytes) {
  return !MayExpire(kind) || stored_bytes >= kExpiryBytes;
}

// Of an entry of any kind, by the value that is stored with it.
[[nodiscard]] inline uint64_t ExpiryOf(EntryKind kind, std::string_view stored) {
  if (!MayExpire(kind)) return kNeverMs;
  AMETHYST_DCHECK(stored.size() >= kExpiryBytes);
  return base::LoadFixed<uint64_t>(stored.data());
}
[[nodiscard]] inline std::string_view ValueOf(EntryKind kind, std::string_view stored) {
  AMETHYST_DCHECK(HoldsExpiry(kind, stored.size()));
  return MayExpire(kind) ? stored.substr(kExpiryBytes) : stored;
}

// The kind that expires, of a live one.
[[nodiscard]] constexpr EntryKind ExpiringOf(EntryKind kind) {
  return Decides(kind) ? EntryKind::kExpiringPut : EntryKind::kExpiringOperand;
}

// In a batch that is not written yet a time may be so long after its write, instead of a moment.
inline constexpr uint64_t kTtlBit = uint64_t{1} << 62;
[[nodiscard]] constexpr uint64_t AsTtl(uint64_t ttl_ms) { return ttl_ms | kTtlBit; }
[[nodiscard]] constexpr bool IsTtl(uint64_t expires_ms) {
  return expires_ms != kNeverMs && (expires_ms & kTtlBit) != 0;
}
[[nodiscard]] constexpr uint64_t TtlOf(uint64_t expires_ms) { return expires_ms & ~kTtlBit; }

// What is known of a set of entries' times: of those that expire, how many they are, and when the first and the last
// do.
struct Expiries {
  uint64_t entries = 0;
  uint64_t first_ms = 0;
  uint64_t last_ms = 0;

  void Add(const Expiries& others) {
    if (others.entries == 0) return;
    first_ms = entries == 0 ? others.first_ms : std::min(first_ms, others.first_ms);
    last_ms = std::max(last_ms, others.last_ms);
    entries += others.entries;
  }
  void Add(EntryKind kind, std::string_view stored) {
    const uint64_t at_ms = ExpiryOf(kind, stored);
    Add({.entries = 1, .first_ms = at_ms, .last_ms = at_ms});
  }
  friend bool operator==(const Expiries&, const Expiries&) = default;
};

inline void AppendExpiring(std::string* to, uint64_t expires_ms, std::string_view value) {
  base::AppendFixed(to, expires_ms);
  to->append(value);
}

}  // namespace amethyst::key
