// One integer from two, for operands of 8 bytes: what a merge operator may have beside its interface, so that the
// writer of a memtable can put operands together in nanoseconds. Associative; the older one comes first.
// Thread safety: a pure function.
#pragma once

#include <cstdint>

namespace amethyst::key {

using Fold = uint64_t (*)(uint64_t older, uint64_t newer);

}  // namespace amethyst::key
