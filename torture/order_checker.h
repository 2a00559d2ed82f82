// Whether a database wrote its files in an order that no loss of power can turn into a loss of data.
//
// Fed with a trace (trace_file_system.h), in which the workload notes when it opens the database and when it was told
// that all it wrote is durable. The rules, each named in what violation() says:
//
//   acknowledged   when durability was acknowledged, every log segment was synced to its end and its name durable
//   manifest       an edit that adds a table is written when the table is synced and its name durable; CURRENT is
//                  replaced when the same holds of the manifest that it will name, and of all tables in there
//   unlink         a table, segment or manifest is removed when no manifest that a crash could bring back needs it
//   latched        after a failed write or sync nothing is changed until the next open, and no sync is tried again
//   reused         no file number is given twice, but that of a file that was removed before anything referred to it,
//                  which a manifest does once CURRENT names it; the sequence numbers in the log only grow
//
// Thread safety: one thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "torture/trace_file_system.h"
#include "tree/version_edit.h"

namespace amethyst::torture {

class OrderChecker {
 public:
  // Looks at what concerns this directory; empty: at everything.
  explicit OrderChecker(std::string directory = {}) : directory_(std::move(directory)) {}

  void Apply(const TraceOperation& operation);
  // What was violated first; empty: nothing.
  [[nodiscard]] const std::string& violation() const { return violation_; }
  [[nodiscard]] uint64_t checks() const { return checks_; }

  [[nodiscard]] static std::string Check(const std::vector<TraceOperation>& operations, std::string directory = {});

 private:
  struct File {
    std::string path;
    uint64_t written = 0;  // The end of what was written.
    uint64_t synced = 0;
    bool name_is_durable = false;
    bool sync_failed = false;
    std::string bytes;    // Of logs and manifests.
    uint64_t parsed = 0;  // Up to where log records were looked at.
  };
  // What a manifest says, with all that was written to it.
  struct Manifest {
    std::map<uint64_t, uint64_t> tables;  // Number to bytes.
    uint64_t first_log_segment = 0;
    std::map<uint64_t, uint64_t> forgotten_at;  // By table: where in the file the record ends that removes it.
  };

  void Expect(bool holds, const std::string& rule, const std::string& what);
  [[nodiscard]] File* Find(const std::string& path);
  [[nodiscard]] bool IsDurable(const std::string& path);
  void CheckLatch(const TraceOperation& operation);
  void Create(const TraceOperation& operation);
  void Write(const TraceOperation& operation);
  void WriteManifest(const TraceOperation& operation);
  void ParseLog(File& file);
  void CheckTables(const Manifest& manifest, const std::string& when);
  void ReplaceCurrent(const TraceOperation& operation);
  void Rename(const TraceOperation& operation);
  void Remove(const TraceOperation& operation);
  void CheckSegmentIsObsolete(const File& file, uint64_t number);
  void CheckAcknowledged();

  const std::string directory_;
  std::string violation_;
  uint64_t checks_ = 0;
  uint64_t position_ = 0;  // In the trace.
  std::map<FileId, File> files_;
  std::map<std::string, FileId> names_;
  std::map<uint64_t, Manifest> manifests_;  // By their numbers.
  std::set<uint64_t> possible_current_;     // Manifests that CURRENT may name after a crash.
  std::set<uint64_t> numbers_;              // That files were given,
  std::set<uint64_t> referred_to_;          // and those of them that a manifest, CURRENT or a record was for.
  uint64_t last_sequence_ = 0;
  std::optional<std::string> latched_;  // A write or sync failed in this open, and which.
};

}  // namespace amethyst::torture
