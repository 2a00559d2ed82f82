#include "cache/block_cache.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <new>

#include "base/assert.h"
#include "base/containment.h"
#include "base/epoch.h"
#include "cache/frame_memory.h"

namespace amethyst::cache {
namespace {

// Frames are evicted in batches, ahead of need, so that the look at all threads which ends a grace period is shared by
// many, and memory is back before it is asked for.
constexpr size_t kBatchBytesMin = size_t{16} << 10;
constexpr size_t kBatchBytesMax = size_t{256} << 10;
constexpr size_t kBatchOneIn = 64;  // Of the capacity.

// What a miss spends while callers' pins fill the cache. A search for room passes at most this many frames in use.
constexpr size_t kPassedMax = 32;
// A large frame takes longer to read, so that a longer search is worth it.
constexpr size_t kPassedMaxForLarge = 64 * kPassedMax;
// After a search in vain this many misses do without one, unless they are of large frames.
constexpr uint32_t kSearchesOmitted = 32;

constexpr size_t kShardBytesMin = size_t{16} << 20;
constexpr size_t kShardsMax = 16;

size_t ChooseShards(const BlockCache::Settings& settings) {
  if (settings.shards != 0) return settings.shards;
  return std::bit_floor(std::clamp(settings.capacity_bytes / kShardBytesMin, size_t{1}, kShardsMax));
}

size_t BatchBytes(size_t capacity_bytes) {
  return std::clamp(capacity_bytes / kBatchOneIn, kBatchBytesMin, kBatchBytesMax);
}

// Clears the slot of a frame that has just been taken out of its queue; under the shard's lock.
void ClearSlot(Frame& frame) {
  FrameState& state = frame.state();
  AMETHYST_ASSERT(state.queue == FrameQueue::kNone && state.slot != nullptr);  // I18
  AMETHYST_ASSERT(state.slot->word().load(std::memory_order_relaxed) == reinterpret_cast<uintptr_t>(&frame));
  state.slot->word().store(0, std::memory_order_release);
  state.slot = nullptr;
}

}  // namespace

BlockCache::BlockCache(const Settings& settings)
    : policy_(settings.policy), memory_(new FrameMemory(settings.capacity_bytes)) {
  const size_t shards = ChooseShards(settings);
  AMETHYST_ASSERT(std::has_single_bit(shards));
  for (size_t i = 0; i < shards; ++i) shards_.push_back(std::make_unique<Shard>(policy_));
}

// What is left hangs in slots of index frames that were evicted while somebody held them; each such child pins its
// parent.
BlockCache::~BlockCache() {
  Frame* chain = nullptr;
  for (const std::unique_ptr<Shard>& shard : shards_) {
    base::MutexLock lock(shard->mutex);
    while (Frame* frame = shard->replacement.Oldest()) {
      shard->replacement.Remove(*frame);
      ClearSlot(*frame);
      frame->state().older = std::exchange(chain, frame);
    }
  }
  RetireChain(chain);
  base::SweepEpochs();
  memory_->Disown();
}

BlockCache::Latch& BlockCache::LatchOf(const Slot& slot) {
  return latches_[(reinterpret_cast<uintptr_t>(&slot) * 0x9e3779b97f4a7c15u) >> (64 - std::countr_zero(kLatches))];
}

BlockCache::Counters& BlockCache::MyCounters() {
  static constinit std::atomic<size_t> threads{0};  // Deals out numbers from 1; a relaxed counter.
  static constinit thread_local size_t number = 0;
  if (number == 0) [[unlikely]]
    number = threads.fetch_add(1, std::memory_order_relaxed) + 1;
  return counters_[number % kCounters];
}

Result<FrameRef> BlockCache::GetOrLoad(Slot& slot, Frame* parent, base::FunctionRef<Result<FrameRef>()> load) {
  AMETHYST_ASSERT(!base::InEpoch());
  for (;;) {
    FrameRef hit;
    {
      base::EpochGuard guard;
      if (Frame* frame = slot.Peek()) {
        frame->Pin();
        hit = FrameRef(frame);
      }
    }
    if (hit) {
      hit->Touch();
      RecordHit(hit.get());
      return hit;
    }
    uintptr_t found = 0;
    if (slot.word().compare_exchange_strong(found, Slot::kLoading, std::memory_order_relaxed)) break;
    if (found == Slot::kLoading) WaitForLoad(slot);
  }
  MyCounters().misses.fetch_add(1, std::memory_order_relaxed);
  Result<FrameRef> loaded = base::Contained(load);  // All who wait for it must learn of any end.
  if (!loaded || !AdmitsRead(*loaded->get())) {
    AbandonLoad(slot);
    return loaded;
  }
  FrameRef result = loaded->Share();
  Publish(slot, parent, loaded->Release());
  return result;
}

void BlockCache::Insert(Slot& slot, Frame* parent, FrameRef frame) {
  AMETHYST_ASSERT(frame);
  if (frame->is_loose()) return;
  uintptr_t found = 0;
  if (slot.word().compare_exchange_strong(found, Slot::kLoading, std::memory_order_relaxed)) {
    Publish(slot, parent, frame.Release());
  }
}

bool BlockCache::AdmitsRead(const Frame& frame) {
  if (frame.kind() != FrameKind::kData) return true;
  if (frame.is_loose()) return false;
  if (!memory_->IsFull()) return true;
  Shard& shard = ShardOf(frame);
  base::MutexLock lock(shard.mutex);
  return shard.replacement.AdmitsRead(frame);
}

bool BlockCache::AdmitsScanned(const Frame& frame) {
  MyCounters().misses.fetch_add(1, std::memory_order_relaxed);
  const size_t held_max = memory_->capacity_bytes() / shards_.size() / frame.size_bytes();
  Shard& shard = ShardOf(frame);
  base::MutexLock lock(shard.mutex);
  return shard.replacement.AdmitsScanned(frame, held_max);
}

// Ends the loading state; the frame's first reference is the slot's from now on.
void BlockCache::Publish(Slot& slot, Frame* parent, Frame* frame) {
  FrameState& state = frame->state();
  AMETHYST_ASSERT(slot.word().load(std::memory_order_relaxed) == Slot::kLoading);
  AMETHYST_ASSERT(state.slot == nullptr && state.owner == memory_);
  memory_->OnPublished(frame->size_bytes());
  if (parent != nullptr) parent->Pin();
  {
    Shard& shard = ShardOf(*frame);
    base::MutexLock lock(shard.mutex);
    state.slot = &slot;
    state.parent = parent;
    shard.replacement.Insert(*frame);
    shard.NoteBytes();
    slot.word().store(reinterpret_cast<uintptr_t>(frame), std::memory_order_release);  // Pairs with Peek.
  }
  WakeWaiters(slot);
}

void BlockCache::WaitForLoad(Slot& slot) {
  Latch& latch = LatchOf(slot);
  base::MutexLock lock(latch.mutex);
  while (slot.word().load(std::memory_order_relaxed) == Slot::kLoading) latch.loaded.Wait(latch.mutex);
}

void BlockCache::AbandonLoad(Slot& slot) {
  slot.word().store(0, std::memory_order_release);
  WakeWaiters(slot);
}

// After the slot has left the loading state: who waits has either seen that under the latch's lock, or is asleep by
// now.
void BlockCache::WakeWaiters(Slot& slot) {
  Latch& latch = LatchOf(slot);
  {
    base::MutexLock lock(latch.mutex);
  }
  latch.loaded.NotifyAll();
}

FrameRef BlockCache::NewFrame(FrameKind kind, FrameIdentity identity, size_t payload_bytes) {
  AMETHYST_ASSERT(!base::InEpoch());
  using Limit = FrameMemory::Limit;
  const size_t batch_bytes = BatchBytes(memory_->capacity_bytes());
  Frame* frame = memory_->New(kind, identity, payload_bytes, Limit::kCapacity);
  // A few large frames beyond the capacity would take as much as many small ones, so these always look for room.
  const bool is_large = memory_->IsAlone(payload_bytes);
  if ((frame == nullptr || memory_->headroom_bytes() < batch_bytes) && (SearchIsDue() || is_large)) {
    bool in_vain = false;
    if (frame == nullptr) {
      frame = NewFrameInRoomMade(kind, identity, payload_bytes);
      in_vain = frame == nullptr && !is_large;
    } else {
      in_vain = EvictBytes(batch_bytes, kPassedMax) == 0;
      if (!in_vain) base::SweepEpochs();
    }
    if (in_vain) searches_to_omit_.store(kSearchesOmitted, std::memory_order_relaxed);
  }
  if (frame == nullptr) frame = memory_->New(kind, identity, payload_bytes, Limit::kNone);
  if (frame == nullptr) throw std::bad_alloc();
  Shard& shard = ShardOf(*frame);
  base::MutexLock lock(shard.mutex);
  shard.replacement.Prefetch(identity);
  return FrameRef(frame);
}

bool BlockCache::SearchIsDue() {
  const uint32_t omit = searches_to_omit_.load(std::memory_order_relaxed);
  if (omit > 0) searches_to_omit_.store(omit - 1, std::memory_order_relaxed);
  return omit == 0;
}

// No hole is large enough. In turn: let the policy choose; wait for what has been evicted; empty slabs.
Frame* BlockCache::NewFrameInRoomMade(FrameKind kind, FrameIdentity identity, size_t payload_bytes) {
  constexpr int kEmptySlabAfter = 2;
  constexpr int kAttempts = 5;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (attempt == 0) {
      const size_t wanted_bytes =
          std::max(BatchBytes(memory_->capacity_bytes()), payload_bytes) + memory_->excess_bytes();
      const size_t passed_max = memory_->IsAlone(payload_bytes) ? kPassedMaxForLarge : kPassedMax;
      if (EvictBytes(wanted_bytes, passed_max) > 0) {
        base::SweepEpochs();
      } else if (memory_->awaiting_grace_bytes() == 0) {
        return nullptr;  // All that was looked at is in use: so, most likely, is what fills the slabs.
      }
    } else {
      const size_t evicted = attempt < kEmptySlabAfter ? 0 : EvictSparsestSlab();
      if (evicted > 0 || memory_->awaiting_grace_bytes() > 0) base::DrainEpochs();
    }
    Frame* const frame = memory_->New(kind, identity, payload_bytes, FrameMemory::Limit::kCapacity);
    if (frame != nullptr) return frame;
  }
  return nullptr;
}

