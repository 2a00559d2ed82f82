#include "memtable/memtable.h"

#include <algorithm>
#include <utility>

#include "memtable/memtable_cursor.h"

namespace amethyst::memtable {

namespace {

// For a counter that one thread alone changes: no locked instruction.
void Add(std::atomic<uint64_t>& counter, uint64_t n) {
  counter.store(counter.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
}

}  // namespace

Memtable::Memtable(size_t capacity_bytes, key::Order order, std::shared_ptr<RegionPool> pool)
    : capacity_bytes_(capacity_bytes),
      arena_(capacity_bytes + KeyFilter::Bytes(capacity_bytes) + KeyTreeWriter::kNodeBytesFixed, std::move(pool)),
      filter_(arena_, capacity_bytes),
      tree_(arena_, order),
      writer_(tree_) {}

void Memtable::Insert(const key::Entry& entry) {
  AMETHYST_ASSERT(HasRoom(BytesFor(entry.key_bytes, entry.value_bytes)));  // I3
  AMETHYST_ASSERT(Empty() || entry.tag.sequence() > last_sequence());      // I1
  const uint64_t hash = base::Hash64(entry.key());
  filter_.Prefetch(hash);
  const bool is_new = writer_.Insert(entry);
  filter_.Add(hash);
  taken_bytes_ +=
      Record::Bytes(entry.key_bytes, entry.value_bytes, !is_new) + (is_new ? KeyTreeWriter::kNodeBytesPerKey : 0);
  if (Empty()) first_sequence_.store(entry.tag.sequence(), std::memory_order_relaxed);
  last_sequence_.store(entry.tag.sequence(), std::memory_order_relaxed);
  Add(raw_bytes_, uint64_t{entry.key_bytes} + entry.value_bytes);
  if (!key::IsLive(entry.tag.kind())) Add(delete_count_, 1);
  Add(entry_count_, 1);
}

std::optional<Memtable::Found> Memtable::Get(const key::LookupKey& lookup) const {
  // An entry that the reader may see was counted before it became visible.
  if (Empty() || !filter_.MayContain(lookup.hash)) return std::nullopt;
  const Node& leaf = tree_.LeafOf(lookup.key);
  const KeyTree::Place place = tree_.Find(leaf, lookup.key);
  if (!place.found) return std::nullopt;
  const Record* version = tree_.RecordAt(leaf, place.order, place.rank).VisibleAt(arena_, lookup.read);
  if (version == nullptr) return std::nullopt;
  AMETHYST_DCHECK(version->key() == lookup.key && lookup.read.Sees(version->sequence()));  // I2
  return Found{version->tag(), version->value()};
}

std::unique_ptr<key::Cursor> Memtable::NewCursor(std::shared_ptr<const Memtable> self) {
  const KeyTree& tree = self->tree_;
  return std::make_unique<MemtableCursor>(std::shared_ptr<const KeyTree>(std::move(self), &tree));
}

uint64_t Memtable::ApproximateBytes(std::string_view begin, std::string_view end) const {
  const double fraction = std::max(0.0, tree_.FractionBelow(end) - tree_.FractionBelow(begin));
  return static_cast<uint64_t>(fraction * static_cast<double>(raw_bytes()));
}

}  // namespace amethyst::memtable
