#include "cache/ghost_list.h"

#include <new>
#include <utility>

#include "base/assert.h"

namespace amethyst::cache {

uint32_t GhostList::Fingerprint(FrameIdentity identity) {
  const auto low = static_cast<uint32_t>(static_cast<uint64_t>(identity));  // The high half has chosen the shard.
  return low != 0 ? low : 1;
}

size_t GhostList::Find(uint32_t fingerprint) const {
  const size_t mask = table_.size() - 1;
  size_t place = fingerprint & mask;
  while (table_[place].fingerprint != 0 && table_[place].fingerprint != fingerprint) place = (place + 1) & mask;
  return place;
}

void GhostList::Add(FrameIdentity identity, size_t count_max) {
  if (count_max == 0) return;
  const Entry entry{.fingerprint = Fingerprint(identity), .turn = next_turn_++};
  try {
    if ((size_ + 1) * 2 > table_.size()) Grow();
    fifo_.push_back(entry);
  } catch (const std::bad_alloc&) {
    return;
  }
  Entry& found = table_[Find(entry.fingerprint)];
  if (found.fingerprint == 0) ++size_;
  found = entry;

  const auto is_current = [this](const Entry& record) {
    const Entry& held = table_[Find(record.fingerprint)];
    return held.fingerprint == record.fingerprint && held.turn == record.turn;
  };
  while (size_ > count_max) {
    AMETHYST_ASSERT(!fifo_.empty());
    if (is_current(fifo_.front())) Erase(Find(fifo_.front().fingerprint));
    fifo_.pop_front();
  }
  if (!fifo_.empty()) PrefetchPlace(fifo_.front().fingerprint);  // The next to go.
  // Records that Take or a second Add has made void pile up behind a current one.
  if (fifo_.size() > 2 * size_ + 64) std::erase_if(fifo_, [&](const Entry& record) { return !is_current(record); });
}

void GhostList::Prefetch(FrameIdentity identity) const {
  if (!table_.empty()) PrefetchPlace(Fingerprint(identity));
}

void GhostList::PrefetchPlace(uint32_t fingerprint) const {
  __builtin_prefetch(&table_[fingerprint & (table_.size() - 1)], 1);
}

std::optional<uint32_t> GhostList::AgeOf(FrameIdentity identity) const {
  if (size_ == 0) return std::nullopt;
  const Entry& found = table_[Find(Fingerprint(identity))];
  if (found.fingerprint == 0) return std::nullopt;
  return next_turn_ - found.turn - 1;
}

bool GhostList::Take(FrameIdentity identity) {
  if (size_ == 0) return false;
  const size_t place = Find(Fingerprint(identity));
  if (table_[place].fingerprint == 0) return false;
  Erase(place);
  return true;
}

// Moves later entries of the probe chain into the gap, so that none of them becomes unreachable.
void GhostList::Erase(size_t place) {
  AMETHYST_ASSERT(size_ > 0 && table_[place].fingerprint != 0);
  const size_t mask = table_.size() - 1;
  size_t gap = place;
  for (size_t next = (gap + 1) & mask; table_[next].fingerprint != 0; next = (next + 1) & mask) {
    const size_t home = table_[next].fingerprint & mask;
    if (((next - home) & mask) >= ((next - gap) & mask)) {
      table_[gap] = table_[next];
      gap = next;
    }
  }
  table_[gap] = Entry{};
  --size_;
}

void GhostList::Grow() {
  const std::vector<Entry> before = std::exchange(table_, std::vector<Entry>(table_.empty() ? 64 : table_.size() * 2));
  for (const Entry& entry : before) {
    if (entry.fingerprint != 0) table_[Find(entry.fingerprint)] = entry;
  }
}

}  // namespace amethyst::cache
