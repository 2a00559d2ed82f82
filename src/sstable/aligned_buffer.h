// Memory aligned as frames are, for blocks and pages that live outside the cache. Grows, never shrinks.
// Thread safety: one thread at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <new>

#include "base/assert.h"

namespace amethyst::sstable {

class AlignedBuffer {
 public:
  static constexpr std::align_val_t kAlignment{64};

  // At least `bytes` of memory; what was there before is gone.
  [[nodiscard]] char* Room(size_t bytes) {
    AMETHYST_ASSERT(bytes > 0);
    if (bytes > size_) {
      memory_.reset();
      size_ = 0;
      memory_.reset(static_cast<char*>(::operator new[](bytes, kAlignment)));
      size_ = bytes;
    }
    return memory_.get();
  }
  [[nodiscard]] size_t size() const { return size_; }

 private:
  struct Free {
    void operator()(char* memory) const { ::operator delete[](memory, kAlignment); }
  };
  std::unique_ptr<char, Free> memory_;
  size_t size_ = 0;
};

}  // namespace amethyst::sstable
