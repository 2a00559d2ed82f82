// Real processes killed with SIGKILL in the middle of their work, again and again, on one database.
//
// A forked child opens the database and writes with several threads, kSync and kBuffered mixed, while flushes and
// compactions run; it tells each acknowledgement through a pipe. After a random moment it is killed, and the parent
// opens what is left: every acknowledged write must be there, every batch whole, and nothing be there that was never
// written. A batch has parts in two families, adds to a counter by its merge operator, deletes a range, and puts an
// entry that expires later and one that has expired. Every second time the parent opens read-only, so that the next
// child recovers a log that nobody has touched. Thread safety: the calling process must have no other threads while it
// runs, for it forks.
#pragma once

#include <cstdint>
#include <string>

namespace amethyst::torture {

struct KillSettings {
  uint64_t seed = 1;
  uint64_t rounds = 40;
  std::string path;  // A directory of its own, on a real file system.
};

struct KillReport {
  std::string violation;        // Empty: none.
  uint64_t copies_checked = 0;  // Checkpoints and restored backups.
  uint64_t rounds = 0;
  uint64_t counted_rounds = 0;  // Those in which acknowledged writes were in the log alone.
  uint64_t acknowledged = 0;    // Writes.
  uint64_t recovered = 0;       // Batches that were read back from logs.
  uint64_t torn_tails = 0;
};

// Stops at the first violation.
[[nodiscard]] KillReport KillRounds(const KillSettings& settings);

}  // namespace amethyst::torture
