// Memory straight from the operating system, aligned, given back as soon as it is returned: for allocators of our own.
//
// Address space is taken at once, memory only where it is touched (in huge pages, if asked for and given: then 2 MiB at
// a touch). Thread safety: any thread at once.
#pragma once

#include <cstddef>

namespace amethyst::base {

inline constexpr size_t kPageBytes = 4096;
inline constexpr size_t kHugePageBytes = size_t{2} << 20;

[[nodiscard]] constexpr size_t RoundUp(size_t value, size_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

enum class PageAdvice { kNormal, kHuge };

// Zeroed pages; `bytes` is a multiple of kPageBytes and `alignment` a power of two of at least that. nullptr if the
// kernel gives no more.
[[nodiscard]] char* TryTakePages(size_t bytes, size_t alignment, PageAdvice advice);
// As TryTakePages, but throws std::bad_alloc.
[[nodiscard]] char* TakePages(size_t bytes, size_t alignment, PageAdvice advice);

// Gives back all that one TakePages returned.
void ReturnPages(char* pages, size_t bytes);

// From so much on memory is taken as pages, below that from the heap; aligned to a cache line. Not zeroed. Throws
// std::bad_alloc. What TakeMemory gave for `bytes` goes back with as many.
inline constexpr size_t kOwnPagesBytes = size_t{256} << 10;
[[nodiscard]] char* TakeMemory(size_t bytes);
void ReturnMemory(char* memory, size_t bytes);

}  // namespace amethyst::base
