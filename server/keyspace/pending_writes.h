// Writes of commands that are through, on their way to the engine as one batch.
//
// A write of its own for each command costs the engine more than the entries do, and no client is answered before the
// turn ends. So the commands of a turn share one batch. Where that has grown, another thread writes it, while the loop
// collects the next one. Who reads must ask MayHold first, and have all written where it says yes; a walk always has it
// written. The cache of records has what is pending, so most commands need not.
// Thread safety: one thread, the server's loop.
#pragma once

#include <bitset>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "amethyst/write_batch.h"
#include "base/mutex.h"
#include "io/environment.h"
#include "server/keyspace/order_bounds.h"
#include "server/keyspace/space.h"

namespace amethyst::server {

// A record that was put, and the batch before that.
struct RecordPut {
  bool is_there = false;
  std::string keys_key{};
  WriteBatch::Savepoint before{};
};

// What a command changes, beside its batch.
struct Changes {
  struct Count {
    uint16_t stored;  // Database.
    int64_t keys = 0;
    int64_t expiring = 0;
  };
  std::vector<uint64_t> keys{};  // That are written, as PendingWrites::HashOf has them.
  std::vector<Count> counts{};
  std::vector<OrderChange> order{};  // Of bounds, from the first that narrows on: for after the commit.
  bool has_ranges = false;           // Of keys: `keys` does not say it all.
  RecordPut record{};                // The last one.

  void Clear();
};

class PendingWrites {
 public:
  // `space` outlives this.
  explicit PendingWrites(Space& space) : space_(space) {}

  [[nodiscard]] static uint64_t HashOf(Part part, std::string_view key);
  // So much at once is not worth the copy.
  static constexpr size_t kCommandBytesMax = size_t{16} << 10;

  // Takes over what a command writes, without ranges and not more than kCommandBytesMax. It counts from here on.
  void Add(const WriteBatch& batch, const Changes& changes);
  [[nodiscard]] bool empty() const { return !is_handed_over_ && next_.batch.Empty(); }
  // There is enough for a batch.
  [[nodiscard]] bool is_full() const { return next_.batch.ByteSize() >= kBytesMax; }
  // False: none of them writes the key.
  [[nodiscard]] bool MayHold(uint64_t hash) const {
    return (!next_.batch.Empty() && next_.written[BitOf(hash)]) ||
           (is_handed_over_ && handed_over_.written[BitOf(hash)]);
  }
  [[nodiscard]] bool ChangesOrder() const {
    return !next_.order.empty() || (is_handed_over_ && !handed_over_.order.empty());
  }

  // Another thread has a batch, and nobody has asked yet what became of it.
  [[nodiscard]] bool is_handed_over() const { return is_handed_over_; }
  // What was added since is worth another thread's while, and the batch that was handed over is written.
  [[nodiscard]] bool MayHandOver() AMETHYST_EXCLUDES(mutex_);
  // Another thread writes what was added; none must be handed over. False: there is no memory for that.
  bool HandOver() AMETHYST_EXCLUDES(mutex_);
  // Waits for the batch that was handed over. After an error nothing that was pending has happened.
  [[nodiscard]] Status TakeBack() AMETHYST_EXCLUDES(mutex_);
  // Writes what was added; none must be handed over. After an error none of it has happened.
  [[nodiscard]] Status Flush();

 private:
  static constexpr size_t kBytesMax = size_t{128} << 10;          // The smallest engine takes batches of 1 MiB.
  static constexpr size_t kHandedOverBytesMin = size_t{8} << 10;  // Waking a thread costs as much as some of it.
  static constexpr size_t kBits = 8192;

  struct Batch {
    WriteBatch batch{};
    std::bitset<kBits> written{};
    std::vector<Changes::Count> counts{};
    std::vector<OrderChange> order{};
    RecordPut record{};  // That the batch ends with.

    void Clear();
  };

  [[nodiscard]] static size_t BitOf(uint64_t hash) { return hash % kBits; }
  // What follows from that the batch is written, or is lost; it is empty then.
  void Settle(Batch& batch, bool is_written);

  Space& space_;
  Batch next_;
  Batch handed_over_;  // Its `batch` is the other thread's until `outcome_` is there.
  bool is_handed_over_ = false;
  base::Mutex mutex_{base::LockRank::kProgram};
  base::CondVar written_;
  std::optional<Status> outcome_ AMETHYST_GUARDED_BY(mutex_);
  std::unique_ptr<io::Executor> writer_;  // Made when it is needed. Ends first.
};

}  // namespace amethyst::server
