// A preallocated file for the write-ahead log, stored into at memory speed.
//
// Where mapping is safe (ext4, xfs, tmpfs) a window of the file is mapped and populated ahead, so a store is a memcpy
// that survives a process crash; elsewhere, and outside the window, a store is a pwrite. All stores go through Store,
// so that a simulated file system (whose window is empty) sees each of them. Thread safety: stores from one thread at a
// time; Sync from any thread, at the same time as stores.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "amethyst/error.h"

namespace amethyst::io {

class LogSegment {
 public:
  virtual ~LogSegment() = default;

  // Writes `bytes` at `offset`; they must lie within capacity(). On an error some of them may have been written.
  [[nodiscard]] Status Store(uint64_t offset, std::string_view bytes) {
    if (offset >= window_begin_ && offset + bytes.size() <= window_end_) [[likely]] {
      std::memcpy(window_ + (offset - window_begin_), bytes.data(), bytes.size());
      return {};
    }
    return StoreOutsideWindow(offset, bytes);
  }

  // Memory at [offset, offset + bytes) to encode into directly, or an empty span if that is not mapped: then Store.
  [[nodiscard]] std::span<char> Mapped(uint64_t offset, size_t bytes) {
    if (offset >= window_begin_ && offset + bytes <= window_end_) return {window_ + (offset - window_begin_), bytes};
    return {};
  }

  // All stores that returned before this call survive power loss when OK returns, as does the file's existence once its
  // directory was synced. Never called again after it failed.
  [[nodiscard]] virtual Status Sync() = 0;
  // Ends the file at `end` bytes (what lies behind was never acknowledged), unmaps and closes. The file stays.
  [[nodiscard]] virtual Status Close(uint64_t end) = 0;

  [[nodiscard]] uint64_t capacity() const { return capacity_; }
  [[nodiscard]] const std::string& path() const { return path_; }

 protected:
  LogSegment(std::string path, uint64_t capacity) : path_(std::move(path)), capacity_(capacity) {}

  // Moves the window so that it starts at or before `offset` if that helps, and writes.
  [[nodiscard]] virtual Status StoreOutsideWindow(uint64_t offset, std::string_view bytes) = 0;

  void SetWindow(char* window, uint64_t begin, uint64_t end) {
    window_ = window;
    window_begin_ = begin;
    window_end_ = end;
  }

 private:
  std::string path_;
  uint64_t capacity_;
  char* window_ = nullptr;
  uint64_t window_begin_ = 0;
  uint64_t window_end_ = 0;
};

}  // namespace amethyst::io
