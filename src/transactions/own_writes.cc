#include "transactions/own_writes.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/epoch.h"
#include "base/error.h"
#include "engine/batch_insert.h"
#include "engine/family.h"
#include "key/moment.h"

namespace amethyst::transactions {

using memtable::Memtable;

// What is to go into the memtable, behind what it has.
struct OwnWrites::Entries {
  Entries(std::string_view bytes, const Savepoint& the_from) : encoded(bytes), from(the_from) {
    wal::BatchReader reader(encoded);
    for (wal::BatchEntry entry; reader.Next(&entry);) {
      holds_ranges |= entry.kind == key::EntryKind::kRangeDelete;
      const key::FamilyId family{entry.family};
      const bool is_known = family == key::kDefaultFamily || std::ranges::find(families, family) != families.end();
      if (!is_known) families.push_back(family);
    }
  }
  // `all`: of the whole batch.
  [[nodiscard]] size_t MemoryBytes(size_t all) const {
    return all - from.memory_bytes + families.size() * Memtable::kFamilyBytes;
  }

  std::string_view encoded;
  Savepoint from;
  std::vector<key::FamilyId> families{};  // Other than the default.
  bool holds_ranges = false;
};

namespace {

// Unless the commit says otherwise.
bool IsForEver(const Expiry& expiry) { return !expiry.at && expiry.after.count() == 0; }

}  // namespace

Status OwnWrites::CheckFamily(FamilyPtr family) const {
  return family == nullptr || family->IsOf(*engine_) ? Status() : engine::AnothersFamily();
}

Result<Expiry> OwnWrites::AsMoment(FamilyPtr family, const Expiry& expiry) {
  if (IsForEver(expiry)) return expiry;
  if (first_expiring_ms_ == 0) first_expiring_ms_ = engine_->NowMs();
  if (expiry.at) return expiry;
  const WriteOptions options{.ttl = expiry.after};
  AMETHYST_ASSIGN(const uint64_t expires_ms, engine_->rules().ExpiryOf(options, KeyOf(family)));
  return ExpiresAt(key::MomentOf(expires_ms));
}

// The date, and perhaps one byte more for the length of the value.
size_t OwnWrites::DateBytesOf(FamilyPtr family, const Expiry& expiry) const {
  const bool is_dated_later = !expiry.at && engine_->rules().TtlMsOf(KeyOf(family)) != 0;
  return is_dated_later ? key::kExpiryBytes + 1 : 0;
}

Status OwnWrites::Put(FamilyPtr family, std::string_view key, std::string_view value, const Expiry& expiry) {
  AMETHYST_TRY(CheckFamily(family));
  AMETHYST_TRY(engine::WriteRules::CheckKey(key));
  const Savepoint before = GetSavepoint();
  if (IsForEver(expiry)) [[likely]] {
    family == nullptr ? batch_.Put(key, value) : batch_.Put(*family, key, value);
    dated_bytes_ += DateBytesOf(family, expiry);
  } else {
    AMETHYST_ASSIGN(const Expiry moment, AsMoment(family, expiry));
    family == nullptr ? batch_.Put(key, value, moment) : batch_.Put(*family, key, value, moment);
  }
  return Keep(before, Memtable::BytesFor(key.size(), key::kExpiryBytes + value.size()));
}

Status OwnWrites::Merge(FamilyPtr family, std::string_view key, std::string_view operand, const Expiry& expiry) {
  AMETHYST_TRY(CheckFamily(family));
  AMETHYST_TRY(engine::WriteRules::CheckKey(key));
  AMETHYST_TRY(engine_->rules().CheckOperand(operand, KeyOf(family)));
  AMETHYST_ASSIGN(const Expiry moment, AsMoment(family, expiry));
  const Savepoint before = GetSavepoint();
  family == nullptr ? batch_.Merge(key, operand, moment) : batch_.Merge(*family, key, operand, moment);
  dated_bytes_ += DateBytesOf(family, moment);
  return Keep(before, Memtable::BytesFor(key.size(), operand.size()) + key::kExpiryBytes);
}

Status OwnWrites::Delete(FamilyPtr family, std::string_view key) {
  AMETHYST_TRY(CheckFamily(family));
  AMETHYST_TRY(engine::WriteRules::CheckKey(key));
  const Savepoint before = GetSavepoint();
  family == nullptr ? batch_.Delete(key) : batch_.Delete(*family, key);
  return Keep(before, Memtable::BytesFor(key.size(), 0));
}

Status OwnWrites::DeleteRange(FamilyPtr family, std::optional<std::string_view> begin,
                              std::optional<std::string_view> end) {
  AMETHYST_TRY(CheckFamily(family));
  AMETHYST_ASSIGN(const bool holds_keys, engine_->rules().CheckRange({.begin = begin, .end = end}, KeyOf(family)));
  if (!holds_keys) return {};
  const Savepoint before = GetSavepoint();
  family == nullptr ? batch_.DeleteRange(begin, end) : batch_.DeleteRange(*family, begin, end);
  return Keep(before, Memtable::BytesForRange(batch_.ByteSize() - before.batch.bytes));
}

Status OwnWrites::DeletePrefix(FamilyPtr family, std::string_view prefix) {
  AMETHYST_TRY(CheckFamily(family));
  AMETHYST_TRY(engine::WriteRules::CheckKey(prefix));
  AMETHYST_TRY(engine_->rules().CheckPrefix(KeyOf(family)));
  const Savepoint before = GetSavepoint();
  family == nullptr ? batch_.DeletePrefix(prefix) : batch_.DeletePrefix(*family, prefix);
  return Keep(before, Memtable::BytesForRange(batch_.ByteSize() - before.batch.bytes));
}

Status OwnWrites::Keep(const Savepoint& before, size_t memory_bytes) {
  const engine::Settings& settings = engine_->database().settings;
  memory_bytes_ += memory_bytes;
  const size_t bytes = batch_.ByteSize() + dated_bytes_;
  if (bytes <= settings.batch_bytes_max && memory_bytes_ <= settings.batch_memory_bytes_max) return {};
  const auto refused = base::InvalidArgument(
      "a batch of {} bytes, {} in memory, is over the limits of {} and {}: a quarter of memory_budget_bytes, and 32 "
      "times that in memory",
      bytes, memory_bytes_, settings.batch_bytes_max, settings.batch_memory_bytes_max);
  batch_.RollBackTo(before.batch);
  memory_bytes_ = before.memory_bytes;
  dated_bytes_ = before.dated_bytes;
  return refused;
}

void OwnWrites::RollBackTo(const Savepoint& savepoint) {
  batch_.RollBackTo(savepoint.batch);
  memory_bytes_ = savepoint.memory_bytes;
  dated_bytes_ = savepoint.dated_bytes;
  if (indexed_.batch.bytes <= savepoint.batch.bytes) return;
  index_.reset();
  indexed_ = {};
}

Result<engine::OwnWrites> OwnWrites::Index() {
  if (engine_->database().reads->gate.IsClosed()) return std::unexpected(engine::Closed().error());
  if (batch_.Empty()) return engine::OwnWrites();
  if (indexed_.batch.count < batch_.Count()) AMETHYST_TRY(FillIndex());
  const bool is_now = first_expiring_ms_ != 0 && read_time_ == ReadTime::kOfRead;
  return engine::OwnWrites{
      .buffer = index_, .count = batch_.Count(), .now_ms = is_now ? engine_->NowMs() : first_expiring_ms_};
}

Status OwnWrites::FillIndex() {
  const engine::Database& database = engine_->database();
  // Until the end there is none: of one that is half filled nothing holds.
  engine::WriteBufferPtr index = std::exchange(index_, nullptr);
  const Savepoint from = std::exchange(indexed_, {});
  Entries entries(batch_.Representation().substr(from.batch.bytes), from);
  if (index == nullptr || !index->memtable.HasRoom(entries.MemoryBytes(memory_bytes_))) {
    // Twice what it needs, so that a batch which grows is not entered anew each time. The size is address space; memory
    // is used only where entries are. No batch needs more than the limit of a batch.
    constexpr size_t kLeastBytes = size_t{32} << 10;
    entries = Entries(batch_.Representation(), {});
    const size_t needed = entries.MemoryBytes(memory_bytes_);
    const size_t most = std::max<size_t>(needed, database.settings.batch_memory_bytes_max);
    index =
        std::make_shared<engine::WriteBuffer>(std::max(kLeastBytes, std::min(2 * needed, most)), database.reads->order,
                                              database.own_regions, database.reads->merging().fold);
  }
  {
    const base::EpochGuard guard;
    AMETHYST_TRY(engine::PrepareFamilies(*database.reads->view.Peek()->forest, entries.families, &index->memtable));
  }
  const key::SequenceNumber first = key::kOwnFirst + entries.from.batch.count;
  if (entries.holds_ranges) {
    engine::PrepareRanges(entries.encoded, first, &index->memtable);
    engine::InsertWithRanges(entries.encoded, first, &index->memtable);
  } else {
    engine::InsertEntries(entries.encoded, first, &index->memtable);
  }
  index_ = std::move(index);
  indexed_ = GetSavepoint();
  return {};
}

}  // namespace amethyst::transactions
