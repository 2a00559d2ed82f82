// Bytes for work that may need a lot of them for a moment: a block, a batch, a piece of a file.
//
// A large buffer lives in pages of its own, so that its memory goes back to the system at once when it is freed. The
// heap would keep it: glibc takes what was freed once as the size from which on it maps, and each thread has a heap of
// its own. Thread safety: as std::string.
#pragma once

#include <cstddef>
#include <string>

#include "base/pages.h"

namespace amethyst::base {

template <typename T>
struct PageAllocator {
  using value_type = T;

  PageAllocator() = default;
  template <typename U>
  explicit PageAllocator(const PageAllocator<U>&) {}

  [[nodiscard]] T* allocate(size_t count) { return reinterpret_cast<T*>(TakeMemory(count * sizeof(T))); }
  void deallocate(T* memory, size_t count) { ReturnMemory(reinterpret_cast<char*>(memory), count * sizeof(T)); }

  friend bool operator==(const PageAllocator&, const PageAllocator&) = default;
};

using Buffer = std::basic_string<char, std::char_traits<char>, PageAllocator<char>>;

// Empties the buffer, and frees its memory if that is more than `kept_bytes`. To assign an empty string would keep it.
template <typename Text>
void Release(Text* buffer, size_t kept_bytes) {
  if (buffer->capacity() > kept_bytes) {
    Text().swap(*buffer);
  } else {
    buffer->clear();
  }
}

}  // namespace amethyst::base
