// Anonymous memory from the operating system, aligned to huge pages.
//
// Address space is reserved at once, memory is used only where it is touched. Thread safety: as plain memory.
#pragma once

#include <cstddef>
#include <span>

namespace amethyst::io {

class MemoryRegion {
 public:
  // Reserves `bytes`, zeroed, aligned to 2 MiB. Throws std::bad_alloc.
  explicit MemoryRegion(size_t bytes);
  ~MemoryRegion();
  MemoryRegion(MemoryRegion&& other) noexcept;
  MemoryRegion& operator=(MemoryRegion&& other) noexcept;

  [[nodiscard]] char* data() const { return data_; }
  [[nodiscard]] size_t size() const { return size_; }
  // From now on what is touched for the first time comes in huge pages, where the kernel gives them.
  void UseHugePages();
  // Gives the memory of a page-aligned range back; it reads as zeros afterwards.
  void Discard(size_t offset, size_t bytes);

 private:
  char* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace amethyst::io
