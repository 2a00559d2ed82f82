// Writes of commands that are through, on their way to the engine as one batch.
//
// A write of its own for each command costs the engine more than the entries do, and no client is answered before the
// turn ends. So the commands of a turn share one batch. Who reads must ask MayHold first, and have the batch written
// where it says yes; a walk always has it written. The cache of records has what is pending, so most commands need not.
// Thread safety: one thread, the server's loop.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "amethyst/write_batch.h"
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
  [[nodiscard]] bool empty() const { return batch_.Empty(); }
  // There is enough for a batch.
  [[nodiscard]] bool is_full() const { return batch_.ByteSize() >= kBytesMax; }
  // False: none of them writes the key.
  [[nodiscard]] bool MayHold(uint64_t hash) const { return !empty() && written_[BitOf(hash)]; }
  [[nodiscard]] bool ChangesOrder() const { return !order_.empty(); }
  // Writes them. After an error none of them has happened.
  [[nodiscard]] Status Flush();

 private:
  static constexpr size_t kBytesMax = size_t{128} << 10;  // The smallest engine takes batches of 1 MiB.
  static constexpr size_t kBits = 8192;

  [[nodiscard]] static size_t BitOf(uint64_t hash) { return hash % kBits; }

  Space& space_;
  WriteBatch batch_;
  std::bitset<kBits> written_;
  std::vector<Changes::Count> counts_;
  std::vector<OrderChange> order_;
  RecordPut record_;  // That the batch ends with.
};

}  // namespace amethyst::server
