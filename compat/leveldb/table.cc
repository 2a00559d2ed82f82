#include <leveldb/comparator.h>
#include <leveldb/env.h>
#include <leveldb/table.h>

#include <algorithm>
#include <functional>
#include <memory>

#include "compat/leveldb/convert.h"
#include "compat/leveldb/table_format.h"

namespace leveldb {

using amethyst::compat::BlockCursor;
using amethyst::compat::BlockPlace;
using amethyst::compat::DecodePlace;
using amethyst::compat::TableBlock;
using amethyst::compat::TableFooter;
using amethyst::compat::TableFormat;
using amethyst::compat::View;

struct Table::Rep {
  // The data block whose index entry has this value; it lies before the index.
  Status Load(const Slice& value, BlockPlace* place, TableBlock* block) const {
    std::string_view encoded = View(value);
    if (!DecodePlace(format, &encoded, place)) return Status::Corruption("bad block handle");
    return LoadTableBlock(*file, format, *place, index_offset, block);
  }

  const Comparator* order;
  const RandomAccessFile* file;
  TableFormat format;
  uint64_t data_end;
  uint64_t index_offset;
  TableBlock index{};
};

namespace {

class TableIterator final : public Iterator {
 public:
  // `load` reads the data block that an index entry's value names.
  using Load = Status (*)(const void* rep, const Slice& value, TableBlock* block);
  TableIterator(const void* rep, Load load, const TableBlock& index, const Comparator& order)
      : rep_(rep), load_(load), order_(order) {
    index_.Reset(&index, &order);
    in_block_.Reset(&block_, &order);
  }

  bool Valid() const override { return status_.ok() && in_block_.Valid(); }
  void SeekToFirst() override {
    index_.SeekToFirst();
    Enter(&BlockCursor::SeekToFirst);
    PassForward();
  }
  void SeekToLast() override {
    index_.SeekToLast();
    Enter(&BlockCursor::SeekToLast);
    PassBackward();
  }
  void Seek(const Slice& target) override {
    index_.Seek(target);
    Enter([&](BlockCursor& block) { block.Seek(target); });
    PassForward();
  }
  void Next() override {
    if (!Valid()) return;
    in_block_.Next();
    PassForward();
  }
  void Prev() override {
    if (!Valid()) return;
    in_block_.Prev();
    PassBackward();
  }
  Slice key() const override { return in_block_.key(); }
  Slice value() const override { return in_block_.value(); }
  Status status() const override { return status_; }

 private:
  // Goes into the block that the index stands on, as move(cursor) says; if it stands on none, to nowhere.
  template <typename Move>
  void Enter(Move move) {
    status_ = index_.is_damaged() ? Status::Corruption("bad entry in block") : Status();
    in_block_.Reset(&block_, &order_);
    if (!index_.Valid() || !status_.ok()) return;
    status_ = load_(rep_, index_.value(), &block_);
    if (status_.ok()) std::invoke(move, in_block_);
  }
  // To the next block's begin, where one has ended: a separator may be greater than all keys of its block.
  void PassForward() {
    while (IsPast()) {
      index_.Next();
      Enter(&BlockCursor::SeekToFirst);
    }
  }
  void PassBackward() {
    while (IsPast()) {
      index_.Prev();
      Enter(&BlockCursor::SeekToLast);
    }
  }
  // Whether there may be more in another block.
  bool IsPast() {
    if (in_block_.is_damaged()) status_ = Status::Corruption("bad entry in block");
    return status_.ok() && !in_block_.Valid() && index_.Valid();
  }

  const void* const rep_;
  const Load load_;
  const Comparator& order_;
  BlockCursor index_;
  TableBlock block_;
  BlockCursor in_block_;
  Status status_;
};

}  // namespace

Status Table::Open(const Options& options, RandomAccessFile* file, uint64_t file_size, Table** table) {
  using amethyst::compat::kTableFooterBytes;
  *table = nullptr;
  const uint64_t tail_bytes = std::min<uint64_t>(file_size, kTableFooterBytes);
  char buffer[kTableFooterBytes];
  Slice tail;
  Status status = file->Read(file_size - tail_bytes, tail_bytes, &tail, buffer);
  if (!status.ok()) return status;
  TableFooter footer;
  status = amethyst::compat::DecodeTableFooter(View(tail), &footer);
  if (!status.ok()) return status;
  auto rep = std::make_unique<Rep>(Rep{options.comparator, file, footer.format, footer.data_end, footer.index.offset});
  status = LoadTableBlock(*file, footer.format, footer.index, file_size - footer.bytes, &rep->index);
  if (status.ok()) *table = new Table(rep.release());
  return status;
}

Table::~Table() { delete rep_; }

Iterator* Table::NewIterator(const ReadOptions&) const {
  const auto load = [](const void* opaque, const Slice& value, TableBlock* block) {
    BlockPlace place;
    return static_cast<const Rep*>(opaque)->Load(value, &place, block);
  };
  return new TableIterator(rep_, load, rep_->index, *rep_->order);
}

uint64_t Table::ApproximateOffsetOf(const Slice& key) const {
  BlockCursor index;
  index.Reset(&rep_->index, rep_->order);
  index.Seek(key);
  BlockPlace place;
  if (!index.Valid()) return rep_->data_end;
  std::string_view encoded = View(index.value());
  return DecodePlace(rep_->format, &encoded, &place) ? place.offset : rep_->data_end;
}

}  // namespace leveldb
