// Log segments made ahead of need, by a background job, so that the commit lock's holder does not wait for an
// allocation.
//
// At most one spare is kept. Where none is ready, Take makes one on the spot. A segment is handed out only once its
// directory entry is durable: so a sync of the segment itself is all that an acknowledgement needs. A spare that was
// made but never used (its header is zeros) may be left behind by a crash: recovery reports it as dropped.
//
// Numbers of the segments handed out ascend: a spare that is too small, or that was overtaken by a segment made on the
// spot while it was in the making, is thrown away.
//
// Thread safety: Prepare and Take by one thread at a time, Stop once by it; the rest from any thread. Lock rank:
// innermost.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "amethyst/error.h"
#include "base/mutex.h"
#include "io/environment.h"
#include "key/types.h"

namespace amethyst::wal {

class SegmentSupply {
 public:
  struct Settings {
    std::string directory;
    uint64_t segment_bytes = 0;
    std::function<key::FileNumber()> new_file_number;
    std::function<bool()> may_write;  // Asked before a spare is made: not after an error that was latched. Any thread.
  };
  struct Segment {
    key::FileNumber number{};
    std::unique_ptr<io::LogSegment> file;
  };

  SegmentSupply(io::FileSystem& files, io::Executor& executor, Settings settings);
  ~SegmentSupply();  // Stopped, or never asked to prepare.

  // Has a spare made in the background, unless there is one or one is being made.
  void Prepare();
  // A segment with room for `bytes`. kNoSpace leaves nothing behind and may clear by itself. A failed sync of the
  // directory is final: see health().
  [[nodiscard]] Result<Segment> Take(uint64_t bytes);
  // Waits for the background job, and removes the spare unless `leave_files`.
  [[nodiscard]] Status Stop(bool leave_files);

  // From now on spares are filled with zeros, for faster syncs.
  void FillWithZeros() { zero_filled_.store(true, std::memory_order_relaxed); }
  // The first failed sync of the directory, here or in the background.
  [[nodiscard]] Status health() const;

 private:
  // Creates a segment and makes its directory entry durable.
  [[nodiscard]] Result<Segment> Make(uint64_t bytes);
  void MakeSpare();
  [[nodiscard]] Status Discard(Segment segment);

  io::FileSystem& files_;
  io::Executor& executor_;
  const Settings settings_;
  std::atomic<bool> zero_filled_{false};  // A hint: set by FillWithZeros, read when a spare is made.

  mutable base::Mutex mutex_;
  base::CondVar made_;
  bool making_ AMETHYST_GUARDED_BY(mutex_) = false;
  bool stopping_ AMETHYST_GUARDED_BY(mutex_) = false;
  key::FileNumber last_taken_ AMETHYST_GUARDED_BY(mutex_){};
  Segment spare_ AMETHYST_GUARDED_BY(mutex_);
  Status health_ AMETHYST_GUARDED_BY(mutex_);
};

}  // namespace amethyst::wal
