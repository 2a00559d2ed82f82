// An open file descriptor of the operating system, and the calls on it that retry EINTR and finish short transfers.
//
// Errors name path and offset. Thread safety: as the descriptor itself; positioned calls from any thread at once.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "amethyst/error.h"
#include "io/posix_path.h"

namespace amethyst::io {

// Refuses a path with a zero byte in it. The system would see what stands before that byte alone: another file.
[[nodiscard]] Status CheckPath(std::string_view path);

class Descriptor {
 public:
  // open(2) with these flags and O_CLOEXEC; a file that it creates may be read by all and written by its owner.
  [[nodiscard]] static Result<Descriptor> Open(const PosixPath& path, int flags);
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept;
  Descriptor& operator=(Descriptor&&) = delete;

  [[nodiscard]] int number() const { return number_; }
  [[nodiscard]] const std::string& path() const { return path_; }

  // Fewer bytes than asked only at the end of the file.
  [[nodiscard]] Result<size_t> ReadAt(uint64_t offset, std::span<char> to) const;
  // kNoSpace beyond the process's limit of a file's size, where the system would send a signal.
  [[nodiscard]] Status WriteAt(uint64_t offset, std::string_view bytes) const;
  // Whether a file may have that size: SystemError of EFBIG if the process's limit is less.
  [[nodiscard]] Status CheckSize(uint64_t bytes) const;
  // Content, and what of the metadata is needed to read it. An interrupted call counts as failed, for what a second
  // one returned would not cover what the first one lost.
  [[nodiscard]] Status SyncData() const;
  // Everything; for directories.
  [[nodiscard]] Status SyncAll() const;
  [[nodiscard]] Result<uint64_t> Size() const;
  // Reports what the destructor could not; nothing but the destructor may be called afterwards.
  [[nodiscard]] Status Close();
  // Somebody else closes it: nothing but the destructor may be called afterwards.
  void Release() { number_ = -1; }

 private:
  Descriptor(std::string path, int number) : path_(std::move(path)), number_(number) {}

  std::string path_;
  int number_;
};

}  // namespace amethyst::io
