#include "amethyst/snapshot.h"

#include "engine/snapshot_list.h"

namespace amethyst {

Snapshot::Snapshot(std::unique_ptr<engine::SnapshotPin> pin, uint64_t sequence)
    : pin_(std::move(pin)), sequence_(sequence) {}
Snapshot::Snapshot(Snapshot&&) noexcept = default;
Snapshot& Snapshot::operator=(Snapshot&&) noexcept = default;
Snapshot::~Snapshot() = default;

}  // namespace amethyst
