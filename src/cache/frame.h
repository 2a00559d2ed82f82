// A cached piece of a file: a header that the cache keeps, and the bytes behind it.
//
// A frame hangs in a Slot that its parent owns (an index page's frame owns the slots of its data blocks; an open table owns
// those of its top index and filter): "pointer swizzling" (Graefe et al. 2014). A hit is one load of the slot, inside an
// epoch: no hash table, no lock, no reference count. What outlives the epoch holds a FrameRef.
//
// Life: NewFrame -> filled by its loader -> published in its slot -> evicted (slot cleared, then the grace period) -> freed at
// the last unpin. A frame that owns slots is evictable only while none of them is resident.
// Thread safety: pins and touches from any thread; payload is immutable once published, but for slots in it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace amethyst::cache {

class BlockCache;
class Slot;

enum class FrameKind : uint8_t { kData, kIndex, kFilter };

class alignas(64) Frame {
 public:
  // 64-byte aligned.
  [[nodiscard]] char* payload() { return reinterpret_cast<char*>(this + 1); }
  [[nodiscard]] const char* payload() const { return reinterpret_cast<const char*>(this + 1); }
  [[nodiscard]] size_t payload_bytes() const { return payload_bytes_; }
  [[nodiscard]] std::string_view bytes() const { return {payload(), payload_bytes_}; }
  [[nodiscard]] FrameKind kind() const { return kind_; }

  // Tells the replacement policy of a hit. Writes nothing shared when the frame is already known to be hot (and does
  // nothing under strict LRU, whose hits go through BlockCache::RecordHit).
  void Touch() {
    const uint8_t heat = heat_.load(std::memory_order_relaxed);
    if (heat < kHeatMax) heat_.store(heat + 1, std::memory_order_relaxed);
  }

  // Pin: inside an epoch, or while already pinned. Unpin may free the frame.
  void Pin() { references_.fetch_add(1, std::memory_order_relaxed); }
  void Unpin();

  static constexpr uint8_t kHeatMax = 3;

 private:
  // (the owner of this folder completes the fields; no friend: give BlockCache a FrameState base or accessors)
  std::atomic<uint32_t> references_{1};
  std::atomic<uint8_t> heat_{0};
  FrameKind kind_{};
  size_t payload_bytes_ = 0;
};

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
  [[nodiscard]] Frame* Release() { return std::exchange(frame_, nullptr); }

 private:
  Frame* frame_ = nullptr;
};

// Where a parent keeps its pointer to a resident frame. All zero bytes are a valid, empty slot, so that a zeroed payload holds
// empty slots. 8 bytes.
class Slot {
 public:
  // The resident frame or nullptr. Only inside an epoch, where it stays valid until the guard leaves, or with the slot's frame pinned.
  [[nodiscard]] Frame* Peek() const {
    const uintptr_t word = word_.load(std::memory_order_acquire);  // Pairs with the release store that publishes a loaded frame.
    return (word & kLoading) != 0 ? nullptr : reinterpret_cast<Frame*>(word);
  }

  static constexpr uintptr_t kLoading = 1;
  [[nodiscard]] std::atomic<uintptr_t>& word() { return word_; }  // For BlockCache alone.

 private:
  std::atomic<uintptr_t> word_{0};
};
static_assert(sizeof(Slot) == 8);

}  // namespace amethyst::cache
