// A family of keys: one order, one way to store its tables. A database has one so far, the default.
//
// Thread safety: set while opening, then constant.
#pragma once

#include "compaction/plan.h"
#include "engine/settings.h"
#include "key/order.h"
#include "sstable/table_info.h"

namespace amethyst::engine {

struct Family {
  Family() = default;
  Family(const Settings& settings, const base::Uid& database_uid);

  key::Order order{};
  sstable::TableOptions table_options{};
  uint64_t write_buffer_bytes = 0;
  uint64_t table_bytes = 0;  // About what a compaction's output has.
  uint64_t delete_deadline_s = 0;
};

}  // namespace amethyst::engine
