#include <leveldb/comparator.h>
#include <leveldb/env.h>
#include <leveldb/table_builder.h>

#include <algorithm>
#include <optional>

#include "compat/leveldb/convert.h"
#include "compat/leveldb/table_blocks.h"
#include "compat/leveldb/table_format.h"

namespace leveldb {

using amethyst::compat::BlockMaker;
using amethyst::compat::BlockPlace;
using amethyst::compat::EncodePlace;
using amethyst::compat::FilterMaker;
using amethyst::compat::View;

struct TableBuilder::Rep {
  Rep(const Options& the_options, WritableFile* the_file) : options(the_options), file(the_file) {
    if (options.filter_policy != nullptr) filter.emplace(*options.filter_policy);
  }

  void Append(const std::string& bytes) {
    if (!status.ok()) return;
    status = file->Append(bytes);
    if (status.ok()) file_bytes += bytes.size();
  }
  BlockPlace Write(std::string bytes) {
    const BlockPlace place{.offset = file_bytes, .bytes = bytes.size()};
    Append(amethyst::compat::Stored(std::move(bytes)));
    return place;
  }
  // Of the block that was written last, once its separator is known, which last_key has become.
  void AddToIndex() {
    index.Add(last_key, EncodePlace(*not_in_index), 1);
    not_in_index.reset();
  }

  Options options;
  WritableFile* file;
  BlockMaker block{};
  BlockMaker index{};
  std::optional<FilterMaker> filter{};
  std::optional<BlockPlace> not_in_index{};
  std::string last_key{};
  uint64_t entry_count = 0;
  uint64_t file_bytes = 0;
  Status status{};
};

TableBuilder::TableBuilder(const Options& options, WritableFile* file) : rep_(new Rep(options, file)) {}
TableBuilder::~TableBuilder() { delete rep_; }

Status TableBuilder::ChangeOptions(const Options& options) {
  if (options.comparator != rep_->options.comparator) {
    return Status::InvalidArgument("changing comparator while building table");
  }
  rep_->options = options;
  return {};
}

void TableBuilder::Add(const Slice& key, const Slice& value) {
  if (!ok()) return;
  if (rep_->entry_count > 0 && rep_->options.comparator->Compare(key, rep_->last_key) <= 0) {
    rep_->status = Status::InvalidArgument("a table's keys must be added in ascending order");
    return;
  }
  if (key.size() + value.size() > UINT32_MAX / 2) {
    rep_->status = Status::InvalidArgument("a table's entry must be smaller than 2 GiB");
    return;
  }
  if (rep_->not_in_index) {
    rep_->options.comparator->FindShortestSeparator(&rep_->last_key, key);
    rep_->AddToIndex();
  }
  if (rep_->filter) rep_->filter->Add(View(key));
  rep_->block.Add(View(key), View(value), std::max(rep_->options.block_restart_interval, 1));
  rep_->last_key.assign(key.data(), key.size());
  ++rep_->entry_count;
  if (rep_->block.Bytes() >= rep_->options.block_size) Flush();
}

void TableBuilder::Flush() {
  if (!ok() || rep_->block.Empty()) return;
  rep_->not_in_index = rep_->Write(rep_->block.Finish());
  if (ok()) rep_->status = rep_->file->Flush();
  if (rep_->filter) rep_->filter->BeginBlock(rep_->file_bytes);
}

Status TableBuilder::status() const { return rep_->status; }

Status TableBuilder::Finish() {
  Flush();
  if (!ok()) return status();
  BlockMaker metaindex;
  if (rep_->filter) {
    const BlockPlace filter = rep_->Write(rep_->filter->Finish());
    metaindex.Add(std::string("filter.") + rep_->options.filter_policy->Name(), EncodePlace(filter), 1);
  }
  const BlockPlace metaindex_place = rep_->Write(metaindex.Finish());
  if (rep_->not_in_index) {
    rep_->options.comparator->FindShortSuccessor(&rep_->last_key);
    rep_->AddToIndex();
  }
  const BlockPlace index_place = rep_->Write(rep_->index.Finish());
  rep_->Append(amethyst::compat::EncodeTableFooter(metaindex_place, index_place));
  return status();
}

void TableBuilder::Abandon() {}  // What is written is the caller's to remove.

uint64_t TableBuilder::NumEntries() const { return rep_->entry_count; }
uint64_t TableBuilder::FileSize() const { return rep_->file_bytes; }

}  // namespace leveldb