size_t BlockCache::EvictBytes(size_t wanted_bytes, size_t passed_max) {
  Frame* chain = nullptr;
  size_t evicted_bytes = 0;
  for (size_t turn = 0; turn <= shards_.size() && evicted_bytes < wanted_bytes; ++turn) {
    Shard& shard = turn == 0 ? FullestShard() : *shards_[turn - 1];
    base::MutexLock lock(shard.mutex);
    while (evicted_bytes < wanted_bytes) {
      Frame* const frame = shard.replacement.TakeVictim(passed_max);
      if (frame == nullptr) break;
      ClearSlot(*frame);
      evicted_bytes += frame->size_bytes();
      frame->state().older = std::exchange(chain, frame);
    }
    shard.NoteBytes();
  }
  RetireChain(chain);
  return evicted_bytes;
}

// Which gives memory back: taken in turn, shards would drift apart, and those that fell behind would lose what is hot.
BlockCache::Shard& BlockCache::FullestShard() {
  return **std::ranges::max_element(shards_, {},
                                    [](const auto& shard) { return shard->bytes.load(std::memory_order_relaxed); });
}

size_t BlockCache::EvictSparsestSlab() {
  Frame* chain = nullptr;
  size_t evicted_bytes = 0;
  {
    const std::vector<FrameRef> pinned = memory_->PinSparsestSlab();
    for (const FrameRef& frame : pinned) {
      constexpr uint32_t kSlotAndThis = 2;
      if (!TakeOut(*frame.get(), kSlotAndThis)) continue;
      evicted_bytes += frame->size_bytes();
      frame->state().older = std::exchange(chain, frame.get());
    }
  }
  RetireChain(chain);
  return evicted_bytes;
}

