// The memory that frames live in: slabs of huge pages, so that what is charged is what the process really holds.
//
// A slab is 2 MiB (128 KiB under a capacity of less than 64 MiB), cut into units of 512 bytes; a frame takes a run of
// units, next fit, and neighbours that are freed merge by themselves, because the only record is a bitmap. Data frames
// have slabs of their own: index frames are pinned by their children and would keep slabs from emptying. Frames of more
// than half a slab are mapped alone, in pages. taken_bytes() counts whole slabs and pages: nothing else is held. Slabs
// that have become empty are kept, a quarter of the capacity at the most and while there are frames, and counted too:
// a fresh one has to be cleared by the kernel, which costs the first thread that touches it a millisecond or more.
// Rounding loses 256 bytes a frame on average; smaller units would leave holes that fit nothing and make every search
// longer. Holes cost hits, never memory: New refuses to grow beyond the capacity, so a caller who needs room evicts,
// and where holes are scattered empties the sparsest slab (PinSparsestSlab). Measured with mixed sizes, 84 to 94 % of a
// full cache is frames, the least just after a change of block size.
//
// A small frame for which no room can be made is LOOSE: it has memory of its own from the heap, beyond the capacity, so
// that no slab has to be taken, cleared and given back for it. It is meant for its reader alone, or to be evicted soon.
//
// Outlives its cache until the last frame is freed (Disown). Thread safety: any thread at once.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/mutex.h"
#include "cache/frame.h"

namespace amethyst::cache {

class FrameMemory final : public FrameOwner {
 public:
  struct Slab;
  enum class Limit { kCapacity, kNone };

  explicit FrameMemory(size_t capacity_bytes);
  FrameMemory(const FrameMemory&) = delete;
  FrameMemory& operator=(const FrameMemory&) = delete;

  // A frame with one reference, the first 64 bytes of its payload zeroed, the rest as it comes. nullptr if that would
  // take more memory than the capacity, or than the system gives; with Limit::kNone, alone, only than the system gives.
  [[nodiscard]] Frame* New(FrameKind kind, FrameIdentity identity, size_t payload_bytes, Limit limit);
  void Free(Frame* frame) override;

  void SetCapacity(size_t capacity_bytes);
  [[nodiscard]] size_t capacity_bytes() const { return capacity_bytes_.load(std::memory_order_relaxed); }
  // Whether a frame of that size is mapped alone.
  [[nodiscard]] bool IsAlone(size_t payload_bytes) const { return sizeof(Frame) + payload_bytes > slab_bytes_ / 2; }
  // Held from the operating system.
  [[nodiscard]] size_t taken_bytes() const { return taken_bytes_.load(std::memory_order_relaxed); }
  // What can be used before anything must be evicted: not yet taken, free in slabs, or evicted and about to be freed.
  [[nodiscard]] size_t headroom_bytes() const;
  // Taken beyond the capacity.
  [[nodiscard]] size_t excess_bytes() const;

  // Whether a frame's room most likely has to be made: no slab can be had, and what is free in slabs may be but holes.
  [[nodiscard]] bool IsFull() const;

  // Pins all frames of the slab of data frames that holds the least, for its emptying.
  [[nodiscard]] std::vector<FrameRef> PinSparsestSlab();

  // The cache reports frames on their way out: evicted, and when the grace period is over.
  void OnEvicted(size_t frame_bytes) {
    outside_bytes_.fetch_add(frame_bytes, std::memory_order_relaxed);
    awaiting_grace_bytes_.fetch_add(frame_bytes, std::memory_order_relaxed);
  }
  void OnGraceOver(Frame* frame) override;
  [[nodiscard]] size_t awaiting_grace_bytes() const { return awaiting_grace_bytes_.load(std::memory_order_relaxed); }
  // And frames that have come to hang in a slot.
  void OnPublished(size_t frame_bytes) { outside_bytes_.fetch_sub(frame_bytes, std::memory_order_relaxed); }
  // Frames that hang in no slot and wait for no grace period: those that only pins keep.
  [[nodiscard]] size_t pinned_bytes() const;

  // The cache is gone: deletes this now, or with the last frame.
  void Disown();

 private:
  struct Arena {
    std::vector<Slab*> slabs;
    size_t cursor = 0;        // Where the last frame found room.
    size_t free_run_max = 0;  // No run of free units in any slab is longer: what is longer need not be looked for.
  };

  ~FrameMemory() = default;  // By Disown or Free.
  [[nodiscard]] Frame* Place(FrameKind kind, FrameIdentity identity, size_t payload_bytes, Limit limit);
  [[nodiscard]] Frame* NewAlone(FrameKind kind, FrameIdentity identity, size_t payload_bytes, Limit limit);
  [[nodiscard]] Frame* NewLoose(FrameKind kind, FrameIdentity identity, size_t payload_bytes);
  // nullptr, for a frame outside of the slabs that has been counted, and that the system gives no memory for.
  [[nodiscard]] Frame* Refused(size_t bytes) AMETHYST_EXCLUDES(mutex_);
  [[nodiscard]] Frame* PlaceInSlabs(FrameKind kind, FrameIdentity identity, size_t payload_bytes)
      AMETHYST_REQUIRES(mutex_);
  [[nodiscard]] Frame* PlaceIn(Slab& slab, FrameKind kind, FrameIdentity identity, size_t payload_bytes)
      AMETHYST_REQUIRES(mutex_);
  [[nodiscard]] bool Take(size_t bytes, Limit limit) AMETHYST_REQUIRES(mutex_);
  void ReleaseUnits(Frame* frame) AMETHYST_REQUIRES(mutex_);
  [[nodiscard]] Slab* TakeSpare() AMETHYST_REQUIRES(mutex_);
  // Gives up spares as long as there are too many, or until `bytes` more fit; what it returns is for UnmapSlabs.
  [[nodiscard]] Slab* DropSpares(size_t bytes = 0) AMETHYST_REQUIRES(mutex_);
  [[nodiscard]] Slab* SlabOf(const Frame* frame) const;
  // nullptr: the system gives no memory.
  [[nodiscard]] Slab* MapSlab();
  static void UnmapSlabs(Slab* chain);  // Needs no memory of its own any more: the last frame may take that along.
  [[nodiscard]] Arena& ArenaOf(FrameKind kind) AMETHYST_REQUIRES(mutex_) {
    return kind == FrameKind::kData ? data_ : index_and_filter_;
  }

  const size_t slab_bytes_;
  // Relaxed sums, read without the lock as hints and statistics; those up to spare_count_ are written under it alone.
  std::atomic<size_t> capacity_bytes_;
  std::atomic<size_t> taken_bytes_{0};
  std::atomic<size_t> free_unit_bytes_{0};
  std::atomic<size_t> spare_count_{0};
  std::atomic<size_t> awaiting_grace_bytes_{0};
  std::atomic<size_t> outside_bytes_{0};  // Of frames that hang in no slot.
  base::Mutex mutex_{base::LockRank::kFrameMemory};
  Arena data_ AMETHYST_GUARDED_BY(mutex_);
  Arena index_and_filter_ AMETHYST_GUARDED_BY(mutex_);
  Slab* spares_ AMETHYST_GUARDED_BY(mutex_) = nullptr;  // Empty slabs, linked.
  size_t live_frames_ AMETHYST_GUARDED_BY(mutex_) = 0;
  bool disowned_ AMETHYST_GUARDED_BY(mutex_) = false;
};

}  // namespace amethyst::cache
