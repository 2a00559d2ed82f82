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

Memtable::Memtable(size_t capacity_bytes, key::Order order, std::shared_ptr<RegionPool> pool, key::Fold fold)
    : capacity_bytes_(capacity_bytes),
      arena_(capacity_bytes + KeyFilter::Bytes(capacity_bytes) + KeyTreeWriter::kNodeBytesFixed, std::move(pool)),
      filter_(arena_, capacity_bytes),
      tree_(arena_, order),
      writer_(tree_, fold),
      range_deletes_(order) {}

void Memtable::Prepare(key::FamilyId family, key::Order order, key::Fold fold) {
  if (family == key::kDefaultFamily || others_.Find(family) != nullptr) return;
  AMETHYST_ASSERT(HasRoom(kFamilyBytes));  // I3
  others_.Add(arena_, family, order, fold);
  taken_bytes_ += kFamilyBytes;
}

inline void Memtable::Count(const key::Entry& entry, bool is_new) {
  taken_bytes_ +=
      is_new ? Record::Bytes(entry.key_bytes, entry.value_bytes, false, false) + KeyTreeWriter::kNodeBytesPerKey
             : Record::Bytes(entry.key_bytes, entry.value_bytes, true, Record::MayFold(entry));
  if (!key::IsLive(entry.tag.kind())) Add(delete_count_, 1);
  Count(entry.tag.sequence(), uint64_t{entry.key_bytes} + entry.value_bytes);
}

inline void Memtable::Count(key::SequenceNumber sequence, uint64_t raw_bytes) {
  if (Empty()) first_sequence_.store(sequence, std::memory_order_relaxed);
  last_sequence_.store(sequence, std::memory_order_relaxed);
  Add(raw_bytes_, raw_bytes);
  Add(entry_count_, 1);
}

void Memtable::Insert(const key::Entry& entry) {
  AMETHYST_ASSERT(HasRoom(BytesFor(entry.key_bytes, entry.value_bytes)));  // I3
  AMETHYST_ASSERT(Empty() || entry.tag.sequence() > last_sequence());      // I1
  const uint64_t hash = base::Hash64(entry.key());
  filter_.Prefetch(hash);
  const bool is_new = writer_.Insert(entry);
  filter_.Add(hash);
  Count(entry, is_new);
}

void Memtable::InsertIntoOther(key::FamilyId family, const key::Entry& entry) {
  AMETHYST_ASSERT(HasRoom(BytesFor(entry.key_bytes, entry.value_bytes)));  // I3
  AMETHYST_ASSERT(Empty() || entry.tag.sequence() > last_sequence());      // I1
  FamilyTree* const other = others_.Find(family);
  AMETHYST_ASSERT(other != nullptr);  // I3: it was prepared.
  const uint64_t hash = KeyFilter::HashIn(family, base::Hash64(entry.key()));
  filter_.Prefetch(hash);
  const bool is_new = other->writer.Insert(entry);
  filter_.Add(hash);
  Add(other->raw_bytes, uint64_t{entry.key_bytes} + entry.value_bytes);
  Add(other->entry_count, 1);
  Count(entry, is_new);
}

void Memtable::PrepareRange(key::FamilyId family, const key::Range& range, key::SequenceNumber sequence) {
  FamilyTree* const other = family == key::kDefaultFamily ? nullptr : others_.Find(family);
  AMETHYST_ASSERT(family == key::kDefaultFamily || other != nullptr);  // I3: it was prepared.
  (other == nullptr ? range_deletes_ : other->range_deletes).Prepare(range, sequence);
}

void Memtable::ForgetPreparedRanges() {
  range_deletes_.ForgetPrepared();
  others_.ForgetPreparedRanges();
}

void Memtable::InsertRange(key::FamilyId family, size_t range_bytes, key::SequenceNumber sequence) {
  AMETHYST_ASSERT(Empty() || sequence > last_sequence());  // I1
  taken_bytes_ += BytesForRange(range_bytes);
  if (family == key::kDefaultFamily) {
    range_deletes_.Publish();
  } else {
    FamilyTree* const other = others_.Find(family);
    other->range_deletes.Publish();
    Add(other->raw_bytes, range_bytes);
    Add(other->entry_count, 1);
  }
  has_range_deletes_.store(true, std::memory_order_relaxed);
  Add(delete_count_, 1);
  Count(sequence, range_bytes);
}

const RangeDeletes* Memtable::RangeDeletesOf(key::FamilyId family) const {
  if (!HasRangeDeletes()) return nullptr;
  const RangeDeletes* deletes = &range_deletes_;
  if (family != key::kDefaultFamily) {
    const FamilyTree* const other = others_.Find(family);
    if (other == nullptr) return nullptr;
    deletes = &other->range_deletes;
  }
  return deletes->Empty() ? nullptr : deletes;
}