void BlockCache::Evict(Slot& slot) {
  AMETHYST_ASSERT(!base::InEpoch());
  for (;;) {
    const uintptr_t word = slot.word().load(std::memory_order_relaxed);
    if (word == 0) return;
    if (word == Slot::kLoading) {
      WaitForLoad(slot);
      continue;
    }
    FrameRef pinned;
    {
      base::EpochGuard guard;
      if (Frame* frame = slot.Peek()) {
        frame->Pin();
        pinned = FrameRef(frame);
      }
    }
    if (pinned && TakeOut(*pinned.get(), std::numeric_limits<uint32_t>::max())) {
      RetireChain(pinned.get());
      return;
    }
  }
}

// Takes a frame that the caller pins out of its slot; false if it is in none, or has more references than that.
bool BlockCache::TakeOut(Frame& frame, uint32_t references_max) {
  Shard& shard = ShardOf(frame);
  base::MutexLock lock(shard.mutex);
  FrameState& state = frame.state();
  if (state.queue == FrameQueue::kNone || state.references.load(std::memory_order_relaxed) > references_max)
    return false;
  shard.replacement.Remove(frame);
  shard.NoteBytes();
  ClearSlot(frame);
  return true;
}

// Gives up the slots' references to evicted frames, linked by `older`, and theirs to their parents, after the grace
// period.
void BlockCache::RetireChain(Frame* chain) {
  if (chain == nullptr) return;
  uint64_t count = 0;
  for (Frame* frame = chain; frame != nullptr; frame = frame->state().older) {
    memory_->OnEvicted(frame->size_bytes());
    ++count;
  }
  MyCounters().evictions.fetch_add(count, std::memory_order_relaxed);
  base::Retire([chain] {
    for (Frame* next = chain; next != nullptr;) {
      Frame* const frame = std::exchange(next, next->state().older);
      Frame* const parent = frame->state().parent;
      frame->state().owner->OnGraceOver(frame);
      frame->Unpin();
      if (parent != nullptr) parent->Unpin();
    }
  });
}

