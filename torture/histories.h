// Random histories of transactions of several clients on one database, each judged as a whole.
//
// The clients take turns on one thread, by a schedule from the seed, so a history repeats exactly; flushes, compactions
// and time come in between. A history is a list of steps, each of one client and with a seed of its own, so one that
// fails is cut down to the few steps that show it. Held against the database, beside what each call returns:
//
// - Every read shows the database as of its transaction's begin, with the transaction's own writes on top; every
//   commit that has returned before is in it.
// - What a kSerializable transaction has read would be the same at its commit; what a kSnapshot one has written was
//   changed by nobody since its begin.
// - Dependencies between transactions form no circle (history_graph.h); not where kSnapshot allows for one.
// - A conflict has a reason: something was written where it read or wrote. Over points alone, something has changed.
//
// Thread safety: one history a thread.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "amethyst/amethyst.h"
#include "base/random.h"
#include "simulation/serial_environment.h"
#include "torture/history_graph.h"
#include "torture/history_transaction.h"
#include "torture/history_walk.h"
#include "torture/history_writes.h"

namespace amethyst::torture {

enum class HistoryCounter : uint8_t {
  kHistories,
  kWithConflicts,  // Histories.
  kTransactions,   // That ended, by Commit or Rollback. Of these:
  kCommitted,
  kConflicts,
  kReadOnly,
  kRolledBack,
  kFalseInRange,
  kFalseOwnWrite,
  kFalseExpired,
  kFalseWrittenKey,
  kFalseCoarse,
  kReads,
  kWalks,
  kPlainWrites,
  kFlushes,
  kCompactions,
  kCount
};
inline constexpr std::array<std::string_view, static_cast<size_t>(HistoryCounter::kCount)> kHistoryCounterNames = {
    "histories",
    "of them with conflicts",
    "transactions",
    "committed",
    "conflicts",
    "read-only",
    "rolled back",
    "false conflicts in ranges",
    "of own writes that were read",
    "of what expired",
    "of keys written under kSnapshot",
    "of read sets that ran full",
    "reads",
    "walks",
    "plain writes",
    "flushes",
    "compactions"};

struct HistoryReport {
  std::string violation;  // Empty: none.
  std::array<uint64_t, static_cast<size_t>(HistoryCounter::kCount)> counters{};
  uint64_t least_transactions = std::numeric_limits<uint64_t>::max();  // Of a history.
  std::vector<std::string> told;                                       // Each step in words, if asked for.

  void Count(HistoryCounter counter, uint64_t number = 1) { counters[static_cast<size_t>(counter)] += number; }
  [[nodiscard]] uint64_t operator[](HistoryCounter counter) const { return counters[static_cast<size_t>(counter)]; }
  HistoryReport& operator+=(const HistoryReport& other);
};

struct HistorySettings {
  uint64_t seed = 1;
  uint64_t steps = 4000;                                         // At most.
  uint64_t transactions = std::numeric_limits<uint64_t>::max();  // The history ends after that number.
  uint64_t keys_max = 40;                                        // Of both families; at least a quarter of it.
};
// Of a run of many: one in 256 takes 4,000 steps, some 630 transactions; the others end after 24 to 48 transactions,
// and have fewer keys, so that as many conflict.
[[nodiscard]] HistorySettings SettingsOf(uint64_t seed);

struct HistoryStep {
  uint32_t client = 0;
  uint64_t seed = 0;
};
[[nodiscard]] std::vector<HistoryStep> DrawHistory(const HistorySettings& settings);

class History {
 public:
  explicit History(const HistorySettings& settings, bool tell = false);
  [[nodiscard]] HistoryReport Run(const std::vector<HistoryStep>& steps);
  // How many of the steps it took.
  [[nodiscard]] uint64_t steps() const { return steps_; }

 private:
  // Drawn once; each is left out of many histories.
  struct Traits {
    bool expiries = false;
    bool long_keys = false;       // So that read sets run full.
    uint64_t snapshots_in_4 = 0;  // Transactions of kSnapshot.
    uint64_t maintenance_one_in = 0;
  };
  struct Open {
    Transaction transaction;
    HistoryTransaction known;
    std::optional<HistoryWalk> walk{};
    size_t walk_family = 0;
    HistoryOpsPtr walk_own{};
  };
  struct Pinned {
    Snapshot snapshot;
    HistoryMoment moment;
  };
  struct Client {
    std::optional<Open> open{};
    std::optional<Pinned> pinned{};
  };
  struct Disk {
    std::shared_ptr<simulation::SerialEnvironment> environment;
    std::unique_ptr<DB> db;
    std::optional<Family> lists;
  };

  [[nodiscard]] std::string OpenDatabase(bool is_new);
  void Take(const HistoryStep& step);
  void StepWithin(Client& client);
  void Outside(Client& client);
  void Begin(Client& client);
  void Maintain();
  void PassTime();

  void Get(Open& open);
  void MultiGet(Open& open);
  void Walk(Open& open);
  void StartWalk(Open& open);
  void EndWalk(Open& open);
  void Write(Open& open);
  void Savepoint(Open& open);
  void Commit(Client& client);
  // `before_ms`: when the commit was called.
  void Judge(const Open& open, const Status& done, bool writes, uint64_t before_ms);
  void CountConflict(const Open& open);

  void PlainWrite();
  void PlainCondition();
  void PlainSnapshot(Client& client);
  void CheckContent(const char* what);
  void NoteWrite(const std::string& name, const HistoryOps& ops, const std::vector<HistoryFootprint>& footprints,
                 std::vector<HistoryGraph::Read> reads, size_t commits_before_begin);

  [[nodiscard]] uint64_t NowMs() const;
  [[nodiscard]] HistoryMoment Now() const;
  [[nodiscard]] std::string NewName();
  void CheckShown(const char* what, const HistoryKey& key, const Result<std::optional<std::string>>& found,
                  const std::optional<std::string>& expected);
  bool Ok(const Status& status, const char* what);
  void Tell(std::string text);
  void Violation(std::string text);

  const HistorySettings settings_;
  const bool tell_;
  base::Random random_;  // Of the present step.
  Traits traits_;
  HistoryFamilies families_;
  std::optional<HistoryDraws> draws_;
  Disk disk_;
  std::vector<Client> clients_;
  HistoryContentPtr content_;
  std::vector<HistoryFootprint> footprints_;
  HistoryGraph graph_;
  uint64_t names_ = 0;
  uint64_t steps_ = 0;
  HistoryReport report_;
};

// Runs the history of `settings`. One that fails is shrunk, and its steps are told with the violation.
[[nodiscard]] HistoryReport RunHistory(const HistorySettings& settings);

[[nodiscard]] uint64_t ConflictsOf1000(const HistoryReport& totals);
// "", or why the histories that `totals` adds up prove too little: one has fewer than 20 transactions, or, of
// 10,000 histories and more, less than a fifth of the transactions met a conflict.
[[nodiscard]] std::string ShortfallOf(const HistoryReport& totals);

}  // namespace amethyst::torture
