// The content of one file in memory, and its lock. Chunks, so that growth copies nothing and holes cost nothing.
// Thread safety: any thread at once; a read sees each concurrent write wholly or not at all.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "io/file_system.h"

namespace amethyst::io {

class MemoryFile {
 public:
  [[nodiscard]] uint64_t Size() const;
  // Fewer bytes than asked only at the end.
  [[nodiscard]] size_t ReadAt(uint64_t offset, std::span<char> to) const;
  // Grows the file if need be.
  void WriteAt(uint64_t offset, std::string_view bytes);
  // Cuts, or grows by zeros.
  void Resize(uint64_t size);

  [[nodiscard]] bool TryLock(LockMode mode);
  void Unlock();
  [[nodiscard]] bool IsLockedExclusively() const;

  // See ReaderMarks.
  void Hold(uint64_t place);
  void LetGo(uint64_t place);
  [[nodiscard]] bool AreHeld(uint64_t begin, uint64_t end) const;

 private:
  static constexpr size_t kChunkBytes = size_t{64} << 10;

  void ResizeLocked(uint64_t size) AMETHYST_REQUIRES(mutex_);

  mutable base::Mutex mutex_{base::LockRank::kMemoryFile};
  std::vector<std::unique_ptr<char[]>> chunks_ AMETHYST_GUARDED_BY(mutex_);  // Null: zeros.
  uint64_t size_ AMETHYST_GUARDED_BY(mutex_) = 0;                            // Chunk bytes behind it are zero.
  uint32_t lock_holders_ AMETHYST_GUARDED_BY(mutex_) = 0;
  bool locked_exclusively_ AMETHYST_GUARDED_BY(mutex_) = false;
  std::multiset<uint64_t> marks_ AMETHYST_GUARDED_BY(mutex_);
};

}  // namespace amethyst::io
