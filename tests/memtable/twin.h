// A memtable and its model, side by side, and random programs for both. Thread safety: one thread.
#pragma once

#include <memory>
#include <string>

#include "base/random.h"
#include "key_shapes.h"
#include "memtable/memtable.h"
#include "memtable_model.h"

namespace amethyst::memtable {

struct Twin {
  explicit Twin(size_t capacity_bytes, key::Order order = key::Order())
      : memtable(std::make_shared<Memtable>(capacity_bytes, order)), model(order) {}

  std::shared_ptr<Memtable> memtable;
  MemtableModel model;
  key::SequenceNumber visible{1000};  // Of the newest entry.

  void Insert(std::string_view key, key::EntryKind kind, std::string_view value) {
    const key::Entry entry(key, key::Tag(visible + 1, kind), value);
    visible = entry.tag.sequence();
    memtable->Insert(entry);
    model.Insert(entry);
  }
  void Put(std::string_view key, std::string_view value = "value") { Insert(key, key::EntryKind::kPut, value); }
  void Delete(std::string_view key) { Insert(key, key::EntryKind::kDelete, ""); }

  // At most `count` entries, as long as there is room; one in so many is a delete.
  void InsertRandom(KeyShape shape, size_t count, uint64_t one_in_deleted, base::Random& random) {
    for (size_t i = 0; i < count; ++i) {
      const std::string key = RandomKey(shape, random);
      const std::string value(random.Below(40), static_cast<char>('a' + random.Below(26)));
      if (!memtable->HasRoom(Memtable::BytesFor(key.size(), value.size()))) return;
      if (random.OneIn(one_in_deleted)) {
        Delete(key);
      } else {
        Put(key, value);
      }
    }
  }
  [[nodiscard]] key::SequenceNumber SomeSequence(base::Random& random) const {
    return key::SequenceNumber{1000} + random.Below(Raw(visible) - 1000 + 2);
  }
};

}  // namespace amethyst::memtable
