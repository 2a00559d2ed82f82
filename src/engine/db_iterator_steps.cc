// The part of the iterator that counts the entries over which it may step without looking.
#include <algorithm>

#include "engine/db_iterator.h"

namespace amethyst::engine {

void DbIterator::CountPlainAhead() {
  plain_steps_ = 0;
  const std::span<const key::Entry> ahead = cursor_->Ahead();
  if (ahead.size() < 2 || !AllVisible()) return;
  if (!view_.covers().empty()) [[unlikely]]
    return CountUncoveredAhead();
  if (!bounds_.upper || !BeyondUpper(ahead.back().key())) {
    plain_steps_ = ahead.size() - 1;
    return;
  }
  const auto end = std::partition_point(ahead.begin() + 1, ahead.end(),
                                        [this](const key::Entry& entry) { return !BeyondUpper(entry.key()); });
  plain_steps_ = static_cast<size_t>(end - ahead.begin()) - 1;
}

void DbIterator::CountPlainBehind() {
  plain_steps_ = 0;
  const std::span<const key::Entry> behind = cursor_->Behind();
  if (behind.size() < 2 || !AllVisible()) return;
  if (!view_.covers().empty()) [[unlikely]]
    return CountUncoveredBehind();
  const auto first = !bounds_.lower || !BeyondLower(behind.front().key())
                         ? behind.begin()
                         : std::partition_point(behind.begin(), behind.end() - 1,
                                                [this](const key::Entry& entry) { return BeyondLower(entry.key()); });
  plain_steps_ = static_cast<size_t>(behind.end() - first) - 1;
}

}  // namespace amethyst::engine
