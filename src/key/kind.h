// What each kind of entry is: the one table that reads, rewrites and formats ask. A new kind is a new row of it.
//
// A read takes the versions of a key newest first (key/resolver.h), until one DECIDES: then nothing older matters to
// any read that sees this one, so that a search ends here and a rewrite drops what is older. A kind that does not
// decide needs what is older. Only the resolver and the formats may know the kinds by name; all others ask the
// questions below, which cost one comparison, and nothing where all kinds agree. Thread safety: constants.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>
#include <utility>

namespace amethyst::key {

// What an entry does to its key. On disk everywhere; never renumber (docs/format/reserved.md).
enum class EntryKind : uint8_t {
  kDelete = 0,
  kPut = 1,
  kOperand = 2,          // Of a merge operator: changes the value that is there.
  kRangeDelete = 3,      // Deletes a range of keys. Of batches alone: it is no entry of any key.
  kExpiringPut = 4,      // Its value begins with the time from which on it is a delete (key/expiry.h).
  kExpiringOperand = 6,  // Likewise: from then on it is as if never written.
};

struct KindTraits {
  std::string_view name;  // As tools print it; empty: no entry of a key is of that kind.
  bool has_value;         // A value is stored with it.
  bool is_live;           // Its key may have a value because of it; else it only takes one away.
  bool decides;           // A read that sees it asks for nothing older.
  bool may_expire;        // What it means to a read depends on when that is.
};

// Indexed by the kind.
inline constexpr KindTraits kKinds[] = {
    {.name = "delete", .has_value = false, .is_live = false, .decides = true, .may_expire = false},
    {.name = "put", .has_value = true, .is_live = true, .decides = true, .may_expire = false},
    {.name = "merge", .has_value = true, .is_live = true, .decides = false, .may_expire = false},
    {},
    {.name = "expiring put", .has_value = true, .is_live = true, .decides = true, .may_expire = true},
    {},
    {.name = "expiring merge", .has_value = true, .is_live = true, .decides = false, .may_expire = true},
};
[[nodiscard]] constexpr bool IsKnownKind(uint8_t kind) {
  return kind < std::size(kKinds) && !kKinds[kind].name.empty();
}
[[nodiscard]] constexpr const KindTraits& TraitsOf(EntryKind kind) { return kKinds[static_cast<size_t>(kind)]; }
static_assert(TraitsOf(EntryKind::kDelete).name == "delete" && TraitsOf(EntryKind::kPut).name == "put");

namespace internal {

// Whether `asks` is true of the kind's row, without a look into the table: the compiler leaves a comparison with each
// kind of which it is true, or none at all. `asks` is a constant.
template <typename Asks, size_t... kRow>
[[nodiscard]] constexpr bool IsTrueOf(EntryKind kind, Asks asks, std::index_sequence<kRow...> /*rows*/) {
  if constexpr ((asks(kKinds[kRow]) && ...)) return true;
  return ((asks(kKinds[kRow]) && kind == static_cast<EntryKind>(kRow)) || ...);
}
template <typename Asks>
[[nodiscard]] constexpr bool IsTrueOf(EntryKind kind, Asks asks) {
  return IsTrueOf(kind, asks, std::make_index_sequence<std::size(kKinds)>());
}

}  // namespace internal

[[nodiscard]] constexpr bool HasValue(EntryKind kind) {
  return internal::IsTrueOf(kind, [](const KindTraits& traits) { return traits.has_value; });
}
[[nodiscard]] constexpr bool IsLive(EntryKind kind) {
  return internal::IsTrueOf(kind, [](const KindTraits& traits) { return traits.is_live; });
}
[[nodiscard]] constexpr bool Decides(EntryKind kind) {
  return internal::IsTrueOf(kind, [](const KindTraits& traits) { return traits.decides; });
}
[[nodiscard]] constexpr bool MayExpire(EntryKind kind) {
  return internal::IsTrueOf(kind, [](const KindTraits& traits) { return traits.may_expire; });
}
// Whether every read that sees it shows its value as it stands, without another question.
[[nodiscard]] constexpr bool IsPlain(EntryKind kind) {
  return internal::IsTrueOf(
      kind, [](const KindTraits& traits) { return traits.is_live && traits.decides && !traits.may_expire; });
}

}  // namespace amethyst::key
