// Amethyst's iterator as LevelDB's, and the search for a key's stored spelling (see database.h).
//
// Thread safety: one thread at a time.
#pragma once

#include <leveldb/iterator.h>

#include <string_view>

#include "amethyst/amethyst.h"
#include "compat/leveldb/key_order.h"

namespace amethyst::compat {

// To the first key at or after `target` in the program's order: one of its other spellings may lie just before it.
void SeekInOrder(Iterator& it, const KeyOrder& order, std::string_view target);

class DatabaseIterator final : public leveldb::Iterator {
 public:
  // `order`: nullptr for bytewise.
  DatabaseIterator(amethyst::Iterator it, const KeyOrder* order) : it_(std::move(it)), order_(order) {}

  bool Valid() const override { return it_.Valid(); }
  void SeekToFirst() override { it_.SeekToFirst(); }
  void SeekToLast() override { it_.SeekToLast(); }
  void Seek(const leveldb::Slice& target) override {
    if (order_ == nullptr) return it_.Seek(View(target));
    SeekInOrder(it_, *order_, View(target));
  }
  void Next() override {
    if (it_.Valid()) it_.Next();
  }
  void Prev() override {
    if (it_.Valid()) it_.Prev();
  }
  leveldb::Slice key() const override { return Slice(it_.key()); }
  leveldb::Slice value() const override { return Slice(it_.value()); }
  leveldb::Status status() const override { return StatusOf(it_.status()); }

 private:
  amethyst::Iterator it_;
  const KeyOrder* const order_;
};

class SpellingFinder {
 public:
  SpellingFinder(DB& database, const KeyOrder& order, const ReadOptions& options = {})
      : it_(database.NewIterator(options)), order_(order) {}

  // Whether `key` is stored, however spelled; then key() and value() are what is stored, until the next call.
  [[nodiscard]] bool Find(std::string_view key) {
    SeekInOrder(it_, order_, key);
    return it_.Valid() && order_.SameKey(it_.key(), key);
  }
  [[nodiscard]] std::string_view key() const { return it_.key(); }
  [[nodiscard]] std::string_view value() const { return it_.value(); }
  [[nodiscard]] leveldb::Status status() const { return StatusOf(it_.status()); }

 private:
  Iterator it_;
  const KeyOrder& order_;
};

}  // namespace amethyst::compat
