#include <leveldb/comparator.h>
#include <leveldb/env.h>
#include <leveldb/table.h>

#include <memory>

#include "compat/leveldb/convert.h"
#include "compat/leveldb/table_format.h"

namespace leveldb {

using amethyst::compat::BlockPlace;
using amethyst::compat::DecodePlace;
using amethyst::compat::TableBlock;
using amethyst::compat::View;

namespace {

// A block and the memory under it, which is the file's own if that hands some out.
struct LoadedBlock {
  std::unique_ptr<char[]> buffer;
  TableBlock block;
};

Status ReadBytes(const RandomAccessFile& file, const BlockPlace& place, std::unique_ptr<char[]>* buffer, Slice* bytes) {
  buffer->reset(new char[place.bytes]);
  Status status = file.Read(place.offset, place.bytes, bytes, buffer->get());
  if (status.ok() && bytes->size() != place.bytes) status = Status::Corruption("truncated block read");
  return status;
}

Status LoadBlock(const RandomAccessFile& file, const BlockPlace& place, LoadedBlock* loaded) {
  Slice bytes;
  Status status = ReadBytes(file, place, &loaded->buffer, &bytes);
  return status.ok() ? TableBlock::Parse(View(bytes), &loaded->block) : status;
}

// The first entry at or after `key`, or the count.
uint32_t LowerBound(const TableBlock& block, const Comparator& order, const Slice& key) {
  uint32_t from = 0;
  for (uint32_t to = block.count(); from < to;) {
    const uint32_t middle = from + (to - from) / 2;
    if (order.Compare(block.entry(middle).key, key) < 0) {
      from = middle + 1;
    } else {
      to = middle;
    }
  }
  return from;
}

}  // namespace

struct Table::Rep {
  // The place of a data block, which lies before the index.
  Status PlaceOf(uint32_t number, BlockPlace* place) const {
    *place = DecodePlace(index.block.entry(number).value);
    const bool inside = place->offset <= index_offset && place->bytes <= index_offset - place->offset;
    return inside ? Status() : Status::Corruption("bad block handle");
  }

  const Comparator* order;
  const RandomAccessFile* file;
  uint64_t index_offset;
  LoadedBlock index;
};

namespace {

class TableIterator final : public Iterator {
 public:
  // `load` reads the data block of a number.
  using Load = Status (*)(const void* rep, uint32_t number, LoadedBlock* loaded);
  TableIterator(const void* rep, Load load, const TableBlock& index, const Comparator& order)
      : rep_(rep), load_(load), index_(index), order_(order), block_number_(index.count()) {}

  bool Valid() const override { return block_number_ < index_.count() && status_.ok(); }
  void SeekToFirst() override {
    Enter(0, [](const TableBlock&) { return 0u; });
  }
  void SeekToLast() override {
    Enter(index_.count() - 1, [](const TableBlock& block) { return block.count() - 1; });  // Of none: past the end.
  }
  void Seek(const Slice& target) override {
    Enter(LowerBound(index_, order_, target),
          [&](const TableBlock& block) { return LowerBound(block, order_, target); });
  }
  void Next() override {
    if (!Valid()) return;
    if (++at_ == loaded_.block.count()) Enter(block_number_ + 1, [](const TableBlock&) { return 0u; });
  }
  void Prev() override {
    if (!Valid()) return;
    if (at_-- == 0) Enter(block_number_ - 1, [](const TableBlock& block) { return block.count() - 1; });
  }
  Slice key() const override { return loaded_.block.entry(at_).key; }
  Slice value() const override { return loaded_.block.entry(at_).value; }
  Status status() const override { return status_; }

 private:
  // Goes to the entry that place(block) says of the block of that number; past the end of the index, invalid.
  template <typename Place>
  void Enter(uint32_t number, Place place) {
    status_ = Status();
    if (number >= index_.count()) {
      block_number_ = index_.count();
      return;
    }
    if (number != block_number_) status_ = load_(rep_, number, &loaded_);
    block_number_ = status_.ok() ? number : index_.count();
    if (!status_.ok()) return;
    at_ = place(loaded_.block);
    if (at_ < loaded_.block.count()) return;
    status_ = Status::Corruption("bad block contents");  // Blocks are never empty, and their index holds the last key.
    block_number_ = index_.count();
  }

  const void* const rep_;
  const Load load_;
  const TableBlock& index_;
  const Comparator& order_;
  uint32_t block_number_;
  uint32_t at_ = 0;
  LoadedBlock loaded_;
  Status status_;
};

}  // namespace

Status Table::Open(const Options& options, RandomAccessFile* file, uint64_t file_size, Table** table) {
  using amethyst::compat::kTableFooterBytes;
  *table = nullptr;
  if (file_size < kTableFooterBytes) return Status::Corruption("file is too short to be an sstable");
  const uint64_t footer_offset = file_size - kTableFooterBytes;
  std::unique_ptr<char[]> buffer;
  Slice footer;
  Status status = ReadBytes(*file, {.offset = footer_offset, .bytes = kTableFooterBytes}, &buffer, &footer);
  if (!status.ok()) return status;
  BlockPlace index;
  status = amethyst::compat::DecodeTableFooter(View(footer), &index);
  if (!status.ok()) return status;
  if (index.offset > footer_offset || index.bytes != footer_offset - index.offset) {
    return Status::Corruption("bad block handle");
  }
  auto rep = std::make_unique<Rep>(Rep{options.comparator, file, index.offset, {}});
  status = LoadBlock(*file, index, &rep->index);
  if (status.ok()) *table = new Table(rep.release());
  return status;
}

Table::~Table() { delete rep_; }

Iterator* Table::NewIterator(const ReadOptions&) const {
  const auto load = [](const void* opaque, uint32_t number, LoadedBlock* loaded) {
    const auto* const rep = static_cast<const Rep*>(opaque);
    BlockPlace place;
    Status status = rep->PlaceOf(number, &place);
    return status.ok() ? LoadBlock(*rep->file, place, loaded) : status;
  };
  return new TableIterator(rep_, load, rep_->index.block, *rep_->order);
}

uint64_t Table::ApproximateOffsetOf(const Slice& key) const {
  const uint32_t number = LowerBound(rep_->index.block, *rep_->order, key);
  BlockPlace place;
  const bool inside = number < rep_->index.block.count() && rep_->PlaceOf(number, &place).ok();
  return inside ? place.offset : rep_->index_offset;
}

}  // namespace leveldb
