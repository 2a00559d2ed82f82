// A cached piece of a file: a header that the cache keeps, and the bytes behind it.
//
// A frame hangs in a Slot that its parent owns (an index page's frame owns the slots of its data blocks; an open table
// owns those of its top index and filter): "pointer swizzling" (Graefe et al. 2014). A hit is one load of the slot,
// inside an epoch: no hash table, no lock, no reference count. What outlives the epoch holds a FrameRef.
//
// Life: NewFrame -> filled by its loader -> published in its slot -> evicted (slot cleared, then the grace period) ->
// freed at the last unpin. A resident frame pins the parent that its slot lies in, and nothing pinned is chosen for
// eviction: so a frame that owns slots stays while any of them is resident, and a slot never dies before the frame in
// it. Thread safety: pins and touches from any thread; payload is immutable once published, except the slots in it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "base/assert.h"
#include "base/hash.h"

namespace amethyst::cache {

class Frame;
class Slot;

// Where a frame comes from and goes back to.
class FrameOwner {
 public:
  // By the frame's last unpin.
  virtual void Free(Frame* frame) = 0;
  // The frame was evicted, and no reader in an epoch can see it any more: pins alone keep it.
  virtual void OnGraceOver(Frame* frame) = 0;

 protected:
  ~FrameOwner() = default;
};

enum class FrameKind : uint8_t { kData, kIndex, kFilter };

// Which bytes a frame holds, whatever slot it hangs in: by this the replacement policy knows again what it evicted
// before.
enum class FrameIdentity : uint64_t {};
[[nodiscard]] inline FrameIdentity IdentityOf(const base::Uid& table, uint64_t offset) {
  return FrameIdentity{base::MixLocation(0, {.owner = table, .offset = offset})};
}

// The queue of the replacement policy that a frame is in: kNone while it is in no slot.
enum class FrameQueue : uint8_t { kNone, kSmall, kSmallAgain, kMain };

// What the cache notes about a frame. `queue`, `slot`, `parent` and the links are guarded by the lock of the frame's
// shard while the frame is in a slot; after its eviction they belong to the thread that evicted it.
struct FrameState {
  std::atomic<uint32_t> references{1};  // Pins, and one for the slot; the thread that takes the last one back frees.
  std::atomic<uint8_t> heat{0};         // Hits that the policy has not used up; hints, so relaxed everywhere.
  FrameKind kind : 7 = {};
  bool is_loose : 1 = false;  // Has memory of its own, beyond the cache's capacity; constant, as the kind is.
  FrameQueue queue = FrameQueue::kNone;
  FrameIdentity identity{};
  size_t payload_bytes = 0;
  FrameOwner* owner = nullptr;
  Slot* slot = nullptr;
  Frame* parent = nullptr;  // Pinned by this frame from publication to the end of its grace period.
  Frame* newer = nullptr;   // Neighbours in the queue.
  Frame* older = nullptr;   // For evicted frames: the next one that waits for its grace in the same batch.
};

class alignas(64) Frame {
 public:
  static constexpr uint8_t kHeatMax = 3;

  Frame(FrameKind kind, FrameIdentity identity, size_t payload_bytes, FrameOwner& owner) {
    state_.kind = kind;
    state_.identity = identity;
    state_.payload_bytes = payload_bytes;
    state_.owner = &owner;
  }
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;

  // 64-byte aligned.
  [[nodiscard]] char* payload() { return reinterpret_cast<char*>(this + 1); }
  [[nodiscard]] const char* payload() const { return reinterpret_cast<const char*>(this + 1); }
  [[nodiscard]] size_t payload_bytes() const { return state_.payload_bytes; }
  [[nodiscard]] std::string_view bytes() const { return {payload(), payload_bytes()}; }
  [[nodiscard]] FrameKind kind() const { return state_.kind; }
  [[nodiscard]] FrameIdentity identity() const { return state_.identity; }
  // It did not fit into the cache's memory.
  [[nodiscard]] bool is_loose() const { return state_.is_loose; }
  // Header and payload, for accounting.
  [[nodiscard]] size_t size_bytes() const { return sizeof(Frame) + payload_bytes(); }

  // Tells the replacement policy of a hit. Writes nothing shared when the frame is already known to be hot (and means
  // nothing under strict LRU, whose hits go through BlockCache::RecordHit).
  void Touch() {
    const uint8_t heat = state_.heat.load(std::memory_order_relaxed);
    if (heat < kHeatMax) state_.heat.store(heat + 1, std::memory_order_relaxed);
  }

  // Pin: inside an epoch, or while already pinned. Unpin may free the frame.
  void Pin() {
    const uint32_t before = state_.references.fetch_add(1, std::memory_order_relaxed);
    AMETHYST_DCHECK(before > 0);
    static_cast<void>(before);
  }
  void Unpin() {
    // Release: what this thread did with the frame is over before it is freed; acquire: by everyone.
    const uint32_t before = state_.references.fetch_sub(1, std::memory_order_acq_rel);
    AMETHYST_DCHECK(before > 0);
    if (before == 1) Free();
  }
  // Pins a frame that may be on its way out, whose memory is known to be still there. False: it is being freed.
  [[nodiscard]] bool TryPin();

  // For this folder alone.
  [[nodiscard]] FrameState& state() { return state_; }

 private:
  void Free();

  FrameState state_;
};
static_assert(sizeof(Frame) == 64);

// Keeps a frame alive. Move-only; may be empty.
class FrameRef {
 public:
  FrameRef() = default;
  explicit FrameRef(Frame* pinned) : frame_(pinned) {}  // Takes over one pin.
  FrameRef(FrameRef&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  FrameRef& operator=(FrameRef&& other) noexcept {
    std::swap(frame_, other.frame_);
    return *this;
  }
  ~FrameRef() {
    if (frame_ != nullptr) frame_->Unpin();
  }
  // Pins once more.
  [[nodiscard]] FrameRef Share() const {
    if (frame_ != nullptr) frame_->Pin();
    return FrameRef(frame_);
  }
  [[nodiscard]] Frame* get() const { return frame_; }
  Frame* operator->() const { return frame_; }
  explicit operator bool() const { return frame_ != nullptr; }
  // Hands the pin to the caller.
  [[nodiscard]] Frame* Release() { return std::exchange(frame_, nullptr); }

 private:
  Frame* frame_ = nullptr;
};

// Where a parent keeps its pointer to a resident frame. All zero bytes are a valid, empty slot, so that a zeroed
// payload holds empty slots. 8 bytes.
class Slot {
 public:
  // The resident frame or nullptr. Only inside an epoch, where it stays valid until the guard leaves, or with the
  // slot's frame pinned.
  [[nodiscard]] Frame* Peek() const {
    const uintptr_t word =
        word_.load(std::memory_order_acquire);  // Pairs with the release store that publishes a loaded frame.
    return (word & kLoading) != 0 ? nullptr : reinterpret_cast<Frame*>(word);
  }

  static constexpr uintptr_t kLoading = 1;
  [[nodiscard]] std::atomic<uintptr_t>& word() { return word_; }  // For BlockCache alone.

 private:
  std::atomic<uintptr_t> word_{0};
};
static_assert(sizeof(Slot) == 8);

}  // namespace amethyst::cache
