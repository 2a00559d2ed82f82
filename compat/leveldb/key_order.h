// A program's own order of keys, as Amethyst needs it: keys that the program calls equal although their bytes differ
// are told apart, by their bytes.
//
// LevelDB takes such keys ("10" and "0xa" in an order of numbers) for spellings of one key. Here they lie next to each
// other, so that Database finds the spelling that is stored and keeps one of them at the most.
// Thread safety: as the program's comparator, which is called from any thread.
#pragma once

#include <leveldb/comparator.h>

#include "amethyst/comparator.h"
#include "compat/leveldb/convert.h"

namespace amethyst::compat {

class KeyOrder final : public Comparator {
 public:
  // `comparator` must outlive this.
  explicit KeyOrder(const leveldb::Comparator* comparator) : comparator_(*comparator) {}

  int Compare(std::string_view a, std::string_view b) const override {
    const int order = comparator_.Compare(Slice(a), Slice(b));
    return order != 0 ? order : a.compare(b);
  }
  std::string_view Name() const override { return comparator_.Name(); }

  // Whether they are one key to the program.
  [[nodiscard]] bool SameKey(std::string_view a, std::string_view b) const {
    return comparator_.Compare(Slice(a), Slice(b)) == 0;
  }
  [[nodiscard]] bool Less(std::string_view a, std::string_view b) const {
    return comparator_.Compare(Slice(a), Slice(b)) < 0;
  }

 private:
  const leveldb::Comparator& comparator_;
};

}  // namespace amethyst::compat
