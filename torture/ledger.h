// The ledger: one JSON line for each run of a suite, kept in the repository, so that totals accumulate over runs.
//
// A run that is entered begins behind the greatest seed that the ledger has of its suite: no seed is counted twice.
// Thread safety: one process at a time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "amethyst/error.h"

namespace amethyst::torture {

// One number that a suite reports, and what the total of several runs is.
enum class Total : uint8_t { kSum, kGreatest, kLeast };
struct Figure {
  std::string name;
  uint64_t value = 0;
  Total total = Total::kSum;
};

struct LedgerEntry {
  std::string commit;
  std::string suite;
  uint64_t first_seed = 0;
  uint64_t rounds = 0;  // Each with the next seed.
  uint64_t seconds = 0;
  std::vector<Figure> figures;
  uint64_t violations = 0;
};

class Ledger {
 public:
  explicit Ledger(std::string path) : path_(std::move(path)) {}

  [[nodiscard]] Status Append(const LedgerEntry& entry) const;
  // All entries; none if there is no file. kCorruption names a line that is no entry.
  [[nodiscard]] Result<std::vector<LedgerEntry>> Read() const;
  // The first seed that no run of that suite has used.
  [[nodiscard]] Result<uint64_t> NextSeed(const std::string& suite) const;
  // A table in Markdown: for each suite the sum of what its runs counted.
  [[nodiscard]] Result<std::string> Totals() const;

 private:
  const std::string path_;
};

// "12 crash images, 3 distinct".
[[nodiscard]] std::string Describe(const std::vector<Figure>& figures);

}  // namespace amethyst::torture
