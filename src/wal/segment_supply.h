// Log segments made ahead of need, by a background job, so that the commit lock's holder does not wait for an
// allocation.
//
// At most one spare is kept. Where none is ready, Take makes one on the spot. A segment is handed out only once its
// directory entry is durable: so a sync of the segment itself is all that an acknowledgement needs. A spare that was
// made but never used (its header is zeros) may be left behind by a crash: recovery reports it as dropped.
//
// The first segment is small, and each has four times the room of the one before, up to segment_bytes: a database that
// is hardly written takes little of the disk, and one that is written much has large segments soon. On a disk that is
// nearly full a segment takes half as much as long as that helps.
//
// Numbers of the segments handed out ascend: a spare that is too small, or that was overtaken by a segment made on the
// spot while it was in the making, is thrown away.
//
// Thread safety: Prepare and Take by one thread at a time, Stop once by it; the rest from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>

#include "amethyst/error.h"
#include "base/error.h"
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
    std::function<void()> free_descriptors = [] {};  // Asked for when none is left; then tries once more. Any thread.
    // How much of the disk a segment may take: some is kept so that memtables can be flushed, and for deletes, which
    // let space be freed. With too little room for a segment only deletes get one, and the first who asks. Any thread.
    std::function<uint64_t()> room_bytes = [] { return std::numeric_limits<uint64_t>::max(); };
    // Gives up what is kept for deletes and runs the work that needs it; false if there was none. Any thread.
    std::function<bool(const std::function<void()>&)> spend_reserve = [](const auto&) { return false; };
    // Told of the first failed sync of the directory, also of one in the background. Any thread.
    std::function<void(const Status&)> failed = [](const Status&) {};
  };
  struct Segment {
    key::FileNumber number{};
    std::shared_ptr<io::LogSegment> file;
    bool for_deletes = false;  // There was no room for it: it is theirs alone until there is.
  };
  // What the records are that need a segment.
  enum class Use : uint8_t { kAll, kDeletes };

  SegmentSupply(io::FileSystem& files, io::Executor& executor, Settings settings);
  ~SegmentSupply();  // Stopped, or never asked to prepare.

  // Has a spare made in the background, unless there is one or one is being made.
  void Prepare();
  // A segment with room for `bytes`. A transient error leaves nothing that counts. A failed sync of the directory
  // is final: see health(); one that could not begin, for want of a descriptor or of memory, is not.
  [[nodiscard]] Result<Segment> Take(uint64_t bytes, Use use = Use::kAll);
  // kNoSpace if the log may take none of the disk.
  [[nodiscard]] Status CheckRoom() const;
  // Removes a segment that was taken, and not used. Without memory for that it stays, as after a crash.
  [[nodiscard]] Status Discard(Segment segment);
  // Waits for the background job, and removes the spare unless `leave_files`.
  [[nodiscard]] Status Stop(bool leave_files);

  // From now on spares are filled with zeros, for faster syncs.
  void FillWithZeros() { zero_filled_.store(true, std::memory_order_relaxed); }
  // The first failed sync of the directory, here or in the background.
  [[nodiscard]] Status health() const;

 private:
  // Of a segment: at least, and at most.
  struct Size {
    uint64_t least_bytes = 0;
    uint64_t most_bytes = 0;
  };
  // For a record that takes `bytes` of it.
  [[nodiscard]] Size NextSize(uint64_t bytes) const;
  // Creates a segment of the largest size that there is space for.
  [[nodiscard]] Result<Segment> Make(Size size);
  [[nodiscard]] Result<Segment> MakeForDeletes(Size size);
  [[nodiscard]] Result<Segment> NoRoom() const;
  [[nodiscard]] Result<std::unique_ptr<io::LogSegment>> Create(const std::string& path, Size size);
  // What `call`, which opens something, returns; tried once more if it found no descriptor, after others gave way.
  template <typename Call>
  [[nodiscard]] auto WithDescriptor(Call call) {
    auto result = call();
    if (!result && base::IsOutOfDescriptors(result.error())) {
      settings_.free_descriptors();
      result = call();
    }
    return result;
  }
  void MakeSpare();
  [[nodiscard]] Status SyncNames();
  void Latch(const Status& failed) AMETHYST_EXCLUDES(mutex_);

  io::FileSystem& files_;
  io::Executor& executor_;
  const Settings settings_;
  std::atomic<bool> zero_filled_{false};  // A hint: set by FillWithZeros, read when a spare is made.
  std::atomic<uint64_t> next_bytes_;      // A hint, too: set when a segment is taken, read when one is made.

  mutable base::Mutex mutex_{base::LockRank::kLogSupply};
  base::CondVar made_;
  bool making_ AMETHYST_GUARDED_BY(mutex_) = false;
  bool stopping_ AMETHYST_GUARDED_BY(mutex_) = false;
  key::FileNumber last_taken_ AMETHYST_GUARDED_BY(mutex_){};
  Segment spare_ AMETHYST_GUARDED_BY(mutex_);
  Status health_ AMETHYST_GUARDED_BY(mutex_);
};

}  // namespace amethyst::wal
