#include "compaction/entry_filter.h"

#include <utility>

#include "key/expiry.h"
#include "key/operands.h"

namespace amethyst::compaction {

key::Entry EntryFilter::Filtered(const key::Entry& entry, bool is_settled) {
  is_newest_ = false;
  const key::EntryKind kind = entry.tag.kind();
  const bool is_asked =
      key::IsLive(kind) && key::Decides(kind) && is_settled && key::ExpiryOf(kind, entry.value()) > expired_ms_;
  if (!is_asked) return entry;
  std::string replacement;
  FilterDecision decision = filter_->FilterKey(entry.key(), age_);
  if (decision == FilterDecision::kReplace) return entry;  // There is nothing to replace it by.
  if (decision == FilterDecision::kNeedValue) {
    decision = filter_->FilterValue(entry.key(), key::ValueOf(kind, entry.value()), age_, &replacement);
  }
  switch (decision) {
    case FilterDecision::kKeep:
    case FilterDecision::kNeedValue: break;
    case FilterDecision::kDrop:
      ++dropped_;
      return key::Entry(entry.key(), key::Tag(entry.tag.sequence(), key::EntryKind::kDelete), {});
    case FilterDecision::kReplace:
      if (replacement.size() > key::kMergedBytesMax) break;
      replaced_.clear();
      if (key::MayExpire(kind)) {
        key::AppendExpiring(&replaced_, key::ExpiryOf(kind, entry.value()), replacement);
      } else {
        replaced_ = std::move(replacement);
      }
      return key::Entry(entry.key(), entry.tag, replaced_);
  }
  return entry;
}

}  // namespace amethyst::compaction
