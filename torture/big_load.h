// Loads a database far larger than its memory in one process, and looks at what that took: does memory stay within the
// budget, does it open at once, is everything there?
//
// Keys are 16 bytes and random, values 100 bytes of which half compress; both follow from the entry's number, so that
// nothing has to be remembered. Memory is the process's peak (VmHWM), its size before the load taken off. Thread
// safety: one load a process at a time, for the peak is the process's.
#pragma once

#include <cstdint>
#include <string>

#include "amethyst/amethyst.h"

namespace amethyst::torture {

struct BigLoadSettings {
  uint64_t seed = 1;
  uint64_t entries = 10'000'000;
  Options options;
  std::string path;
};

struct BigLoadReport {
  std::string violation;  // Empty: none.
  double load_s = 0;
  double settle_s = 0;  // Until no compaction was due.
  double close_s = 0;
  double reopen_s = 0;
  double scan_s = 0;
  double read_s = 0;
  double verify_s = 0;
  uint64_t load_peak_bytes = 0;  // Beyond what the process had before.
  uint64_t peak_bytes = 0;       // The same over all of it.
  uint64_t disk_bytes = 0;
  Stats stats;  // After loading.
};

// Puts all entries, waits for idle, closes, opens, walks over everything, gets each entry, closes, and verifies every
// file.
[[nodiscard]] BigLoadReport BigLoad(const BigLoadSettings& settings);

}  // namespace amethyst::torture
