// The operands of one key and one stripe on their way through a rewrite, and the fewer entries that take their place.
//
// Each is copied, for the base may come many windows later. What an operator refuses, and what may expire at a time of
// its own, is written as it was read. Thread safety: one thread at a time.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "key/entry.h"
#include "key/operands.h"

namespace amethyst::compaction {

class OperandFold {
 public:
  // nullptr: nothing is folded.
  explicit OperandFold(const MergeOperator* merge_operator) : merge_operator_(merge_operator) {}

  // The next older one.
  void AddOlder(key::Tag tag, std::string_view stored);
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  [[nodiscard]] key::Tag newest() const { return entries_.front().tag; }

  // The value of `key` with all of them on `base`; `*value` is nullopt: it has none. False: it is not to be had.
  [[nodiscard]] bool Merge(std::string_view key, std::optional<std::string_view> base,
                           std::optional<std::string>* value);
  // Two or more as one. False: there is no such one.
  [[nodiscard]] bool Combine(std::string_view key, std::string* operand);

  struct Operand {
    key::Tag tag;
    std::string stored;
  };
  // Newest first.
  [[nodiscard]] const std::deque<Operand>& entries() const { return entries_; }
  void Clear();

 private:
  const MergeOperator* const merge_operator_;
  std::deque<Operand> entries_;  // A deque moves no operand: operands_ borrows them.
  key::Operands operands_;
  bool may_expire_ = false;
};

}  // namespace amethyst::compaction
