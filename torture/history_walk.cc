#include "torture/history_walk.h"

#include <fmt/format.h>

#include "torture/model_choices.h"

namespace amethyst::torture {

std::string HistoryWalk::Seek(const std::optional<std::string>& target, bool forward) {
  const auto& entries = sees_.entries;
  at_.reset();
  for (size_t i = 0; i < entries.size(); ++i) {
    const std::string& key = entries[i].first;
    if (forward && !at_ && (!target || !sees_.family->Less(key, *target))) at_ = i;
    if (!forward && (!target || !sees_.family->Less(*target, key))) at_ = i;
  }
  if (forward) {
    target ? iterator_.Seek(*target) : iterator_.SeekToFirst();
  } else {
    target ? iterator_.SeekForPrev(*target) : iterator_.SeekToLast();
  }
  // Up to the target: where it arrives gives the other side.
  seen_ = sees_.bounds;
  if (forward && target && !(seen_->begin && sees_.family->Less(*target, *seen_->begin))) seen_->begin = target;
  if (!forward && target && !(seen_->end && !sees_.family->Less(*target, *seen_->end))) {
    seen_->end = target;
    seen_->holds_end = true;
  }
  if (!at_) return Arrive(forward);
  const std::string& key = entries[*at_].first;
  if (forward) {
    seen_->end = key;
    seen_->holds_end = true;
  } else {
    seen_->begin = key;
  }
  return Arrive(forward);
}

std::string HistoryWalk::Move(bool forward) {
  const bool at_end = forward ? *at_ + 1 == sees_.entries.size() : *at_ == 0;
  forward ? iterator_.Next() : iterator_.Prev();
  if (at_end) {
    at_.reset();
    if (forward) {
      seen_->end = sees_.bounds.end;
      seen_->holds_end = false;
    } else {
      seen_->begin = sees_.bounds.begin;
    }
    return Arrive(forward);
  }
  at_ = forward ? *at_ + 1 : *at_ - 1;
  const std::string& key = sees_.entries[*at_].first;
  if (seen_->begin && sees_.family->Less(key, *seen_->begin)) seen_->begin = key;
  if (seen_->end && !sees_.family->Less(key, *seen_->end)) {
    seen_->end = key;
    seen_->holds_end = true;
  }
  return Arrive(forward);
}

std::string HistoryWalk::Arrive(bool forward) {
  const char* const way = forward ? "forward" : "back";
  if (!iterator_.status()) return fmt::format("a walk {} failed: {}", way, iterator_.status().error().ToString());
  if (iterator_.Valid() != at_.has_value()) {
    return fmt::format("a walk {} {}", way,
                       at_ ? "ended before " + Show(std::string_view(sees_.entries[*at_].first))
                           : "should have ended, and shows " + Show(iterator_.key()));
  }
  if (!at_) return {};
  const auto& [key, value] = sees_.entries[*at_];
  if (iterator_.key() == key && iterator_.value() == value) return {};
  return fmt::format("a walk {} shows {} {}, not {} {}", way, Show(iterator_.key()), Show(iterator_.value()),
                     Show(std::string_view(key)), Show(std::string_view(value)));
}

}  // namespace amethyst::torture
