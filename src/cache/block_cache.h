// The cache of blocks, index pages and filters: one per memory budget.
//
// Policies: kScanResistant (S3-FIFO) and kLru (strict within a shard, by lock and list), see replacement.h. Eviction
// clears the slot, waits out the epoch's grace period, and frees when nobody pins. Frame memory comes from slabs, so
// that what is charged is what is used (frame_memory.h). The policy's own lists cost some 20 bytes a frame on top.
//
// Invariants: a slot in state "loading" belongs to the one thread that put it there; a frame is in a queue of its shard
// exactly while it is in its slot; both change together under the shard's lock. Thread safety: any thread at once.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "amethyst/error.h"
#include "amethyst/options.h"
#include "base/function_ref.h"
#include "base/mutex.h"
#include "cache/frame.h"
#include "cache/replacement.h"

namespace amethyst::cache {

class FrameMemory;

struct CacheStats {
  uint64_t hits = 0;    // Counted by RecordHit and GetOrLoad.
  uint64_t misses = 0;  // Loads.
  uint64_t evictions = 0;
  uint64_t passed_in_use = 0;   // Frames that searches for what to evict found in use.
  uint64_t resident_bytes = 0;  // Frames in slots.
  uint64_t charged_bytes = 0;   // All frame memory, pinned and awaiting its grace period included.
  uint64_t capacity_bytes = 0;
  uint64_t pinned_bytes = 0;  // Of what is charged: that which only pins keep, or keep beyond the capacity.
};

class BlockCache {
 public:
  struct Settings {
    size_t capacity_bytes = 0;
    CachePolicy policy = CachePolicy::kScanResistant;
    uint32_t shards = 0;  // 0: chosen. Else a power of two. Tests against the reference model use 1.
  };
  explicit BlockCache(const Settings& settings);
  ~BlockCache();  // No slot refers to any frame any more; pinned frames may outlive it.

  // The frame in `slot`, pinned, loading it if need be. Concurrent misses on one slot load once; the others wait, and
  // try for themselves if that failed. `parent`, the frame whose payload holds `slot` or nullptr for a table's own
  // slot, is pinned by the caller. Never inside an epoch. `load` makes the frame with NewFrame and fills it; it runs
  // without any lock held and may fail. A full cache leaves a data frame to the caller alone if the policy would not
  // have it (Replacement::AdmitsRead), or if no room could be made for it.
  [[nodiscard]] Result<FrameRef> GetOrLoad(Slot& slot, Frame* parent, base::FunctionRef<Result<FrameRef>()> load);

  // Publishes `frame`, filled, in `slot` if that is empty (else drops it): how a table writer hands its fresh blocks
  // over.
  void Insert(Slot& slot, Frame* parent, FrameRef frame);

  // Whether a frame that hangs nowhere and that a long scan has read is worth a place: it was read before, not longer
  // ago than the cache would hold it. If not, that it was read is remembered. Always under kLru.
  [[nodiscard]] bool AdmitsScanned(const Frame& frame);

  // A frame with room for `payload_bytes`, zeroed first 64 bytes and otherwise uninitialised, charged at once; evicts
  // to make room. When everything is pinned it still succeeds, over capacity. It gives up soon then: a search looks at
  // some frames only, and after one in vain the next calls do without. With no slot to hang in, a frame is freed at its
  // last unpin. Never inside an epoch, nor in a function deferred to an epoch's end.
  [[nodiscard]] FrameRef NewFrame(FrameKind kind, FrameIdentity identity, size_t payload_bytes);

  // Takes the frame out of `slot`, if any (one that is being loaded is waited for): before the slot's memory goes. The
  // frame must not own resident slots. Never inside an epoch.
  void Evict(Slot& slot);

  // A hit in a slot, counted; under kLru also moves the frame to the front (inside an epoch only if no other thread is
  // at it).
  void RecordHit(Frame* frame);
  // As many hits, counted, for callers that batch them. Not under kLru, which must know the frames.
  void RecordHits(uint64_t count);
  [[nodiscard]] CachePolicy policy() const { return policy_; }

  // Grows, or shrinks: kNow evicts down to it as far as pins allow (never inside an epoch, nor in a deferred function),
  // kLater leaves that to the next NewFrame calls.
  enum class Shrink { kNow, kLater };
  void SetCapacity(size_t capacity_bytes, Shrink shrink = Shrink::kNow);
  [[nodiscard]] CacheStats stats() const;

 private:
  struct Shard {
    explicit Shard(CachePolicy policy) : replacement(policy) {}
    mutable base::Mutex mutex{base::LockRank::kCacheShard};
    Replacement replacement AMETHYST_GUARDED_BY(mutex);
    std::atomic<size_t> bytes{0};  // Of the replacement, as last noted: a hint for those who look at all shards.

    void NoteBytes() AMETHYST_REQUIRES(mutex) { bytes.store(replacement.bytes(), std::memory_order_relaxed); }
  };
  // Where threads wait for loads that others do, by a hash of the slot's address.
  struct Latch {
    base::Mutex mutex{base::LockRank::kCacheLoad};
    base::CondVar loaded;
  };
  // Figures of the threads that share this cell; relaxed sums.
  struct alignas(64) Counters {
    std::atomic<uint64_t> hits{0};
    std::atomic<uint64_t> misses{0};
    std::atomic<uint64_t> evictions{0};
  };
  static constexpr size_t kLatches = 64;
  static constexpr size_t kCounters = 32;

  [[nodiscard]] Shard& ShardOf(const Frame& frame) {
    return *shards_[(static_cast<uint64_t>(frame.identity()) >> 32) % shards_.size()];
  }
  [[nodiscard]] Latch& LatchOf(const Slot& slot);
  [[nodiscard]] Counters& MyCounters();
  void WaitForLoad(Slot& slot);
  [[nodiscard]] bool AdmitsRead(const Frame& frame);
  void Publish(Slot& slot, Frame* parent, Frame* frame);
  void AbandonLoad(Slot& slot);
  void WakeWaiters(Slot& slot);
  [[nodiscard]] Shard& FullestShard();
  // Makes room and takes it; nullptr if that would take long.
  [[nodiscard]] Frame* NewFrameInRoomMade(FrameKind kind, FrameIdentity identity, size_t payload_bytes);
  // Whether to look for frames to evict; not for a while after a search in vain.
  [[nodiscard]] bool SearchIsDue();
  // Each search passes `passed_max` frames in use and no more.
  [[nodiscard]] size_t EvictBytes(size_t wanted_bytes, size_t passed_max);
  [[nodiscard]] size_t EvictSparsestSlab();
  void ShrinkToCapacity();
  [[nodiscard]] bool TakeOut(Frame& frame, uint32_t references_max);
  void RetireChain(Frame* chain);

  const CachePolicy policy_;
  std::vector<std::unique_ptr<Shard>> shards_;  // Constant once built.
  FrameMemory* const memory_;                   // Deletes itself, see Disown.
  std::array<Latch, kLatches> latches_;
  std::array<Counters, kCounters> counters_;
  std::atomic<uint32_t> searches_to_omit_{0};  // A hint, counted down by all threads.
};

}  // namespace amethyst::cache
