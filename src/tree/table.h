// A live table: what the manifest knows of it, and its reader once somebody needed it.
//
// Shared by every version that lists it, and through them by views, iterators and running compactions. When an edit has
// removed it (MarkObsolete) and the last of these lets go, its reader is closed and its file handed to the store's list
// of obsolete files, which a background job deletes: files die after the manifest has forgotten them and after their
// last reader. A table that moves to another level stays the same object: two of them for one file would delete it
// under each other. Thread safety: any thread at once.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "amethyst/error.h"
#include "cache/memory_budget.h"
#include "key/types.h"
#include "sstable/table_info.h"
#include "sstable/table_reader.h"

namespace amethyst::tree {

class TableStore;

class Table {
 public:
  // In the order of its family's keys; without one, in the store's.
  Table(std::shared_ptr<TableStore> store, key::FileNumber number, sstable::TableInfo info, key::Order order);
  Table(std::shared_ptr<TableStore> store, key::FileNumber number, sstable::TableInfo info);
  ~Table();
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  [[nodiscard]] key::FileNumber number() const { return number_; }
  [[nodiscard]] const sstable::TableInfo& info() const { return info_; }
  // Of its keys.
  [[nodiscard]] const key::Order& order() const { return order_; }

  // The reader if it is open; nullptr: call Open, outside epochs. Valid while the table is.
  [[nodiscard]] const sstable::TableReader* reader() const {
    return reader_.load(std::memory_order_acquire);  // Pairs with the exchange in Open.
  }
  // Opens the reader unless it is open, and returns it. Of several threads that open at once, one reader stays.
  [[nodiscard]] Result<const sstable::TableReader*> Open() const;

  // The manifest no longer lists it: its file goes when the last reference does.
  void MarkObsolete() const;

 private:
  const std::shared_ptr<TableStore> store_;
  const key::FileNumber number_;
  const sstable::TableInfo info_;
  const key::Order order_;
  mutable std::atomic<const sstable::TableReader*> reader_{nullptr};  // Owned. Set once by Open, read by lookups.
  mutable cache::Reservation reader_memory_;  // What the reader holds outside the cache; set by the thread that set it.
  mutable std::atomic<bool> obsolete_{false};  // Set by the edit that removes the table, read by its destructor.
};

using TablePtr = std::shared_ptr<const Table>;

}  // namespace amethyst::tree
