#include "tree/table.h"

#include <utility>

#include "base/assert.h"
#include "base/error.h"
#include "tree/table_store.h"

namespace amethyst::tree {

Table::Table(std::shared_ptr<TableStore> store, key::FileNumber number, sstable::TableInfo info, key::Order order)
    : store_(std::move(store)), number_(number), info_(std::move(info)), order_(order) {
  AMETHYST_ASSERT(store_ != nullptr);
}

Table::Table(std::shared_ptr<TableStore> store, key::FileNumber number, sstable::TableInfo info)
    : store_(std::move(store)), number_(number), info_(std::move(info)), order_(store_->order()) {}

Table::~Table() {
  delete reader();
  if (!obsolete_.load(std::memory_order_acquire)) return;
  store_->AddObsolete(number_);  // I16
  store_->NoteDying(-1);         // After it is told of the file: at no time is there neither.
}

void Table::MarkObsolete() const {
  if (!obsolete_.exchange(true, std::memory_order_acq_rel)) store_->NoteDying(1);
}

Result<const sstable::TableReader*> Table::Open() const {
  if (const sstable::TableReader* open = reader()) return open;
  cache::MemoryBudget& budget = store_->budget();
  AMETHYST_ASSIGN(auto mine, sstable::TableReader::Open(store_->Handle(number_), info_, order_, budget.cache()));
  AMETHYST_ASSERT(mine != nullptr);
  const sstable::TableReader* theirs = nullptr;
  if (!reader_.compare_exchange_strong(theirs, mine.get(), std::memory_order_acq_rel)) return theirs;
  reader_memory_ = cache::Reservation(budget, mine->memory_bytes());
  return mine.release();
}

}  // namespace amethyst::tree
