#include "key/operands.h"

#include <algorithm>

#include "base/assert.h"
#include "base/error.h"
#include "base/readable.h"

namespace amethyst::key {

void Operands::Turn() {
  std::ranges::reverse(operands_);
  oldest_first_ = !oldest_first_;
}

std::span<const std::string_view> Operands::OldestFirst() {
  AMETHYST_DCHECK(!empty());
  if (!oldest_first_) Turn();
  return operands_;
}

Result<std::optional<std::string>> Operands::Merge(const Merging& merging, std::string_view key,
                                                   std::optional<std::string_view> base) {
  if (merging.merge_operator == nullptr) {
    return base::NotSupported(
        "family {}: key {} has operands of merge operator {}, which was not given at open (Options::families)",
        merging.family, base::Readable(key), merging.operator_name);
  }
  std::optional<std::string> result;
  if (!TryMerge(*merging.merge_operator, key, base, &result)) {
    return base::InvalidArgument("family {}: merge operator {} refuses the {} operands of key {}", merging.family,
                                 merging.merge_operator->Name(), size(), base::Readable(key));
  }
  return result;
}

bool Operands::TryMerge(const MergeOperator& merge_operator, std::string_view key, std::optional<std::string_view> base,
                        std::optional<std::string>* result) {
  result->reset();
  return merge_operator.Merge(key, base, OldestFirst(), result) && (!*result || (*result)->size() <= kMergedBytesMax);
}

bool Operands::TryCombine(const MergeOperator& merge_operator, std::string_view key, std::string* result) {
  result->clear();
  return merge_operator.Combine(key, OldestFirst(), result) && result->size() <= kMergedBytesMax;
}

}  // namespace amethyst::key
