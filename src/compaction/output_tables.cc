#include "compaction/output_tables.h"

#include <utility>

#include "base/assert.h"
#include "base/pages.h"

namespace amethyst::compaction {
namespace {

// The manifest and the memory of an open database hold the bounds of all tables: so they are a small part of the data,
// as it is stored.
constexpr uint64_t kBytesPerBoundByte = 64;
// Beyond that a table ends in any case: its index waits in memory, uncompressed, for its end.
constexpr uint64_t kTableBytesMax = uint64_t{256} << 20;

}  // namespace

OutputTables::OutputTables(tree::TableStore& store, std::function<key::FileNumber()> new_file_number, Settings settings)
    : store_(store),
      new_file_number_(std::move(new_file_number)),
      settings_(std::move(settings)),
      span_begin_(settings_.lineage.begin),
      bound_(settings_.limits.begin),
      memory_(store.budget(), 0) {
  AMETHYST_ASSERT(settings_.level < key::kLevels);
}

OutputTables::~OutputTables() {
  writer_.reset();
  for (const key::FileNumber number : files_) store_.AddObsolete(number);
}

Status OutputTables::Begin() {
  AMETHYST_DCHECK(files_.size() == finished_.size());
  const key::FileNumber number = new_file_number_();
  AMETHYST_ASSIGN(std::unique_ptr<io::WritableFile> file, store_.Create(number));
  files_.push_back(number);
  writer_ =
      std::make_unique<sstable::TableWriter>(std::move(file), settings_.table_options, settings_.oldest_delete_time_s);
  return {};
}

void OutputTables::ReserveMemory() {
  constexpr size_t kStepBytes = size_t{256} << 10;
  const size_t held_bytes = writer_ == nullptr ? 0 : writer_->memory_bytes();
  if (held_bytes > memory_.bytes() || held_bytes + 2 * kStepBytes < memory_.bytes()) {
    memory_.Resize(base::RoundUp(held_bytes, kStepBytes));
  }
}

Status OutputTables::CutBefore(std::string_view key) {
  if (writer_ == nullptr) return {};
  std::string bound = key::BoundBetween(writer_->last_key(), key, settings_.table_options.order);
  const bool is_long = bound.size() > key::kBoundBytes && writer_->StoredBytes() / kBytesPerBoundByte < bound.size();
  if (is_long && writer_->EstimatedBytes() < kTableBytesMax) return {};
  AMETHYST_TRY(FinishTable(bound, bound));
  span_begin_ = bound;
  bound_ = std::move(bound);
  return {};
}

Status OutputTables::FinishTable(std::string_view span_end, const std::optional<std::string>& bound) {
  AMETHYST_DCHECK(writer_->entries() > 0);
  writer_->SetSurroundings(
      {.lineage = {.replaced = settings_.lineage.replaced, .begin = span_begin_, .end = std::string(span_end)},
       .limits = {.begin = bound_, .end = bound, .last = settings_.limits.last}});
  AMETHYST_ASSIGN(sstable::TableInfo info, writer_->Finish());
  writer_.reset();
  finished_.push_back({settings_.level, files_.back(), std::move(info), settings_.table_options.family});
  return {};
}

Result<std::vector<tree::AddedTable>> OutputTables::Finish() {
  if (writer_ != nullptr) AMETHYST_TRY(FinishTable(settings_.lineage.end, settings_.limits.end));
  files_.clear();
  return std::move(finished_);
}

}  // namespace amethyst::compaction
