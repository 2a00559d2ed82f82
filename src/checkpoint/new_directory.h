// A directory that is made whole or not at all.
//
// It is filled under another name, its path with ".unfinished" behind it, where the file UNFINISHED says what it is and
// keeps it from being opened. Finish makes everything in it durable and gives it its name. What a crash leaves under
// the other name is emptied by the next that makes the same directory: only if the file UNFINISHED is there, or nothing
// is, or all files are of names that a database's have. The lock on the directory keeps two from filling it at once.
// Thread safety: one thread.
#pragma once

#include <memory>
#include <string>

#include "amethyst/error.h"
#include "io/file_system.h"

namespace amethyst::checkpoint {

inline constexpr std::string_view kUnfinishedSuffix = ".unfinished";

class NewDirectory {
 public:
  // kInvalidArgument: something is at `path`, or something that is not ours where it would be filled. kBusy: somebody
  // fills it.
  [[nodiscard]] static Result<std::unique_ptr<NewDirectory>> Begin(io::FileSystem& files, const std::string& path);
  // Removes what there is, as far as it can, unless it is finished.
  ~NewDirectory();
  NewDirectory(const NewDirectory&) = delete;
  NewDirectory& operator=(const NewDirectory&) = delete;

  // Where it is filled. The writer of a file syncs it.
  [[nodiscard]] const std::string& filled_at() const { return filled_at_; }
  [[nodiscard]] std::string PathOf(std::string_view name) const { return io::JoinPath(filled_at_, name); }
  // All names in it are durable. OK: it is at its path, and durable. After an error it may be there, whole, or not.
  [[nodiscard]] Status Finish();

 private:
  NewDirectory(io::FileSystem& files, std::string path, std::string filled_at, std::unique_ptr<io::FileLock> lock)
      : files_(files), path_(std::move(path)), filled_at_(std::move(filled_at)), lock_(std::move(lock)) {}

  io::FileSystem& files_;
  const std::string path_;
  const std::string filled_at_;
  std::unique_ptr<io::FileLock> lock_;
  bool has_moved_ = false;
};

}  // namespace amethyst::checkpoint
