#include <leveldb/comparator.h>
#include <leveldb/env.h>
#include <leveldb/table_builder.h>

#include "compat/leveldb/convert.h"
#include "compat/leveldb/table_format.h"

namespace leveldb {

using amethyst::compat::BlockPlace;
using amethyst::compat::TableBlockBuilder;
using amethyst::compat::View;

struct TableBuilder::Rep {
  void Write(const std::string& bytes) {
    if (!status.ok()) return;
    status = file->Append(bytes);
    if (status.ok()) file_bytes += bytes.size();
  }

  Options options;
  WritableFile* file;
  TableBlockBuilder block{};
  TableBlockBuilder index{};
  std::string last_key{};
  uint64_t entry_count = 0;
  uint64_t file_bytes = 0;
  Status status{};
};

TableBuilder::TableBuilder(const Options& options, WritableFile* file) : rep_(new Rep{options, file}) {}
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
  rep_->block.Add(View(key), View(value));
  rep_->last_key.assign(key.data(), key.size());
  ++rep_->entry_count;
  if (rep_->block.Bytes() >= rep_->options.block_size) Flush();
}

void TableBuilder::Flush() {
  if (!ok() || rep_->block.Empty()) return;
  const std::string block = rep_->block.Finish();
  rep_->index.Add(rep_->last_key, EncodePlace(BlockPlace{.offset = rep_->file_bytes, .bytes = block.size()}));
  rep_->Write(block);
  if (ok()) rep_->status = rep_->file->Flush();
}

Status TableBuilder::status() const { return rep_->status; }

Status TableBuilder::Finish() {
  Flush();
  if (!ok()) return status();
  const std::string index = rep_->index.Finish();
  const BlockPlace place{.offset = rep_->file_bytes, .bytes = index.size()};
  rep_->Write(index);
  rep_->Write(EncodeTableFooter(place));
  return status();
}

void TableBuilder::Abandon() {}  // What is written is the caller's to remove.

uint64_t TableBuilder::NumEntries() const { return rep_->entry_count; }
uint64_t TableBuilder::FileSize() const { return rep_->file_bytes; }

}  // namespace leveldb
