#include "tree/table.h"

#include <utility>

#include "base/assert.h"
#include "base/error.h"
#include "tree/table_store.h"

namespace amethyst::tree {

Table::Table(std::shared_ptr<TableStore> store, key::FileNumber number, sstable::TableInfo info)
    : store_(std::move(store)), number_(number), info_(std::move(info)) {
  AMETHYST_ASSERT(store_ != nullptr);
}

Table::~Table() {
  delete opened_.load(std::memory_order_acquire);
  if (obsolete_.load(std::memory_order_acquire)) store_->AddObsolete(number_);
}

Result<const sstable::TableReader*> Table::Open() const {
  if (const sstable::TableReader* open = reader()) return open;
  cache::MemoryBudget& budget = store_->budget();
  AMETHYST_ASSIGN(auto reader,
                  sstable::TableReader::Open(store_->Handle(number_), info_, store_->order(), budget.cache()));
  const size_t memory_bytes = reader->memory_bytes();
  auto mine = std::make_unique<Opened>(std::move(reader), cache::Reservation(budget, memory_bytes));
  const Opened* theirs = nullptr;
  if (opened_.compare_exchange_strong(theirs, mine.get(), std::memory_order_acq_rel)) theirs = mine.release();
  return theirs->reader.get();
}

}  // namespace amethyst::tree
