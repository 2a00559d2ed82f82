// One client thread: draws actions and keys, carries them out on a session, and measures each.
//
// The sequence of operations is a function of the load, the workload, the seed and the thread's number alone, never of
// the engine or the time (except for workloads that end by time). Thread safety: made and run by one thread; `done` by
// any.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "bench/device_calls.h"
#include "bench/key_picker.h"
#include "bench/load.h"
#include "bench/pacer.h"
#include "bench/store.h"
#include "bench/timeline.h"

namespace amethyst::bench {

// An operation that takes longer is a stall.
inline constexpr uint64_t kStallNs = 100'000'000;

class Worker {
 public:
  struct Task {
    const Load* load = nullptr;
    const Workload* workload = nullptr;
    const ValueMaker* values = nullptr;
    KeySpace* space = nullptr;
    Store* store = nullptr;
    KeyPicker::Turn turn;
    uint64_t seed = 0;
    uint64_t begin_ns = 0;
    double rate_per_second = 0;  // Of this worker alone; 0: closed loop.
    Pacer::Keeps keeps = Pacer::Keeps::kEachStart;
    uint64_t operations = 0;                  // Ends after these,
    uint64_t end_ns = UINT64_MAX;             // or then,
    const std::atomic<bool>* stop = nullptr;  // or once this is set (by the runner, whichever thread; orders nothing).
  };

  explicit Worker(const Task& task);

  Status Run();

  // Of any thread, while it runs.
  [[nodiscard]] uint64_t done() const { return done_.load(std::memory_order_relaxed); }
  // After Run.
  [[nodiscard]] const Timeline& timeline() const { return timeline_; }
  [[nodiscard]] uint64_t lookups() const { return lookups_; }  // Of single keys,
  [[nodiscard]] uint64_t found() const { return found_; }      // and those that found theirs.
  [[nodiscard]] uint64_t entries() const { return entries_; }
  [[nodiscard]] uint64_t bytes_written() const { return bytes_written_; }
  [[nodiscard]] uint64_t aborts() const { return aborts_; }  // Of transactions; each was run again.
  // The operations that took long, some thousands at most.
  [[nodiscard]] const std::vector<Interval>& stalls() const { return stalls_; }
  // A digest of every byte read, so that reading them cannot be left out.
  [[nodiscard]] uint64_t digest() const { return digest_; }

 private:
  // Each returns how many operations it did.
  Result<uint64_t> Perform(Action action);
  Status Put(uint64_t number);
  Status PutBatch();
  Status Get(uint64_t key_number);
  Status Find(std::string_view key);
  Status MultiGet();
  Status Delete();
  Status Scan(bool reverse);
  // A seek to key_, and so many steps.
  Status Show(Cursor& cursor, bool reverse, uint64_t count);
  void ReadEntry(const Cursor& cursor);
  Result<uint64_t> Walk(bool reverse);
  Result<uint64_t> WalkBatches();
  // Makes walk_ one at the first entry (the last) unless it is under way.
  Status BeginWalk(bool reverse);
  Status Queue();
  Status DeleteRange();
  Status Merge();
  Status Push();
  // Draws the keys that are read, of which the first are written, and their new values.
  void DrawTransaction();
  // Until it is committed, with the same keys and values.
  Status Transact(bool scans);
  Status TryTransaction(bool scans);
  Status ReadAndPutBatch();

  [[nodiscard]] Action Choose();
  [[nodiscard]] uint64_t Pick() { return picker_.Next(random_); }
  void MakeKey(uint64_t number, std::string* key) const { keys_.Make(2 * number, key); }
  void Read(std::string_view bytes);

  Task task_;
  KeyMaker keys_;
  KeyPicker picker_;
  Pacer pacer_;
  base::Random random_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<Cursor> walk_;
  double weights_total_ = 0;
  uint64_t queue_tail_ = 0;

  std::string key_;
  std::string range_end_;
  std::vector<std::string> batch_keys_;
  std::vector<std::string_view> views_;
  std::vector<KeyValue> batch_;
  std::vector<std::optional<std::string_view>> values_;

  Timeline timeline_;
  std::vector<Interval> stalls_;
  std::atomic<uint64_t> done_{0};  // Stored by the worker alone; loaded for the progress line, which orders nothing.
  uint64_t lookups_ = 0;
  uint64_t found_ = 0;
  uint64_t entries_ = 0;  // That cursors showed.
  uint64_t bytes_written_ = 0;
  uint64_t aborts_ = 0;
  uint64_t digest_ = 0;
};

}  // namespace amethyst::bench
