// Every way in which the files of a database can be damaged at rest, one at a time: bytes flipped, files cut to every
// length, ranges zeroed, filled and exchanged, whole blocks of tables swapped, files gone, emptied, added, and
// exchanged with another database's.
//
// Only makes damage, and knows nothing of what should come of it. Everything follows from the seed. Thread safety: pure
// functions.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/function_ref.h"

namespace amethyst::torture {

using Files = std::map<std::string, std::string>;  // Name to content.

struct DamageSettings {
  uint64_t seed = 1;
  uint64_t byte_stride = 1;  // Every stride-th byte is flipped, every stride-th length tried.
};

// Takes each damaged set of files, and what was done to it; returns false to stop.
using TakeDamage = base::FunctionRef<bool(const std::string& what, const Files& damaged)>;

// `other`: the files of another database, made the same way.
void DamageFiles(const Files& files, const Files& other, const DamageSettings& settings, TakeDamage take);

}  // namespace amethyst::torture
