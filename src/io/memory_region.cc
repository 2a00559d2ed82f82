#include "io/memory_region.h"

#include <sys/mman.h>

#include <cstdint>
#include <utility>

#include "base/assert.h"

namespace amethyst::io {
namespace {

constexpr size_t kHugePageBytes = size_t{2} << 20;
constexpr size_t kPageBytes = 4096;

}  // namespace

MemoryRegion::MemoryRegion(size_t bytes) : size_(bytes) {
  AMETHYST_ASSERT(bytes > 0);
  const size_t whole_pages = (bytes + kPageBytes - 1) / kPageBytes * kPageBytes;
  // A huge page more than needed, so that an aligned region lies inside; the rest is given back.
  const size_t reserved = whole_pages + kHugePageBytes;
  void* memory = mmap(nullptr, reserved, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  AMETHYST_ASSERT(memory != MAP_FAILED);
  char* const begin = static_cast<char*>(memory);
  const size_t before = -reinterpret_cast<uintptr_t>(begin) % kHugePageBytes;
  data_ = begin + before;
  if (before > 0) AMETHYST_ASSERT(munmap(begin, before) == 0);
  const size_t after = reserved - before - whole_pages;
  if (after > 0) AMETHYST_ASSERT(munmap(data_ + whole_pages, after) == 0);
  madvise(data_, whole_pages, MADV_HUGEPAGE);  // Best effort: small pages are as correct.
}

MemoryRegion::~MemoryRegion() {
  if (data_ != nullptr) AMETHYST_ASSERT(munmap(data_, size_) == 0);
}

MemoryRegion::MemoryRegion(MemoryRegion&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MemoryRegion& MemoryRegion::operator=(MemoryRegion&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

void MemoryRegion::Discard(size_t offset, size_t bytes) {
  AMETHYST_ASSERT(offset % kPageBytes == 0 && offset <= size_ && bytes <= size_ - offset);
  AMETHYST_ASSERT(madvise(data_ + offset, bytes, MADV_DONTNEED) == 0);
}

}  // namespace amethyst::io
