// Simulated loss of power at every I/O operation of transactions.
//
// A workload keeps several transactions open on one database, on one thread over a traced file system: both isolation
// levels, savepoints, range deletes, merges, expiries, two families, each commit with a durability of its own. Beside
// them come Transact calls that meet a conflict, indexed batches, conditional writes, flushes, compactions and opens.
// Then, at every point of the trace and under every model of a disk, the image that a power loss leaves is opened. The
// oracle is that of the model (model_content.h): each transaction that was committed is there whole or not at all,
// those that were acknowledged as durable are there, and none is there without an earlier one. Nothing is there of one
// that was refused, rolled back, or still open. Behind some recoveries one more transaction is committed, and power is
// lost again. Everything follows from the seed. Thread safety: one suite a thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "amethyst/amethyst.h"
#include "base/random.h"
#include "simulation/serial_environment.h"
#include "torture/crash_state.h"
#include "torture/history_writes.h"
#include "torture/model_content.h"
#include "torture/trace_file_system.h"

namespace amethyst::torture {

struct TransactionLossReport {
  std::string violation;  // Empty: none.
  uint64_t images = 0;    // Opened and checked.
  uint64_t distinct_images = 0;
  uint64_t recovery_images = 0;  // Of images, those from a crash of a recovery, or behind it.
  uint64_t transactions = 0;     // That ended. Of these:
  uint64_t committed = 0;
  uint64_t refused = 0;
  uint64_t left_open = 0;        // Rolled back, or open when the database was closed.
  uint64_t other_writes = 0;     // Indexed batches, conditional writes, batches.
  uint64_t within_a_commit = 0;  // Images of a point at which a commit was under way.
  uint64_t failed_syncs = 0;
  uint64_t order_checks = 0;
};

inline constexpr const char* kLossDirectory = "/db";

class TransactionLossSuite {
 public:
  struct Settings {
    uint64_t seed = 1;
    uint64_t steps = 250;
    uint64_t recovery_crash_one_in = 12;  // How many images have power lost again.
  };
  explicit TransactionLossSuite(const Settings& settings) : settings_(settings), random_(settings.seed) {}

  // Runs one workload and checks all its crash images, adding to `report`; stops at the first violation.
  void Run(TransactionLossReport* report);

 private:
  // One that is under way, and what it has written so far.
  struct Open {
    Transaction transaction;
    HistoryOps own{};
    std::vector<HistoryOps> savepoints{};
  };
  // What the oracle knows from a size of the trace on.
  struct Bounds {
    size_t trace_size = 0;
    ModelContent content;
    uint64_t wall_ms = 0;
    bool within_commit = false;
  };
  // What keeps one life of the database.
  struct Disk {
    std::shared_ptr<simulation::SerialEnvironment> environment;
    std::unique_ptr<DB> db;
    std::optional<Family> lists;
  };
  struct Recovered {
    std::string problem;
    ModelContent content;
    Disk disk;
  };

  // --- The workload (transaction_loss.cc) ---
  void RunWorkload();
  [[nodiscard]] Options DrawOptions();
  void OpenAgain();
  // After a failed sync: what is there now is what the workload goes on from.
  void OpenAfterFailure();
  void CloseAndOpen();
  void Maintain();
  void Step();
  void StepWithin(std::optional<Open>& client);
  void Commit(Open& open);
  void TransactCall();
  void PutBeside(const std::string& key);
  template <typename Batch>
  void WriteBatched(Batch batch);
  void WriteOnCondition();
  // Enters so many writes into anything that takes them, and what they come to into `ops`.
  template <typename Target>
  void EnterSome(Target& target, uint64_t count, HistoryOps* ops);
  [[nodiscard]] Durability DrawCommitDurability();
  [[nodiscard]] uint64_t NowMs() const;
  // False, too, after a failed sync; that is no violation.
  template <typename T>
  bool Ok(const Result<T>& result, const char* what);
  void Note(bool within_commit = false);
  // Before a write is committed: from its first operation on it may survive.
  void NoteAttempt(const ModelWrite& write);
  // What came of it.
  void Conclude(const Status& done, ModelWrite write);

  // --- The images (transaction_loss_images.cc) ---
  void CheckAllPoints();
  void CheckImage(const CrashImage& image, const Bounds& bounds, const std::string& where);
  // Commits one more transaction, and loses power within all that was done since `image`, or behind it.
  void LoseAgain(const CrashImage& image, TraceFileSystem& files, Recovered recovered, const std::string& where);
  [[nodiscard]] Recovered Recover(std::shared_ptr<io::FileSystem> files, const ModelContent& content, uint64_t wall_ms);
  // Takes what is there for the content; "", or why it cannot be.
  enum class Loss : uint8_t { kProcess, kPower };
  [[nodiscard]] std::string Settle(const Disk& disk, Loss loss, ModelContent* content) const;

  // Opens on `files` at that wall time. "", or why not.
  [[nodiscard]] std::string OpenDisk(std::shared_ptr<io::FileSystem> files, uint64_t wall_ms, Disk* disk) const;
  void Violation(const std::string& text);

  const Settings settings_;
  base::Random random_;
  HistoryFamilies families_;
  Options options_;
  std::shared_ptr<TraceFileSystem> files_;
  Disk disk_;
  std::array<std::optional<Open>, 3> clients_;
  ModelContent content_;
  bool failed_ = false;        // A sync has failed, and the database was not opened since.
  bool write_failed_ = false;  // The content knows of the write that met it.
  std::vector<Bounds> bounds_;
  uint64_t names_ = 0;
  TransactionLossReport* report_ = nullptr;
};

}  // namespace amethyst::torture
