#include "inspect/table_report.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/error.h"
#include "cache/block_cache.h"
#include "sstable/table_salvage.h"
#include "tree/tombstone_table.h"

namespace amethyst::inspect {

namespace {

// Salvage asks the cache for nothing, but blocks are made with one at hand.
constexpr cache::BlockCache::Settings kNoCache{
    .capacity_bytes = 1 << 20, .policy = CachePolicy::kScanResistant, .shards = 1};

std::string Describe(const TableReport::Node& node) {
  return node.is_page ? fmt::format("index page with {} entries lost: {}", node.description.entries, node.problem)
                      : fmt::format("block with {} entries lost: {}", node.description.entries, node.problem);
}

// Passes an entry of a table of range tombstones on as the range deletes that it keeps. False: nobody wants more.
bool VisitFragment(const ShownEntry& entry, base::FunctionRef<bool(const ShownEntry&)> visit,
                   std::vector<std::string>* problems) {
  key::Range range;
  std::vector<key::SequenceNumber> sequences;
  if (!tree::ReadFragment(entry.value, &range, &sequences)) {
    problems->push_back("an entry is no range tombstone");
    return true;
  }
  return std::ranges::all_of(sequences, [&](key::SequenceNumber sequence) {
    return visit({.tag = key::Tag(sequence, key::EntryKind::kRangeDelete),
                  .key = {},
                  .value = entry.value,
                  .family = entry.family});
  });
}

}  // namespace

Result<TableReport> InspectTable(io::FileSystem& files, const std::string& path) {
  AMETHYST_ASSIGN(std::shared_ptr<io::RandomAccessFile> file, files.Open(path));
  cache::BlockCache cache(kNoCache);
  AMETHYST_ASSIGN(const auto salvage, sstable::TableSalvage::Open(std::move(file), key::Order(), cache));
  TableReport report{.file_bytes = salvage->file_bytes(),
                     .footer = salvage->footer(),
                     .properties = salvage->properties(),
                     .filter_is_good = salvage->filter_is_good(),
                     .sketched_keys = std::nullopt,
                     .nodes = {},
                     .problems = salvage->problems()};
  if (salvage->sketch()) report.sketched_keys = salvage->sketch()->EstimateKeys();
  while (auto step = salvage->Next()) {
    TableReport::Node node{
        .is_page = step->is_page, .description = std::move(step->description), .problem = std::move(step->problem)};
    if (!node.problem.empty()) report.problems.push_back(Describe(node));
    report.nodes.push_back(std::move(node));
  }
  return report;
}

Result<std::vector<std::string>> DumpTable(io::FileSystem& files, const std::string& path,
                                           base::FunctionRef<bool(const ShownEntry&)> visit) {
  AMETHYST_ASSIGN(std::shared_ptr<io::RandomAccessFile> file, files.Open(path));
  cache::BlockCache cache(kNoCache);
  AMETHYST_ASSIGN(const auto salvage, sstable::TableSalvage::Open(std::move(file), key::Order(), cache));
  std::vector<std::string> problems = salvage->problems();
  const auto& properties = salvage->properties();
  const bool holds_tombstones = properties && properties->tombstone_span;
  while (auto step = salvage->Next()) {
    if (!step->problem.empty()) {
      problems.push_back(
          Describe({.is_page = step->is_page, .description = step->description, .problem = step->problem}));
    }
    const uint32_t count = step->block == nullptr ? 0 : step->block->count();
    for (uint32_t i = 0; i < count; ++i) {
      const std::string key = step->block->key(i);
      const ShownEntry entry{.tag = step->block->tag(i),
                             .key = key,
                             .value = step->block->value(i),
                             .family = properties ? properties->family : key::FamilyId{}};
      if (!(holds_tombstones ? VisitFragment(entry, visit, &problems) : visit(entry))) return problems;
    }
  }
  return problems;
}

}  // namespace amethyst::inspect
