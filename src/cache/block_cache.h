// The cache of blocks, index pages and filters: one per memory budget.
//
// Policies: kScanResistant (S3-FIFO, Yang et al. 2023: a small probationary queue, a main queue, a ghost list; hits only raise a
// saturating counter in the frame) and kLru (strict within a shard, by lock and list). Eviction clears the slot, waits out the
// epoch's grace period, and frees when nobody pins. Frame memory comes from slabs, so that what is charged is what is used.
// Thread safety: any thread at once. Lock rank: cache shard locks are leaves (nothing is locked under them).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "amethyst/error.h"
#include "amethyst/options.h"
#include "base/function_ref.h"
#include "cache/frame.h"

namespace amethyst::cache {

struct CacheStats {
  uint64_t hits = 0;    // Counted by RecordHit (callers batch them).
  uint64_t misses = 0;  // Loads.
  uint64_t evictions = 0;
  uint64_t resident_bytes = 0;   // Frames in slots.
  uint64_t charged_bytes = 0;    // All frame memory, pinned and awaiting their grace period included.
  uint64_t capacity_bytes = 0;
};

class BlockCache {
 public:
  struct Settings {
    size_t capacity_bytes = 0;
    CachePolicy policy = CachePolicy::kScanResistant;
    uint32_t shards = 0;  // 0: chosen. Tests against the reference model use 1.
  };
  explicit BlockCache(const Settings& settings);
  ~BlockCache();  // No slot refers to any frame any more; pinned frames may outlive it.

  // The frame in `slot`, pinned, loading it if need be. Concurrent misses on one slot load once; the others wait. `parent`, the
  // frame whose payload holds `slot` or nullptr for a table's own slot, is pinned by the caller. Never inside an epoch.
  // `load` makes the frame with NewFrame and fills it; it runs without any lock held and may fail.
  [[nodiscard]] Result<FrameRef> GetOrLoad(Slot& slot, Frame* parent, base::FunctionRef<Result<FrameRef>()> load);

  // Publishes `frame`, filled, in `slot` if that is empty (else drops it): how a table writer hands its fresh blocks over.
  void Insert(Slot& slot, Frame* parent, FrameRef frame);

  // A frame with room for `payload_bytes`, zeroed first 64 bytes and otherwise uninitialised, charged at once; evicts to make
  // room. When everything is pinned it still succeeds, over capacity: callers' pins are reported on top. With no
  // slot to hang in, it is freed at its last unpin.
  [[nodiscard]] FrameRef NewFrame(FrameKind kind, size_t payload_bytes);

  // Takes the frame out of `slot`, if any: before the slot's memory goes. The frame must not own resident slots.
  void Evict(Slot& slot);

  // Hits in slots, counted; under kLru also moves the frame to the front.
  void RecordHit(Frame* frame);
  [[nodiscard]] CachePolicy policy() const;

  // Shrinks or grows; evicts down to it as far as pins allow.
  void SetCapacity(size_t capacity_bytes);
  [[nodiscard]] CacheStats stats() const;
};

}  // namespace amethyst::cache
