// Several keys looked up side by side, so that what they wait for is on its way at the same time: lines of memory for
// the processor, and pieces of files that are not in memory.
//
// It answers from memory. Of the keys that need a file it notes which piece each of them lacks first, asks the system
// for all of these at once, and then reads tables' heads, filters and index pages, until each key is answered or lacks
// a block; the lookups by Find that follow, one after the other, then wait for one read in place of one each. All this
// is a hint: Find reads what it needs, whether it was asked for or not, and tells of every error. Thread safety: pure
// functions of a view, of one family of it.
#pragma once

#include <cstddef>
#include <vector>

#include "amethyst/options.h"
#include "base/function_ref.h"
#include "engine/found.h"
#include "engine/statistics.h"
#include "engine/view.h"
#include "key/lookup_key.h"

namespace amethyst::engine {

// So many are looked up at once: what was asked for must still be in the processor's cache when its turn comes, and as
// many reads are what a device takes at a time.
inline constexpr size_t kGroupMax = 32;

struct GroupKey {
  key::LookupKey lookup;
  size_t index;  // By which `take` knows it.
};

// Outside epochs. Calls `take` for each key that memory decides, in an epoch, which keeps the value; `keys`, at most
// kGroupMax of them, has then the others left, for Find.
void FindTogether(const FamilyView& family, const ReadOptions& options, Statistics& statistics,
                  base::FunctionRef<void(size_t index, const Found& found)> take, std::vector<GroupKey>* keys);

}  // namespace amethyst::engine
