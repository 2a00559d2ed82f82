#include "engine/family.h"

#include <algorithm>

#include "base/error.h"

namespace amethyst::engine {

Family::Family(const Settings& settings, const base::Uid& database_uid)
    : order(settings.order), table_options{settings.table_options()} {
  Change(settings);
  table_options.database_uid = database_uid;
  const auto& families = settings.options.families;
  if (const auto given = families.find(tree::kDefaultFamilyName); given != families.end()) {
    compaction_filter = given->second.compaction_filter;
  }
}

void Family::Change(const Settings& settings) {
  constexpr uint64_t kTableBytesMin = uint64_t{2} << 20;
  constexpr uint64_t kTableBytesMax = uint64_t{32} << 20;
  compression = settings.options.compression;
  write_buffer_bytes = settings.write_buffer_bytes.get();
  table_bytes = std::clamp<uint64_t>(settings.write_buffer_bytes.get(), kTableBytesMin, kTableBytesMax);
  delete_deadline_s = settings.options.delete_deadline_s;
}

Family Family::For(const tree::FamilyDescription& description) const {
  Family family = *this;
  family.table_options.compression = family.compression;
  if (description.id == key::kDefaultFamily) return family;
  family.order = *description.order;
  family.compaction_filter = description.compaction_filter;
  sstable::TableOptions& tables = family.table_options;
  tables.order = family.order;
  tables.family = description.id;
  tables.family_name = description.name;
  tables.block_bytes = description.block_bytes.value_or(tables.block_bytes);
  tables.compression = description.compression.value_or(tables.compression);
  tables.filter_false_positive_rate =
      description.filter_false_positive_rate.value_or(tables.filter_false_positive_rate);
  return family;
}

std::unexpected<Error> FamilyDropped() { return base::InvalidArgument("family dropped"); }
std::unexpected<Error> AnothersFamily() { return base::InvalidArgument("the family is of another database"); }

}  // namespace amethyst::engine
