// LevelDB's DB on an Amethyst database.
//
// Under a program's own comparator (`order`) keys of different bytes may be one key to it; Amethyst tells them apart.
// So this class stores one spelling at the most: a write removes another one in the same batch, and a read that does
// not find its own spelling looks at the two neighbours, where any other must lie. Thread safety: any thread at once,
// except the destructor.
#pragma once

#include <leveldb/db.h>
#include <leveldb/write_batch.h>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "amethyst/amethyst.h"
#include "compat/leveldb/key_order.h"

namespace amethyst::compat {

class Database final : public leveldb::DB {
 public:
  // `order`: nullptr for bytewise.
  Database(std::unique_ptr<amethyst::DB> database, std::unique_ptr<const KeyOrder> order)
      : order_(std::move(order)), database_(std::move(database)) {}

  leveldb::Status Put(const leveldb::WriteOptions& options, const leveldb::Slice& key,
                      const leveldb::Slice& value) override;
  leveldb::Status Delete(const leveldb::WriteOptions& options, const leveldb::Slice& key) override;
  leveldb::Status Write(const leveldb::WriteOptions& options, leveldb::WriteBatch* updates) override;
  leveldb::Status Get(const leveldb::ReadOptions& options, const leveldb::Slice& key, std::string* value) override;
  leveldb::Iterator* NewIterator(const leveldb::ReadOptions& options) override;
  const leveldb::Snapshot* GetSnapshot() override;
  void ReleaseSnapshot(const leveldb::Snapshot* snapshot) override;
  bool GetProperty(const leveldb::Slice& property, std::string* value) override;
  void GetApproximateSizes(const leveldb::Range* range, int n, uint64_t* sizes) override;
  void CompactRange(const leveldb::Slice* begin, const leveldb::Slice* end) override;

 private:
  [[nodiscard]] leveldb::Status WriteSpellings(const leveldb::WriteOptions& options,
                                               const leveldb::WriteBatch& updates);

  const std::unique_ptr<const KeyOrder> order_;  // Outlives database_.
  const std::unique_ptr<amethyst::DB> database_;
  std::mutex spellings_mutex_;  // Held by a write under order_, from the look at what is stored until it is replaced.
};

}  // namespace amethyst::compat
