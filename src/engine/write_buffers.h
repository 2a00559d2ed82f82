// Makes the memtables that writes fill. Thread safety: any thread.
#pragma once

#include <memory>
#include <utility>

#include "engine/storage.h"
#include "engine/view.h"
#include "key/order.h"

namespace amethyst::engine {

class WriteBuffers {
 public:
  // Order and fold are the default family's. `storage` outlives it.
  WriteBuffers(const key::Order& order, key::Fold fold, std::shared_ptr<memtable::RegionPool> regions,
               const Storage& storage)
      : order_(order), fold_(fold), regions_(std::move(regions)), storage_(storage) {}

  // A fresh, empty one with room for `capacity_bytes`.
  [[nodiscard]] WriteBufferPtr New(size_t capacity_bytes) const {
    auto buffer = std::make_shared<WriteBuffer>(capacity_bytes, order_, regions_, fold_);
    buffer->created_s = storage_.delete_clock->Seconds();
    if (storage_.log != nullptr) buffer->first_log_segment = storage_.log->current_segment();
    return buffer;
  }

 private:
  const key::Order order_;
  const key::Fold fold_;
  const std::shared_ptr<memtable::RegionPool> regions_;
  const Storage& storage_;
};

}  // namespace amethyst::engine
