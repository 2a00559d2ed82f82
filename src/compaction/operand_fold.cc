#include "compaction/operand_fold.h"

#include "key/expiry.h"

namespace amethyst::compaction {

void OperandFold::AddOlder(key::Tag tag, std::string_view stored) {
  const Operand& added = entries_.emplace_back(tag, std::string(stored));
  may_expire_ = may_expire_ || key::MayExpire(tag.kind());
  operands_.AddOlder(key::ValueOf(tag.kind(), added.stored));
}

bool OperandFold::Merge(std::string_view key, std::optional<std::string_view> base, std::optional<std::string>* value) {
  return merge_operator_ != nullptr && !may_expire_ && operands_.TryMerge(*merge_operator_, key, base, value);
}

bool OperandFold::Combine(std::string_view key, std::string* operand) {
  return merge_operator_ != nullptr && !may_expire_ && entries_.size() > 1 &&
         operands_.TryCombine(*merge_operator_, key, operand);
}

void OperandFold::Clear() {
  entries_.clear();
  operands_.Clear();
  may_expire_ = false;
}

}  // namespace amethyst::compaction
