#include "ingest/external_table.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/error.h"
#include "key/range.h"
#include "sstable/table_reader.h"

namespace amethyst::ingest {

namespace {

// Whether a range delete of one table concerns a key between the bounds of the other.
bool DeletesOf(const IncomingTable& table, const IncomingTable& other, const key::Order& order) {
  return std::ranges::any_of(table.range_deletes, [&](const std::string& encoded) {
    std::string_view bytes = encoded;
    key::Range range;
    const bool is_range = key::ReadRange(&bytes, &range);
    return is_range && !range.BeginsAfter(other.added.info.largest, order) &&
           !range.EndsAtOrBefore(other.added.info.smallest, order);
  });
}

std::unexpected<Error> Overlap(const std::string& a, const std::string& b) {
  return base::InvalidArgument("{} and {} overlap: make them disjoint, or ingest them in_order", a, b);
}

}  // namespace

Result<IncomingTable> ReadExternalTable(std::shared_ptr<io::RandomAccessFile> file, const Taker& taker,
                                        cache::BlockCache& cache, Reading reading) {
  const std::string path = file->path();
  AMETHYST_ASSIGN(const auto reader, sstable::TableReader::OpenUnknown(std::move(file), taker.order, cache));
  const sstable::Properties& properties = reader->properties();
  if (!properties.external || reader->info().largest_sequence != key::SequenceNumber{}) {
    return base::InvalidArgument("{}: a table of a database; only what a TableWriter has written can be taken in",
                                 path);
  }
  const std::string& operands_for = properties.external->merge_operator;
  if (!operands_for.empty() && operands_for != taker.merge_operator) {
    return base::InvalidArgument("{}: has operands of merge operator {}; family {} has {}", path, operands_for,
                                 taker.name, taker.merge_operator.empty() ? "none" : taker.merge_operator);
  }
  if (reading == Reading::kAll) AMETHYST_TRY(reader->Verify());
  return IncomingTable{.added = {.info = reader->info()},
                       .range_deletes = properties.external->range_deletes,
                       .has_operands = !operands_for.empty()};
}

Result<std::vector<std::string>> ReadRangeDeletes(std::shared_ptr<io::RandomAccessFile> file,
                                                  const sstable::TableInfo& info, key::Order order,
                                                  cache::BlockCache& cache) {
  const std::string path = file->path();
  AMETHYST_ASSIGN(const auto reader, sstable::TableReader::Open(std::move(file), info, order, cache));
  if (reader->properties().external) return reader->properties().external->range_deletes;
  return base::Corruption("{}: expected a table that was taken in, found one of a database", path);
}

Status CheckDisjoint(std::span<const IncomingTable> tables, std::span<const std::string> names,
                     base::FunctionRef<const key::Order&(key::FamilyId)> order_of) {
  std::map<key::FamilyId, std::vector<size_t>> families;
  for (size_t i = 0; i < tables.size(); ++i) families[tables[i].added.family].push_back(i);
  for (auto& [family, members] : families) {
    const key::Order& order = order_of(family);
    std::ranges::sort(members, [&](size_t a, size_t b) {
      return order.Less(tables[a].added.info.smallest, tables[b].added.info.smallest);
    });
    for (size_t i = 1; i < members.size(); ++i) {
      const auto& before = tables[members[i - 1]].added.info;
      if (!order.Less(before.largest, tables[members[i]].added.info.smallest)) {
        return Overlap(names[members[i - 1]], names[members[i]]);
      }
    }
    for (const size_t deleting : members) {
      if (tables[deleting].range_deletes.empty()) continue;
      for (const size_t other : members) {
        if (other != deleting && DeletesOf(tables[deleting], tables[other], order)) {
          return Overlap(names[deleting], names[other]);
        }
      }
    }
  }
  return {};
}

}  // namespace amethyst::ingest
