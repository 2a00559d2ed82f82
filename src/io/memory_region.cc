#include "io/memory_region.h"

#include <sys/mman.h>

#include <utility>

#include "base/assert.h"
#include "base/pages.h"

namespace amethyst::io {

namespace {

// What has no room for a huge page needs no place for one, which takes two more calls.
size_t AlignmentOf(size_t bytes) { return bytes < base::kHugePageBytes ? base::kPageBytes : base::kHugePageBytes; }

}  // namespace

MemoryRegion::MemoryRegion(size_t bytes)
    : data_(base::TakePages(base::RoundUp(bytes, base::kPageBytes), AlignmentOf(bytes), base::PageAdvice::kNormal)),
      size_(bytes) {}

MemoryRegion::~MemoryRegion() {
  if (data_ != nullptr) base::ReturnPages(data_, base::RoundUp(size_, base::kPageBytes));
}

MemoryRegion::MemoryRegion(MemoryRegion&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MemoryRegion& MemoryRegion::operator=(MemoryRegion&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

void MemoryRegion::UseHugePages() {
  // A kernel without them refuses the advice, which changes nothing.
  static_cast<void>(madvise(data_, base::RoundUp(size_, base::kPageBytes), MADV_HUGEPAGE));
}

void MemoryRegion::Discard(size_t offset, size_t bytes) {
  AMETHYST_ASSERT(offset % base::kPageBytes == 0 && offset <= size_ && bytes <= size_ - offset);
  AMETHYST_ASSERT(madvise(data_ + offset, bytes, MADV_DONTNEED) == 0);
}

}  // namespace amethyst::io
