#include "base/pages.h"

#include <sys/mman.h>

#include <bit>
#include <cstdint>
#include <new>

#include "base/assert.h"

namespace amethyst::base {

char* TryTakePages(size_t bytes, size_t alignment, PageAdvice advice) {
  AMETHYST_ASSERT(bytes > 0 && bytes % kPageBytes == 0);
  AMETHYST_ASSERT(std::has_single_bit(alignment) && alignment >= kPageBytes);
  const size_t reserved_bytes = bytes + alignment - kPageBytes;
  AMETHYST_ASSERT(reserved_bytes >= bytes);
  void* const reserved =
      mmap(nullptr, reserved_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (reserved == MAP_FAILED) return nullptr;
  // Cut off what lies before and behind the aligned part.
  char* const begin = static_cast<char*>(reserved);
  char* const pages =
      begin + (RoundUp(reinterpret_cast<uintptr_t>(begin), alignment) - reinterpret_cast<uintptr_t>(begin));
  const auto before = static_cast<size_t>(pages - begin);
  const size_t behind = reserved_bytes - before - bytes;
  if (before > 0) ReturnPages(begin, before);
  if (behind > 0) ReturnPages(pages + bytes, behind);
  // A kernel without huge pages refuses the advice, which changes nothing.
  if (advice == PageAdvice::kHuge) static_cast<void>(madvise(pages, bytes, MADV_HUGEPAGE));
  return pages;
}

char* TakePages(size_t bytes, size_t alignment, PageAdvice advice) {
  char* const pages = TryTakePages(bytes, alignment, advice);
  if (pages == nullptr) throw std::bad_alloc();
  return pages;
}

void ReturnPages(char* pages, size_t bytes) {
  AMETHYST_ASSERT(reinterpret_cast<uintptr_t>(pages) % kPageBytes == 0 && bytes % kPageBytes == 0);
  AMETHYST_ASSERT(munmap(pages, bytes) == 0);
}

namespace {

constexpr std::align_val_t kHeapAlignment{64};

}  // namespace

char* TakeMemory(size_t bytes) {
  if (bytes >= kOwnPagesBytes) return TakePages(RoundUp(bytes, kPageBytes), kPageBytes, PageAdvice::kNormal);
  return static_cast<char*>(::operator new(bytes, kHeapAlignment));
}

void ReturnMemory(char* memory, size_t bytes) {
  if (bytes >= kOwnPagesBytes) {
    ReturnPages(memory, RoundUp(bytes, kPageBytes));
  } else {
    ::operator delete(memory, kHeapAlignment);
  }
}

}  // namespace amethyst::base
