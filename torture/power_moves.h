// What the power suites move beside their batches: a checkpoint, a store of backups, and a consumer of the change feed.
//
// The workload makes them here, and then asks of each image of a loss of power whether it holds what it must: a copy
// whose call had returned is there, one that was being made is there whole or not at all, a backup is gone only once a
// prune that removes it had begun, and each holds the content of its moment. A consumer that goes on at its cursor in
// what was recovered ends with the same content. Thread safety: one thread.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "amethyst/amethyst.h"
#include "base/random.h"
#include "simulation/serial_environment.h"
#include "torture/crash_state.h"
#include "torture/trace_file_system.h"

namespace amethyst::torture {

inline const std::string kNumberKey = "!number";      // Every batch writes its own number there,
inline const std::string kUnloggedKey = "!unlogged";  // and every write without a log how many of them there were.
inline const std::string kMoreKey = "!more";          // Written after a recovery.

class PowerMoves {
 public:
  using Map = std::map<std::string, std::string>;
  // What the database holds: the content after a batch, and so many unlogged writes.
  struct Moment {
    size_t number = 0;
    size_t unlogged = 0;
  };

  // `contents`: after each batch, the workload's; `options`: how its database is opened. Both must outlive this.
  PowerMoves(const std::vector<Map>& contents, const Options& options) : contents_(contents), options_(options) {}

  // The workload's side. The first open makes the cursor; later ones and failures end a feed.
  [[nodiscard]] Status Begin(DB& db, Trace& trace);
  void End() { feed_.reset(); }
  // A checkpoint, once; a backup; a prune; each by chance.
  [[nodiscard]] Status Copy(DB& db, const std::shared_ptr<simulation::SerialEnvironment>& environment, Trace& trace,
                            const Moment& moment, base::Random& random);
  // Takes some events; returns the last batch that was told of: it is durable.
  [[nodiscard]] Result<size_t> Consume(DB& db, Trace& trace, base::Random& random);
  // A table with these entries, numbered so that its event tells which it is, is taken in, and replaces a range.
  [[nodiscard]] Status Ingest(DB& db, const std::shared_ptr<simulation::SerialEnvironment>& environment, size_t number,
                              Map entries, const KeyRange& replaced, base::Random& random);
  // The key by which that is told; it is among the entries.
  [[nodiscard]] static std::string IngestKey(size_t number);

  // "", or what the image of a crash at that point of the trace lacks.
  [[nodiscard]] std::string CheckImage(const CrashImage& image, size_t point);
  // The same of the feed, in the database that was recovered from a crash there.
  [[nodiscard]] std::string CheckFeed(DB& db, Map found, size_t point);

  // What this came to, in numbers.
  struct Counts {
    uint64_t ingests = 0;
    uint64_t copies = 0;          // Checkpoints and backups that were made.
    uint64_t copies_checked = 0;  // Stores and checkpoints of images, different ones.
    uint64_t feeds_checked = 0;   // Databases in which a consumer went on.

    Counts& operator+=(const Counts& other);
  };
  [[nodiscard]] const Counts& counts() const { return counts_; }

 private:
  static constexpr size_t kNotYet = std::numeric_limits<size_t>::max();
  struct Made {
    Moment moment;
    size_t begun_at = kNotYet;  // These are sizes of the trace.
    size_t made_at = kNotYet;
    size_t removed_at = kNotYet;  // From then on it may be gone.
  };
  struct Consumed {
    size_t at = 0;  // The trace's size.
    size_t number = 0;
    uint64_t sequence = 0;
  };

  [[nodiscard]] Components On(std::shared_ptr<io::FileSystem> files) const;
  [[nodiscard]] Status MakeBackup(DB& db, BackupStore& store, Trace& trace, const Moment& moment);
  [[nodiscard]] Status Prune(BackupStore& store, Trace& trace, uint64_t keep);
  // The backups that it lists; all of them are whole. Images of the same bytes are looked at once.
  [[nodiscard]] const std::set<uint64_t>& BackupsIn(const CrashImage& image, std::string* wrong);
  [[nodiscard]] bool HasCheckpoint(const CrashImage& image, std::string* wrong);
  [[nodiscard]] std::string CheckDatabase(const Components& components, const std::string& path,
                                          const Moment& moment) const;

  const std::vector<Map>& contents_;
  const Options& options_;
  std::optional<Made> checkpoint_;
  std::map<uint64_t, Made> backups_;
  std::optional<Feed> feed_;
  std::vector<Consumed> consumed_;
  std::unordered_map<uint64_t, std::set<uint64_t>> seen_stores_;
  std::unordered_map<uint64_t, bool> seen_checkpoints_;
  Counts counts_;
};

}  // namespace amethyst::torture
