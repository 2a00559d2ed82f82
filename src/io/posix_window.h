// The populated part of a mapped log segment, kept ahead of the writer by a thread of its own.
//
// Invariants: pages in [released, populated) are mapped; population moves up in whole steps; nothing at or after the
// begin last returned by MoveTo is given back. Thread safety: MoveTo from the writer's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "amethyst/error.h"
#include "base/mutex.h"
#include "io/posix_descriptor.h"

namespace amethyst::io {

// Whether no store into a mapping of the file can fail where its blocks are allocated.
[[nodiscard]] bool IsMappingSafe(const Descriptor& file);

class PosixWindow {
 public:
  struct Extent {
    uint64_t begin = 0;
    uint64_t end = 0;
  };

  // Maps `file`, of that size, and populates its first step. `for_reading`: pages are populated clean, and become dirty
  // only when stored into. Null if the system does not map, does not populate (before Linux 5.14) or gives no thread:
  // then do without, for a write is sure to be told of any error.
  [[nodiscard]] static std::unique_ptr<PosixWindow> Map(const Descriptor& file, uint64_t bytes, bool for_reading);
  ~PosixWindow();
  PosixWindow(const PosixWindow&) = delete;
  PosixWindow& operator=(const PosixWindow&) = delete;

  [[nodiscard]] char* base() const { return base_; }
  [[nodiscard]] uint64_t populated_at_creation() const { return populated_at_creation_; }

  // The writer goes on at `offset`, and does not look before the returned extent's begin again (it may, by pwrite).
  // Returns what it may store into now, which may end before `offset`; the error if the file could not be read. Where
  // the system has no memory for more pages, or lacks the right, the window stays behind the writer.
  [[nodiscard]] Result<Extent> MoveTo(uint64_t offset);

 private:
  PosixWindow(std::string path, char* base, uint64_t bytes, int populate_advice);

  // 0, or the system's error number.
  [[nodiscard]] int Populate(uint64_t begin, uint64_t end) const;
  void KeepAhead();

  const std::string path_;
  char* const base_;
  const uint64_t bytes_;
  const int populate_advice_;
  uint64_t populated_at_creation_ = 0;

  base::Mutex mutex_{base::LockRank::kLogWindow};  // Held for a few instructions at a time.
  base::CondVar wake_;
  uint64_t writer_ AMETHYST_GUARDED_BY(mutex_) = 0;
  uint64_t released_ AMETHYST_GUARDED_BY(mutex_) = 0;
  uint64_t populated_ AMETHYST_GUARDED_BY(mutex_) = 0;
  int error_number_ AMETHYST_GUARDED_BY(mutex_) = 0;  // Of the first population that failed: there is none after it.
  bool stop_ AMETHYST_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace amethyst::io
