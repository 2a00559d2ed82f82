// What the key sketches save on a real database: the same skewed overwrites, once with the sketches and once without.
//
// The database is a whole one on a file system in memory and one thread, so a seed gives the same figures each time. It
// runs without its sketches where every read of one meets a flipped bit: a damaged sketch means "unknown". It is loaded
// with distinct keys in random order, then overwritten three times its size. What counts is the bytes that compaction
// writes while it is overwritten. Thread safety: one thread.
#pragma once

#include <cstdint>
#include <string>

namespace amethyst::torture {

enum class Skew : uint8_t {
  kZipf,    // Zipf 0.99, hot keys side by side.
  kRanges,  // 64 ranges, of which Zipf 0.99 draws one; uniform within.
};

struct SketchSavingSettings {
  uint64_t seed = 1;
  uint64_t entries = 4'000'000;  // Of 16 + 100 bytes; a write buffer gets a 40th of them.
  Skew skew = Skew::kZipf;
};

struct SketchSavingReport {
  std::string violation;  // Empty: none.
  uint64_t written_with = 0;
  uint64_t written_without = 0;
  double amplification_with = 0;  // Bytes flushed and rewritten by bytes put, while overwriting.
  double amplification_without = 0;
  [[nodiscard]] double saved() const {
    return 1 - static_cast<double>(written_with) / static_cast<double>(written_without);
  }
};

[[nodiscard]] SketchSavingReport MeasureSketchSaving(const SketchSavingSettings& settings);

}  // namespace amethyst::torture
