// A run: sorted, disjoint tables, searchable as one sorted sequence.
//
// Its index keeps the heads of the tables' largest keys after their common prefix, so that finding the table for a key
// is a binary search over contiguous integers and, where heads tie, a few full comparisons. No two tables of a run hold
// versions of one user key. Thread safety: immutable.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "key/head.h"
#include "key/order.h"
#include "tree/table.h"

namespace amethyst::tree {

class Run {
 public:
  Run() = default;
  Run(std::vector<TablePtr> tables, key::Order order);

  [[nodiscard]] std::span<const TablePtr> tables() const { return tables_; }
  // The index of the first table whose largest key is at or after `key`; tables().size() if none.
  [[nodiscard]] size_t LowerBound(std::string_view key) const;
  // The only table that can hold `key`, or nullptr.
  [[nodiscard]] const Table* Find(std::string_view key) const;

 private:
  std::vector<TablePtr> tables_;
  key::Order order_{};
  std::string prefix_;  // Common to all largest keys; heads skip it. Heads and prefix under the bytewise order only.
  std::vector<key::Head> heads_;  // Of the largest keys.
};
using RunPtr = std::shared_ptr<const Run>;

}  // namespace amethyst::tree
