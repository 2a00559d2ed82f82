// The log that the caller keeps in place of ours (Options::external_log): up to where it lets go of what is in memory.
//
// Its entries may be undone as long as they are not released, so no table may hold one before. Thread safety: any
// thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "engine/view.h"

namespace amethyst::engine {

class ExternalLog {
 public:
  // While opening; `durable`: what tables hold, which was released.
  void Begin(bool is_used, const std::optional<AppliedIndex>& durable);
  [[nodiscard]] bool is_used() const { return is_used_; }
  void Release(uint64_t index);
  [[nodiscard]] bool HasReleased(uint64_t index) const { return index <= released_.load(std::memory_order_acquire); }
  // Of a memtable that nobody writes to any more.
  [[nodiscard]] bool MayFlush(const WriteBuffer& buffer) const {
    return !buffer.applied || HasReleased(buffer.applied->index);
  }

 private:
  bool is_used_ = false;
  std::atomic<uint64_t> released_{0};
};

// What a write that asks for a sync is told.
[[nodiscard]] Status NoLogToSync();

}  // namespace amethyst::engine
