#include "amethyst/snapshot.h"

#include "engine/snapshot_list.h"

namespace amethyst {

Snapshot::Snapshot(std::unique_ptr<engine::SnapshotPin> pin, uint64_t sequence,
                   std::chrono::system_clock::time_point read_time)
    : pin_(std::move(pin)), sequence_(sequence), read_time_(read_time) {}
Snapshot::Snapshot(Snapshot&&) noexcept = default;
Snapshot& Snapshot::operator=(Snapshot&&) noexcept = default;
Snapshot::~Snapshot() = default;

}  // namespace amethyst
