// What every way to run RocksDB is made of: its bytes and errors as ours, and its iterators as cursors. Thread safety:
// as store.h says.
#pragma once

#include <rocksdb/iterator.h>
#include <rocksdb/slice.h>
#include <rocksdb/status.h>

#include <memory>
#include <string_view>

#include "base/error.h"
#include "bench/store.h"

namespace amethyst::bench {

inline rocksdb::Slice ToSlice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
inline std::string_view ToView(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

inline Status Convert(const rocksdb::Status& status) {
  if (status.ok()) [[likely]] {
    return {};
  }
  // Busy: another wrote what was read, or there is a deadlock. TryAgain: it forgot what others wrote.
  const bool conflicts = status.IsBusy() || status.IsTryAgain() || status.IsTimedOut();
  return base::MakeError(conflicts ? ErrorCode::kConflict : ErrorCode::kIo, "RocksDB: {}", status.ToString());
}

class RocksDbCursor final : public Cursor {
 public:
  explicit RocksDbCursor(rocksdb::Iterator* iterator) : iterator_(iterator) {}

  void SeekToFirst() override { iterator_->SeekToFirst(); }
  void SeekToLast() override { iterator_->SeekToLast(); }
  void Seek(std::string_view target) override { iterator_->Seek(ToSlice(target)); }
  void SeekForPrev(std::string_view target) override { iterator_->SeekForPrev(ToSlice(target)); }
  void Next() override { iterator_->Next(); }
  void Prev() override { iterator_->Prev(); }
  [[nodiscard]] bool Valid() const override { return iterator_->Valid(); }
  [[nodiscard]] std::string_view key() const override { return ToView(iterator_->key()); }
  [[nodiscard]] std::string_view value() const override { return ToView(iterator_->value()); }
  [[nodiscard]] Status status() const override { return Convert(iterator_->status()); }

 private:
  std::unique_ptr<rocksdb::Iterator> iterator_;
};

}  // namespace amethyst::bench
