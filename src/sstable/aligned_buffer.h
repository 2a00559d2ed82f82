// Memory aligned as frames are, for blocks and pages that live outside the cache. Keeps what it had, unless that was
// large and no more is needed.
// Thread safety: one thread at a time.
#pragma once

#include <cstddef>
#include <utility>

#include "base/assert.h"
#include "base/pages.h"

namespace amethyst::sstable {

class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  AlignedBuffer(AlignedBuffer&& other) noexcept
      : memory_(std::exchange(other.memory_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  AlignedBuffer& operator=(AlignedBuffer&& other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~AlignedBuffer() { Free(); }

  // At least `bytes` of memory; what was there before is gone.
  [[nodiscard]] char* Room(size_t bytes) {
    AMETHYST_ASSERT(bytes > 0);
    const bool is_large = size_ > kKeptBytes && bytes <= kKeptBytes;
    if (bytes > size_ || is_large) {
      Free();
      memory_ = base::TakeMemory(bytes);
      size_ = bytes;
    }
    return memory_;
  }
  [[nodiscard]] char* data() const { return memory_; }
  [[nodiscard]] size_t size() const { return size_; }

 private:
  static constexpr size_t kKeptBytes = size_t{1} << 20;

  void Free() {
    if (memory_ != nullptr) base::ReturnMemory(memory_, size_);
    memory_ = nullptr;
    size_ = 0;
  }

  char* memory_ = nullptr;
  size_t size_ = 0;
};

}  // namespace amethyst::sstable
