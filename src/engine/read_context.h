// What reads share with writers and background jobs; it outlives Close with the last iterator.
//
// A read loads the view first and the visible sequence second: see view.h. Thread safety: any thread, as each part
// says.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "engine/operation_gate.h"
#include "engine/snapshot_list.h"
#include "engine/statistics.h"
#include "engine/view.h"
#include "key/order.h"

namespace amethyst::engine {

struct ReadContext {
  ReadContext(const key::Order& the_order, ViewPtr first) : order(the_order), view(std::move(first)) {}

  const key::Order order;
  ViewCell view;
  // The sequence up to which all writes are applied. Stored by the committer (release) after the memtable insert;
  // loaded (acquire) by reads after they have their view.
  std::atomic<uint64_t> visible{0};
  OperationGate gate{};
  const std::shared_ptr<SnapshotList> snapshots = std::make_shared<SnapshotList>();
  Statistics statistics{};
  std::atomic<uint64_t> iterators{0};  // How many live; counted by themselves.
};

}  // namespace amethyst::engine
