// The part of the iterator that counts the entries over which it may step without looking, and hands them out at once.
#include <algorithm>
#include <ranges>

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

template <typename Entries>
size_t DbIterator::TakeBatch(const Entries& following, std::span<EntryView> room, size_t bytes_max) {
  size_t count = 1;
  room[0] = {.key = position_.key, .value = position_.value};
  size_t bytes = position_.key.size() + position_.value.size();
  for (const key::Entry& entry : following) {
    bytes += size_t{entry.key_bytes} + entry.value_bytes;
    if (bytes > bytes_max) break;
    room[count++] = {.key = entry.key(), .value = entry.value()};
  }
  plain_steps_ -= count - 1;
  position_.key = room[count - 1].key;
  position_.value = room[count - 1].value;
  return count;
}

size_t DbIterator::NextBatch(std::span<EntryView> room, size_t bytes_max) {
  if (!position_.valid || room.empty()) return 0;
  const bool goes_on = plain_steps_ > 0 && forward_ && !reads_->gate.IsClosed();
  if (!goes_on) return TakeBatch(std::span<const key::Entry>(), room, bytes_max);
  const size_t following = std::min(plain_steps_, room.size() - 1);
  const size_t count = TakeBatch(cursor_->Ahead().subspan(1, following), room, bytes_max);
  cursor_->Skip(count - 1);
  return count;
}

size_t DbIterator::PrevBatch(std::span<EntryView> room, size_t bytes_max) {
  if (!position_.valid || room.empty()) return 0;
  const bool goes_on = plain_steps_ > 0 && !forward_ && !reads_->gate.IsClosed();
  if (!goes_on) return TakeBatch(std::span<const key::Entry>(), room, bytes_max);
  const size_t following = std::min(plain_steps_, room.size() - 1);
  const std::span<const key::Entry> behind = cursor_->Behind();
  const auto descending = behind.subspan(behind.size() - 1 - following, following) | std::views::reverse;
  const size_t count = TakeBatch(descending, room, bytes_max);
  cursor_->SkipBack(count - 1);
  return count;
}

}  // namespace amethyst::engine
