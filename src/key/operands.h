// Operands of one key on their way to a merge operator, and what it makes of them.
//
// They are collected newest first, as reads and rewrites meet them, and handed over oldest first: turned round where
// they are, for there may be very many. An operator that refuses changes nothing: the operands stay what they are.
// Thread safety: one thread at a time; Merging is immutable.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "amethyst/error.h"
#include "amethyst/merge_operator.h"
#include "key/fold.h"

namespace amethyst::key {

// How a family merges.
struct Merging {
  std::string family = "default";
  std::shared_ptr<const MergeOperator> merge_operator{};  // nullptr: none, or none was given.
  std::string operator_name{};                            // That its operands are for; empty: there are none.
  Fold fold = nullptr;                                    // Of merge_operator: see GiveOperator.
};

// A merged value takes no more than a put: what a table can hold.
inline constexpr size_t kMergedBytesMax = size_t{1} << 30;

class Operands {
 public:
  // The next older one, borrowed until the last call.
  void AddOlder(std::string_view operand) {
    if (oldest_first_) Turn();
    operands_.push_back(operand);
  }
  void Clear() {
    operands_.clear();
    oldest_first_ = false;
  }
  [[nodiscard]] bool empty() const { return operands_.empty(); }
  [[nodiscard]] size_t size() const { return operands_.size(); }

  // The value of `key`; nullopt: it has none. There is an operand. Errors, which name family, operator and key:
  // kNotSupported if the operator was not given, kInvalidArgument if it refuses.
  [[nodiscard]] Result<std::optional<std::string>> Merge(const Merging& merging, std::string_view key,
                                                         std::optional<std::string_view> base);
  // The same without an error; false: the operator refuses.
  [[nodiscard]] bool TryMerge(const MergeOperator& merge_operator, std::string_view key,
                              std::optional<std::string_view> base, std::optional<std::string>* result);
  // All of them as one operand. False: the operator knows none.
  [[nodiscard]] bool TryCombine(const MergeOperator& merge_operator, std::string_view key, std::string* result);

 private:
  void Turn();
  [[nodiscard]] std::span<const std::string_view> OldestFirst();

  std::vector<std::string_view> operands_;
  bool oldest_first_ = false;
};

}  // namespace amethyst::key