void BlockCache::RecordHit(Frame* frame) {
  RecordHits(1);
  if (policy_ != CachePolicy::kLru) return;
  Shard& shard = ShardOf(*frame);
  const auto move_to_front = [&]() AMETHYST_REQUIRES(shard.mutex) {
    if (frame->state().queue != FrameQueue::kNone) shard.replacement.Hit(*frame);
  };
  if (base::InEpoch()) {  // Where nobody may wait for a lock.
    if (!shard.mutex.TryLock()) return;
    move_to_front();
    shard.mutex.Unlock();
  } else {
    base::MutexLock lock(shard.mutex);
    move_to_front();
  }
}

void BlockCache::RecordHits(uint64_t count) { MyCounters().hits.fetch_add(count, std::memory_order_relaxed); }

void BlockCache::SetCapacity(size_t capacity_bytes, Shrink shrink) {
  memory_->SetCapacity(capacity_bytes);
  // Where there is no memory to find what is to go, it goes when the next is asked for.
  if (shrink == Shrink::kNow) base::DoIfPossible([this] { ShrinkToCapacity(); });
}

void BlockCache::ShrinkToCapacity() {
  while (memory_->taken_bytes() > memory_->capacity_bytes()) {
    AMETHYST_ASSERT(!base::InEpoch());
    constexpr size_t kAll = std::numeric_limits<size_t>::max();
    // First what the policy gives up; that leaves holes, so then slab by slab.
    const size_t batch_bytes = BatchBytes(memory_->capacity_bytes());
    const size_t headroom_bytes = memory_->headroom_bytes();
    size_t evicted_bytes =
        headroom_bytes < batch_bytes ? EvictBytes(batch_bytes - headroom_bytes, kAll) : EvictSparsestSlab();
    if (evicted_bytes == 0) evicted_bytes = EvictBytes(batch_bytes, kAll);
    if (evicted_bytes == 0 && memory_->awaiting_grace_bytes() == 0) return;
    base::DrainEpochs();
  }
}

CacheStats BlockCache::stats() const {
  CacheStats stats;
  for (const Counters& counters : counters_) {
    stats.hits += counters.hits.load(std::memory_order_relaxed);
    stats.misses += counters.misses.load(std::memory_order_relaxed);
    stats.evictions += counters.evictions.load(std::memory_order_relaxed);
  }
  for (const std::unique_ptr<Shard>& shard : shards_) {
    base::MutexLock lock(shard->mutex);
    stats.resident_bytes += shard->replacement.bytes();
    stats.passed_in_use += shard->replacement.passed_in_use();
  }
  stats.charged_bytes = memory_->taken_bytes();
  stats.pinned_bytes = std::max(memory_->pinned_bytes(), memory_->excess_bytes());
  stats.capacity_bytes = memory_->capacity_bytes();
  return stats;
}

}  // namespace amethyst::cache
