#include "compaction/output_tables.h"

#include <utility>

#include "base/assert.h"

namespace amethyst::compaction {

OutputTables::OutputTables(tree::TableStore& store, std::function<key::FileNumber()> new_file_number, Settings settings)
    : store_(store),
      new_file_number_(std::move(new_file_number)),
      settings_(std::move(settings)),
      span_begin_(settings_.lineage.begin) {
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

Status OutputTables::CutBefore(std::string_view key) {
  if (writer_ == nullptr) return {};
  AMETHYST_TRY(FinishTable(key));
  span_begin_ = key;
  return {};
}

Status OutputTables::FinishTable(std::string_view span_end) {
  AMETHYST_DCHECK(writer_->entries() > 0);
  writer_->SetLineage({.replaced = settings_.lineage.replaced, .begin = span_begin_, .end = std::string(span_end)});
  AMETHYST_ASSIGN(sstable::TableInfo info, writer_->Finish());
  writer_.reset();
  finished_.push_back({settings_.level, files_.back(), std::move(info), settings_.table_options.family});
  return {};
}

Result<std::vector<tree::AddedTable>> OutputTables::Finish() {
  if (writer_ != nullptr) AMETHYST_TRY(FinishTable(settings_.lineage.end));
  files_.clear();
  return std::move(finished_);
}

}  // namespace amethyst::compaction
