// Damage at rest: every byte flipped, every length truncated, files gone, emptied, or exchanged with another
// database's.
//
// A small database of all file types is damaged in one place at a time and opened. Nothing may be silent: either some
// call gives an error, or everything that was written reads back. Only a log that was never closed, cut short, may give
// an earlier content: what proves that there was more has gone with its end. Thread safety: one suite a thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "amethyst/amethyst.h"
#include "io/memory_file_system.h"

namespace amethyst::torture {

struct AtRestReport {
  std::string violation;     // Empty: none.
  uint64_t corruptions = 0;  // Tried.
  uint64_t detected = 0;     // An error at open or at a read.
  uint64_t harmless = 0;     // Everything read back.
};

class AtRestSuite {
 public:
  struct Settings {
    uint64_t seed = 1;
    uint64_t byte_stride = 1;  // Every stride-th byte is flipped, every stride-th length tried.
    Compression compression = Compression::kLz4;
  };
  explicit AtRestSuite(const Settings& settings) : settings_(settings) {}

  void Run(AtRestReport* report);

 private:
  using Map = std::map<std::string, std::string>;
  using Files = std::map<std::string, std::string>;  // Name to content.

  // `contents`: what it held after each of the last writes, which only the log has.
  [[nodiscard]] Files MakeDatabase(uint64_t seed, std::vector<Map>* contents) const;
  // With `may_be_older` an earlier content is right, too.
  void Check(const Files& damaged, const std::string& what, bool may_be_older = false);
  void FlipBytes();
  void Truncate();
  void SwapFiles();

  const Settings settings_;
  Files files_;
  Files other_files_;  // Of another database, made the same way.
  std::vector<Map> contents_;
  AtRestReport* report_ = nullptr;
};

}  // namespace amethyst::torture
