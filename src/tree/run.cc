#include "tree/run.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace amethyst::tree {

Run::Run(std::vector<TablePtr> tables, key::Order order) : tables_(std::move(tables)), order_(order) {
  for (size_t i = 0; i < tables_.size(); ++i) {
    AMETHYST_DCHECK(tables_[i] != nullptr && !order_.Less(tables_[i]->info().largest, tables_[i]->info().smallest));
    AMETHYST_DCHECK(i == 0 || order_.Less(tables_[i - 1]->info().largest, tables_[i]->info().smallest));  // I13
  }
  if (tables_.empty() || !order_.IsBytewise()) return;
  // The tables are sorted, so what the first and the last one share all of them share.
  const std::string_view first = tables_.front()->info().largest;
  prefix_ = first.substr(0, key::CommonPrefix(first, tables_.back()->info().largest));
  heads_.reserve(tables_.size());
  for (const TablePtr& table : tables_) heads_.push_back(key::HeadOf(table->info().largest, prefix_.size()));
  AMETHYST_DCHECK(std::is_sorted(heads_.begin(), heads_.end()) && heads_.size() == tables_.size());
}

size_t Run::LowerBound(std::string_view key) const {
  size_t from = 0;
  key::Head head = 0;
  if (order_.IsBytewise()) {
    const int side = key::CompareBytes(key.substr(0, prefix_.size()), prefix_);
    if (side != 0) return side < 0 ? 0 : tables_.size();
    head = key::HeadOf(key, prefix_.size());
    from = key::LowerBound(heads_.data(), static_cast<uint32_t>(heads_.size()), head);
    if (from == heads_.size() || heads_[from] != head) return from;
  }
  const auto before_key = [&](const TablePtr& table) {
    if (order_.IsBytewise() && heads_[static_cast<size_t>(&table - tables_.data())] != head) return false;
    return order_.Less(table->info().largest, key);
  };
  const auto found = std::partition_point(tables_.begin() + static_cast<ptrdiff_t>(from), tables_.end(), before_key);
  AMETHYST_DCHECK(found == tables_.end() || !order_.Less((*found)->info().largest, key));
  AMETHYST_DCHECK(found == tables_.begin() || order_.Less((*std::prev(found))->info().largest, key));
  return static_cast<size_t>(found - tables_.begin());
}

const Table* Run::Find(std::string_view key) const {
  const size_t index = LowerBound(key);
  if (index == tables_.size() || order_.Less(key, tables_[index]->info().smallest)) return nullptr;
  return tables_[index].get();
}

}  // namespace amethyst::tree
