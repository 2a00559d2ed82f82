// A family of keys, as what stores it sees it: one order, one way to store its tables.
//
// Thread safety: plain values, of which those that can be changed may be while others read them.
#pragma once

#include <memory>

#include "amethyst/compaction_filter.h"
#include "amethyst/error.h"
#include "base/changeable.h"
#include "compaction/plan.h"
#include "engine/settings.h"
#include "key/order.h"
#include "sstable/table_info.h"
#include "tree/family_description.h"

namespace amethyst::engine {

struct Family {
  Family() = default;
  // The default one.
  Family(const Settings& settings, const base::Uid& database_uid);

  // Of the default one: what the settings say by now.
  void Change(const Settings& settings);
  // As it is now; another one is as this, the default, where its description says nothing else.
  [[nodiscard]] Family For(const tree::FamilyDescription& description) const;

  key::Order order{};
  sstable::TableOptions table_options{};
  // These can be changed while others read them; the first goes before that of table_options.
  base::Changeable<Compression> compression{};
  base::Changeable<uint64_t> write_buffer_bytes{};
  base::Changeable<uint64_t> table_bytes{};  // About what a compaction's output has.
  base::Changeable<uint64_t> delete_deadline_s{};
  std::shared_ptr<const CompactionFilter> compaction_filter{};
};

// What a call says whose family is gone, or is another database's.
[[nodiscard]] std::unexpected<Error> FamilyDropped();
[[nodiscard]] std::unexpected<Error> AnothersFamily();

}  // namespace amethyst::engine
