// Which versions of a key a rewrite keeps: a pure decision, shared by flush and compaction.
//
// Versions come newest first. A version is kept if it is the newest that some snapshot, or a reader at the newest sequence, sees. A
// tombstone that would be kept goes as well if nothing older of its key can lie below (older runs, levels, running outputs), and
// every snapshot that sees it would see absence anyway. A put that lies at the bottom below all snapshots has its sequence set to 0.
// Thread safety: one thread at a time.
#pragma once

#include <span>
#include <vector>

#include "key/types.h"

namespace amethyst::compaction {

class Retention {
 public:
  // `snapshots`: ascending; all that are live when the job starts. Later ones see at least everything that the inputs hold.
  explicit Retention(std::vector<key::SequenceNumber> snapshots);

  enum class Verdict : uint8_t { kKeep, kKeepAsOldest, kDrop };

  // A new key begins. `nothing_below`: no older version of it lies outside this job's inputs.
  void StartKey(bool nothing_below);
  // The next version of the key. kKeepAsOldest: keep it with sequence 0.
  [[nodiscard]] Verdict Decide(key::Tag tag);

 private:
  std::vector<key::SequenceNumber> snapshots_;
  size_t last_stripe_ = 0;
  bool first_ = true;
  bool nothing_below_ = false;
};

}  // namespace amethyst::compaction