inline const Record* Memtable::FindRecord(key::FamilyId family, const key::LookupKey& lookup) const {
  // An entry that the reader may see was counted before it became visible.
  if (Empty() || !filter_.MayContain(KeyFilter::HashIn(family, lookup.hash))) return nullptr;
  const KeyTree* tree = &tree_;
  if (family != key::kDefaultFamily) [[unlikely]] {
    const FamilyTree* const other = others_.Find(family);
    if (other == nullptr) return nullptr;
    tree = &other->tree;
  }
  const Node& leaf = tree->LeafOf(lookup.key);
  const KeyTree::Place place = tree->Find(leaf, lookup.key);
  if (!place.found) return nullptr;
  const Record* version = tree->RecordAt(leaf, place.order, place.rank).VisibleAt(arena_, lookup.read);
  AMETHYST_DCHECK(version == nullptr || (version->key() == lookup.key && lookup.read.Sees(version->sequence())));  // I2
  return version;
}

std::optional<Memtable::Found> Memtable::Get(key::FamilyId family, const key::LookupKey& lookup) const {
  const Record* const version = FindRecord(family, lookup);
  if (version == nullptr) return std::nullopt;
  return Found{version->tag(), version->value()};
}

void Memtable::ForEachVersion(key::FamilyId family, const key::LookupKey& lookup, Operands operands,
                              base::FunctionRef<bool(const Found&)> visit) const {
  const Record* version = FindRecord(family, lookup);
  while (version != nullptr) {
    if (const auto folded = operands == Operands::kFolded ? version->Folded(arena_) : std::nullopt) {
      if (visit({version->tag(), folded->operand})) return;
      version = folded->behind;
      continue;
    }
    if (visit({version->tag(), version->value()})) return;
    version = version->has_older() ? version->Older(arena_) : nullptr;
  }
}

bool Memtable::AnyEntryFrom(size_t record, base::FunctionRef<bool(std::string_view, key::Tag)> visit) const {
  while (record < arena_.low_bytes()) {
    const auto& entry = *arena_.At<Record>(static_cast<Offset>(record / Arena::kGranuleBytes));
    if (visit(entry.key(), entry.tag())) return true;
    record += entry.bytes();
  }
  return false;
}

std::unique_ptr<key::Cursor> Memtable::NewCursor(std::shared_ptr<const Memtable> self) {
  return NewCursor(std::move(self), key::kDefaultFamily);
}

std::unique_ptr<key::Cursor> Memtable::NewCursor(std::shared_ptr<const Memtable> self, key::FamilyId family,
                                                 std::optional<key::ReadPoint> read) {
  const KeyTree* tree = &self->tree_;
  if (family != key::kDefaultFamily) {
    const FamilyTree* const other = self->others_.Find(family);
    if (other == nullptr) return nullptr;
    tree = &other->tree;
  }
  return std::make_unique<MemtableCursor>(std::shared_ptr<const KeyTree>(std::move(self), tree), read);
}

uint64_t Memtable::OthersEntries() const {
  uint64_t entries = 0;
  for (const FamilyTree* other : others_.All()) entries += other->entry_count.load(std::memory_order_relaxed);
  return entries;
}

uint64_t Memtable::OthersRawBytes() const {
  uint64_t bytes = 0;
  for (const FamilyTree* other : others_.All()) bytes += other->raw_bytes.load(std::memory_order_relaxed);
  return bytes;
}

std::vector<key::FamilyId> Memtable::Families() const {
  std::vector<key::FamilyId> families;
  if (OthersEntries() < entry_count()) families.push_back(key::kDefaultFamily);
  for (const FamilyTree* other : others_.All()) {
    if (other->entry_count.load(std::memory_order_relaxed) > 0) families.push_back(other->id);
  }
  return families;
}

uint64_t Memtable::ApproximateBytes(key::FamilyId family, std::string_view begin, std::string_view end) const {
  const KeyTree* tree = &tree_;
  uint64_t bytes = raw_bytes();
  if (family != key::kDefaultFamily) {
    const FamilyTree* const other = others_.Find(family);
    if (other == nullptr) return 0;
    tree = &other->tree;
    bytes = other->raw_bytes.load(std::memory_order_relaxed);
  } else {
    bytes -= std::min(bytes, OthersRawBytes());
  }
  const double fraction = std::max(0.0, tree->FractionBelow(end) - tree->FractionBelow(begin));
  return static_cast<uint64_t>(fraction * static_cast<double>(bytes));
}

}  // namespace amethyst::memtable
