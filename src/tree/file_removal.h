// Removing files that no version lists any more, while followers (engine/follower.h) may still read them.
//
// A follower reads what the manifest said at some edit, and holds a mark at that place (io/reader_marks.h) in the file
// READERS. A file that an edit made obsolete is not needed by one who has that edit; so before files are removed,
// somebody is looked for who stands before it. Those files wait, and are asked for again: after each job, at the
// timer's ticks, and at the next open, which finds them as leftovers. A follower says how long it may lag behind (its
// grace): longer than that no file waits for it, so that one that is stuck does not fill the disk.
//
// A mark's place tells both: the grace, rounded up to a power of two of seconds, in front of the manifest's number and
// of how many of its records the follower has. Thread safety: any thread at once.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "amethyst/error.h"
#include "base/function_ref.h"
#include "base/mutex.h"
#include "io/environment.h"
#include "key/types.h"

namespace amethyst::tree {

// Where in the sequence of all edits of a database a state stands.
struct ManifestPlace {
  key::FileNumber manifest{};
  uint64_t records = 0;

  // Ascends with the edits. Past a billion files it does not any more, and nothing is protected.
  [[nodiscard]] uint64_t Ordinal() const;
};

// The place of a follower's mark; `ordinal` 0 is before all that ever was.
[[nodiscard]] uint64_t MarkPlace(uint64_t ordinal, std::chrono::seconds grace);

class FileRemoval {
 public:
  FileRemoval(std::shared_ptr<io::Environment> environment, std::string directory)
      : environment_(std::move(environment)), directory_(std::move(directory)) {}

  // Makes the file for the marks, which a follower has no right to: without it, for lack of space, nothing waits.
  void PrepareMarks() const { static_cast<void>(OpenMarks()); }
  // What the manifest says now: the files that are removed later are obsolete by it.
  void MoveTo(const ManifestPlace& place) { now_.store(place.Ordinal(), std::memory_order_release); }
  using Tell = base::FunctionRef<void(std::string_view name)>;
  // Removes these files of the directory, or has them wait. The first error is returned, the rest is tried; `failed`
  // gets the names of those that are still there for an error. `gone` is told of each that is not there any more.
  [[nodiscard]] Status Remove(std::vector<std::string> names, Tell gone, std::vector<std::string>* failed)
      AMETHYST_EXCLUDES(mutex_);
  [[nodiscard]] Status Remove(std::vector<std::string> names) {
    return Remove(std::move(names), [](std::string_view) {}, nullptr);
  }
  // Removes those that nobody needs any more.
  [[nodiscard]] Status RemoveWaiting(Tell gone = [](std::string_view) {}) AMETHYST_EXCLUDES(mutex_);
  [[nodiscard]] bool HasWaiting() const AMETHYST_EXCLUDES(mutex_);
  // Lets go of the directory, when nobody else calls any more: what waits is left to the next open.
  void Close() { environment_.reset(); }

 private:
  struct Waiting {
    std::vector<std::string> names;
    uint64_t ordinal = 0;  // Of the edit by which they are obsolete, or a later one.
    std::chrono::nanoseconds since{};
  };

  // Whether a follower stands before it, whose grace is longer than that.
  [[nodiscard]] static bool IsNeeded(io::ReaderMarks& marks, uint64_t ordinal, std::chrono::nanoseconds waited);
  [[nodiscard]] Status RemoveNow(const std::vector<std::string>& names, Tell gone, std::vector<std::string>* failed);
  [[nodiscard]] std::unique_ptr<io::ReaderMarks> OpenMarks() const;

  std::shared_ptr<io::Environment> environment_;
  const std::string directory_;
  std::atomic<uint64_t> now_{0};
  mutable base::Mutex mutex_{base::LockRank::kFileRemoval};
  std::vector<Waiting> waiting_ AMETHYST_GUARDED_BY(mutex_);
};

}  // namespace amethyst::tree
