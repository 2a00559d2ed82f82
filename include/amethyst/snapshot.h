// A view of the database as of one moment, unaffected by later writes.
//
// While it lives, compaction keeps what it can see. Move-only; releasing is destroying.
// Thread safety: may be used by many readers at once, moved and destroyed by one.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>

namespace amethyst {

namespace engine {
class SnapshotPin;
}

class Snapshot {
 public:
  // Made by DB::GetSnapshot.
  Snapshot(std::unique_ptr<engine::SnapshotPin> pin, uint64_t sequence,
           std::chrono::system_clock::time_point read_time);
  Snapshot(Snapshot&&) noexcept;
  Snapshot& operator=(Snapshot&&) noexcept;
  ~Snapshot();

  // The number of the newest write that the snapshot sees. It grows with every write.
  [[nodiscard]] uint64_t sequence() const { return sequence_; }
  // What has expired by then is gone for the snapshot, and what expires later is not.
  [[nodiscard]] std::chrono::system_clock::time_point read_time() const { return read_time_; }

  // For what stands beside it in this library.
  [[nodiscard]] const engine::SnapshotPin& pin() const { return *pin_; }

 private:
  std::unique_ptr<engine::SnapshotPin> pin_;
  uint64_t sequence_;
  std::chrono::system_clock::time_point read_time_;
};

}  // namespace amethyst
