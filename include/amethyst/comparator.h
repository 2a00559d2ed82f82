// The order of keys.
//
// The default is bytewise, as by memcmp. A custom order costs speed: heads, shortened separators
// and common prefixes are then not used. The name is kept in the database, which refuses to open under another.
//
// A comparator may throw, and what it throws ends in the engine: the call, or background job, that
// asked for the order fails with kInvalidArgument, which names the comparator. A failed read changes
// nothing. After a failed write, flush or compaction the database takes no more writes until it is
// opened again, for it cannot tell where the keys belong; what was acknowledged stays. A comparator
// that calls two keys equal whose bytes differ counts as one that throws.
// Thread safety: implementations must be callable from any thread at once.
#pragma once

#include <string_view>

namespace amethyst {

class Comparator {
 public:
  virtual ~Comparator() = default;

  // Negative, zero or positive, as `a` sorts before, with or after `b`. A total order; zero only
  // if the bytes of `a` and `b` are equal.
  [[nodiscard]] virtual int Compare(std::string_view a, std::string_view b) const = 0;

  // Identifies the order in the database; change it whenever the order changes. At most 255 bytes.
  [[nodiscard]] virtual std::string_view Name() const = 0;
};

// The default order: unsigned bytes, shorter first. Lives forever.
[[nodiscard]] const Comparator* BytewiseComparator();

}  // namespace amethyst
