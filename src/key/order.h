// The order of keys as the engine uses it: bytewise without a virtual call, or a caller's comparator.
//
// Only under the bytewise order may code use heads, common prefixes and shortened separators. A caller's comparator may
// throw, or call keys equal whose bytes differ: no order comes of that, and it is never taken for one. Such a
// comparison throws, and what asked for it ends with an error (see base/containment.h). Thread safety: immutable; the
// comparator must outlive it.
#pragma once

#include <cstring>
#include <string>
#include <string_view>

#include "amethyst/comparator.h"
#include "key/entry.h"
#include "key/head.h"

namespace amethyst::key {

// As memcmp, shorter first.
[[nodiscard]] inline int CompareBytes(std::string_view a, std::string_view b) {
  const size_t shared = a.size() < b.size() ? a.size() : b.size();
  const int order = shared == 0 ? 0 : std::memcmp(a.data(), b.data(), shared);
  if (order != 0) return order;
  return a.size() < b.size() ? -1 : a.size() > b.size() ? 1 : 0;
}

class Order {
 public:
  explicit Order(const Comparator* comparator = BytewiseComparator())
      : custom_(comparator == BytewiseComparator() ? nullptr : comparator) {}

  [[nodiscard]] bool IsBytewise() const { return custom_ == nullptr; }
  [[nodiscard]] const Comparator* comparator() const { return IsBytewise() ? BytewiseComparator() : custom_; }

  [[nodiscard]] int Compare(std::string_view a, std::string_view b) const {
    return custom_ == nullptr ? CompareBytes(a, b) : CompareCustom(a, b);
  }
  [[nodiscard]] bool Less(std::string_view a, std::string_view b) const { return Compare(a, b) < 0; }

  // Entries: by key, then newest first.
  [[nodiscard]] int Compare(const Entry& a, const Entry& b) const {
    const int by_key = Compare(a.key(), b.key());
    if (by_key != 0) return by_key;
    return a.tag > b.tag ? -1 : a.tag < b.tag ? 1 : 0;
  }

  // A key s with a < s <= b, as short as it may be (a itself must be below b): what separates two blocks. Under a
  // custom order, b.
  [[nodiscard]] std::string Separator(std::string_view a, std::string_view b) const;

 private:
  // Throws base::Thrown where the comparator gives no order; std::bad_alloc if it does.
  [[nodiscard]] int CompareCustom(std::string_view a, std::string_view b) const;

  const Comparator* custom_;
};

}  // namespace amethyst::key
