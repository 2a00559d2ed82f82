#include "io/memory_file.h"

#include <algorithm>
#include <cstring>

#include "base/assert.h"

namespace amethyst::io {

uint64_t MemoryFile::Size() const {
  base::MutexLock lock(mutex_);
  return size_;
}

size_t MemoryFile::ReadAt(uint64_t offset, std::span<char> to) const {
  base::MutexLock lock(mutex_);
  if (offset >= size_) return 0;
  const size_t bytes = std::min<uint64_t>(to.size(), size_ - offset);
  for (size_t done = 0; done < bytes;) {
    const size_t within = (offset + done) % kChunkBytes;
    const size_t part = std::min(bytes - done, kChunkBytes - within);
    const char* const chunk = chunks_[(offset + done) / kChunkBytes].get();
    if (chunk == nullptr) {
      std::memset(to.data() + done, 0, part);
    } else {
      std::memcpy(to.data() + done, chunk + within, part);
    }
    done += part;
  }
  return bytes;
}

void MemoryFile::WriteAt(uint64_t offset, std::string_view bytes) {
  base::MutexLock lock(mutex_);
  if (offset + bytes.size() > size_) ResizeLocked(offset + bytes.size());
  while (!bytes.empty()) {
    const size_t within = offset % kChunkBytes;
    const size_t part = std::min(bytes.size(), kChunkBytes - within);
    std::unique_ptr<char[]>& chunk = chunks_[offset / kChunkBytes];
    if (chunk == nullptr) chunk = std::make_unique<char[]>(kChunkBytes);
    std::memcpy(chunk.get() + within, bytes.data(), part);
    bytes.remove_prefix(part);
    offset += part;
  }
}

bool MemoryFile::IsLockedExclusively() const {
  base::MutexLock lock(mutex_);
  return locked_exclusively_;
}

void MemoryFile::Hold(uint64_t place) {
  base::MutexLock lock(mutex_);
  marks_.insert(place);
}

void MemoryFile::LetGo(uint64_t place) {
  base::MutexLock lock(mutex_);
  marks_.erase(marks_.find(place));
}

bool MemoryFile::AreHeld(uint64_t begin, uint64_t end) const {
  base::MutexLock lock(mutex_);
  const auto first = marks_.lower_bound(begin);
  return first != marks_.end() && *first < end;
}

void MemoryFile::Resize(uint64_t size) {
  base::MutexLock lock(mutex_);
  ResizeLocked(size);
}

void MemoryFile::ResizeLocked(uint64_t size) {
  chunks_.resize((size + kChunkBytes - 1) / kChunkBytes);
  const size_t within = size % kChunkBytes;
  if (size < size_ && within != 0 && chunks_.back() != nullptr) {
    std::memset(chunks_.back().get() + within, 0, kChunkBytes - within);
  }
  size_ = size;
}

bool MemoryFile::TryLock(LockMode mode) {
  base::MutexLock lock(mutex_);
  if (locked_exclusively_ || (mode == LockMode::kExclusive && lock_holders_ > 0)) return false;
  ++lock_holders_;
  locked_exclusively_ = mode == LockMode::kExclusive;
  return true;
}

void MemoryFile::Unlock() {
  base::MutexLock lock(mutex_);
  AMETHYST_ASSERT(lock_holders_ > 0);
  --lock_holders_;
  locked_exclusively_ = false;
}

}  // namespace amethyst::io
