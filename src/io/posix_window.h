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

class PosixWindow {
 public:
  struct Extent {
    uint64_t begin = 0;
    uint64_t end = 0;
  };

  // Maps `file`, of that size, and populates its first step. `for_reading`: pages are populated clean, and become dirty
  // only when stored into. Null if the kernel cannot populate (before Linux 5.14) or give a thread: then do without
  // mapping. Any other failure to give pages is an error.
  [[nodiscard]] static Result<std::unique_ptr<PosixWindow>> Map(const Descriptor& file, uint64_t bytes,
                                                                bool for_reading);
  ~PosixWindow();
  PosixWindow(const PosixWindow&) = delete;
  PosixWindow& operator=(const PosixWindow&) = delete;

  [[nodiscard]] char* base() const { return base_; }
  [[nodiscard]] uint64_t populated_at_creation() const { return populated_at_creation_; }

  // The writer goes on at `offset`, and does not look before the returned extent's begin again (it may, by pwrite).
  // Returns what it may store into now, which may end before `offset`; the error if population failed.
  [[nodiscard]] Result<Extent> MoveTo(uint64_t offset);

 private:
  PosixWindow(std::string path, char* base, uint64_t bytes, int populate_advice);

  [[nodiscard]] Status Populate(uint64_t begin, uint64_t end) const;
  void KeepAhead();

  const std::string path_;
  char* const base_;
  const uint64_t bytes_;
  const int populate_advice_;
  uint64_t populated_at_creation_ = 0;

  base::Mutex mutex_;  // Innermost; held for a few instructions at a time.
  base::CondVar wake_;
  uint64_t writer_ AMETHYST_GUARDED_BY(mutex_) = 0;
  uint64_t released_ AMETHYST_GUARDED_BY(mutex_) = 0;
  uint64_t populated_ AMETHYST_GUARDED_BY(mutex_) = 0;
  Status status_ AMETHYST_GUARDED_BY(mutex_);
  bool stop_ AMETHYST_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace amethyst::io
