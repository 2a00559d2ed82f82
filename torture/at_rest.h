// Damage at rest, of every kind that damage.h makes, to a small database of all file types.
//
// The database holds puts and deletes alone, or else a second family, range deletes, operands, entries that expire or
// have expired, and tables that were ingested, of which one is in the log still.
//
// Each damaged set of files is opened, walked both ways and read key by key; every few are opened read-only, which must
// change nothing, and every few compacted, which must not launder the damage. Nothing may be silent: either some call
// gives an error, or everything that was written reads back. Only a log whose end is gone may give an earlier content,
// for what proves that there was more has gone with it. Thread safety: one suite a thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "amethyst/amethyst.h"
#include "simulation/serial_environment.h"
#include "torture/damage.h"
#include "wal/log_format.h"

namespace amethyst::torture {

struct AtRestReport {
  std::string violation;     // Empty: none.
  uint64_t corruptions = 0;  // Tried.
  uint64_t detected = 0;     // An error at open or at a read.
  uint64_t harmless = 0;     // Everything read back.
};

// How the database is left that is damaged.
enum class LeftAs : uint8_t {
  kInUse,     // Open, with tables in two levels and a log with batches that no table holds.
  kUnlogged,  // Open, its newest tables flushed from writes that no log holds: the manifest alone knows of them.
  kClosed,    // As in use, but closed, its log ended.
};
inline constexpr uint64_t kLeftAs = 3;

class AtRestSuite {
 public:
  struct Settings {
    uint64_t seed = 1;
    LeftAs left_as = LeftAs::kInUse;
    uint32_t segment_version = wal::kSegmentVersion;  // Of the log's segments: any that is read.
    uint64_t byte_stride = 1;                         // Every stride-th byte is flipped, every stride-th length tried.
    Compression compression = Compression::kLz4;
    bool all_kinds = false;  // Of entries; else puts and deletes.
  };
  explicit AtRestSuite(const Settings& settings) : settings_(settings) {}

  void Run(AtRestReport* report);

 private:
  using Map = std::map<std::string, std::string>;  // By "family/key".

  // `contents`: what it held after each of the last writes that only an open log has; at the end, in any case.
  [[nodiscard]] Files MakeDatabase(uint64_t seed, std::vector<Map>* contents) const;
  void Check(const std::string& what, const Files& damaged);
  // What the database shows to both walks and to lookups of everything in `expected`; an error if any of them fails.
  [[nodiscard]] Result<Map> ReadAll(DB& db, const std::string& what);
  [[nodiscard]] Result<Map> ReadFamily(const Family& family, const std::string& name, const std::string& what);
  void CheckCompaction(DB& db, const std::string& what, const Files& damaged);
  [[nodiscard]] bool IsRight(const Map& found, const Files& damaged) const;
  // Whether the end of the log is gone, and something in front of it.
  [[nodiscard]] bool MayBeOlder(const Files& damaged) const;
  void Violation(const std::string& text);

  const Settings settings_;
  Files files_;
  std::vector<Map> contents_;
  std::map<std::string, size_t> last_records_;  // Of each log segment: where its last record begins.
  AtRestReport* report_ = nullptr;
};

}  // namespace amethyst::torture
