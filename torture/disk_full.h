// A real disk that fills up and is freed, again and again, under one database: a tmpfs of a few MiB.
//
// Writes go on until the disk is full, which a ballast file of random size decides. Then reads and walks must be right,
// and a close and an open must work; when the ballast is gone, the write that failed must succeed, without repair and,
// every other time, without reopening. Thread safety: one thread.
#pragma once

#include <cstdint>
#include <string>

namespace amethyst::torture {

struct DiskFullSettings {
  uint64_t seed = 1;
  uint64_t cycles = 6;
  std::string path;  // A directory that exists, to mount the disk at.
};

struct DiskFullReport {
  std::string violation;  // Empty: none.
  std::string skipped;    // Why there was nothing to run on; empty: there was.
  uint64_t cycles = 0;    // In which the disk got full.
  uint64_t acknowledged = 0;
  uint64_t refused = 0;  // Writes.
};

[[nodiscard]] DiskFullReport DiskFull(const DiskFullSettings& settings);

}  // namespace amethyst::torture
