#include "engine/write_rules.h"

#include <algorithm>

#include "base/epoch.h"
#include "base/error.h"
#include "base/readable.h"
#include "engine/family.h"
#include "key/merge_operators.h"
#include "key/moment.h"
#include "memtable/memtable.h"
#include "wal/batch_encoding.h"

namespace amethyst::engine {

namespace {

constexpr uint64_t kYear10000Ms = 253'402'300'800'000;

uint64_t TtlMs(const Options& options) {
  const auto family = options.families.find(tree::kDefaultFamilyName);
  return family == options.families.end() ? 0 : static_cast<uint64_t>(family->second.ttl.count());
}

Result<uint64_t> After(uint64_t now_ms, uint64_t ttl_ms) {
  if (ttl_ms < kYear10000Ms && now_ms + ttl_ms < kYear10000Ms) return now_ms + ttl_ms;
  return base::InvalidArgument("a ttl of {} ms is negative, or ends after the year 9999; kNever is for ever",
                               static_cast<int64_t>(ttl_ms));
}

// Whether a family that merges in such a way takes the operand.
Status CheckOperandOf(const key::Merging& merging, std::string_view operand) {
  if (merging.merge_operator == nullptr) {
    return base::InvalidArgument("family {} has no merge operator{}{}; give one in Options::families", merging.family,
                                 merging.operator_name.empty() ? "" : " at this open, but operands of ",
                                 merging.operator_name);
  }
  return key::CheckOperand(*merging.merge_operator, operand);
}

// Keeps `families` sorted.
void AddOnce(key::FamilyId family, std::vector<key::FamilyId>* families) {
  const auto place = std::ranges::lower_bound(*families, family);
  if (place == families->end() || *place != family) families->insert(place, family);
}

}  // namespace

WriteRules::WriteRules(const Options& options, const ReadContext& reads, Storage& storage)
    : reads_(reads),
      storage_(storage),
      ttl_ms_(TtlMs(options)),
      operands_noted_(!reads.merging().operator_name.empty()) {}

void WriteRules::SetTtl(const Options& options) { ttl_ms_ = TtlMs(options); }

Status WriteRules::CheckKey(std::string_view key) {
  if (key.size() <= kKeyBytesMax) return {};
  return base::InvalidArgument("a key of {} bytes is over the limit of {}", key.size(), kKeyBytesMax);
}

uint64_t WriteRules::TtlMsOfOther(const tree::FamilyKey& family) const {
  const base::EpochGuard guard;
  const tree::FamilyTree* const tree = reads_.view.Peek()->forest->Find(family);
  return tree == nullptr ? 0 : tree->family->ttl_ms;  // The commit refuses what is dropped.
}

Result<uint64_t> WriteRules::ExpiryOf(const WriteOptions& options, const tree::FamilyKey& family,
                                      uint64_t now_ms) const {
  if (options.ttl.count() < 0) {
    return base::InvalidArgument("ttl is {} ms; it must not be negative", options.ttl.count());
  }
  if (options.ttl.count() > 0 && options.expires_at) {
    return base::InvalidArgument("ttl and expires_at exclude each other");
  }
  if (options.expires_at) return key::MillisecondsOf(*options.expires_at);
  const uint64_t ttl_ms = options.ttl.count() > 0 ? static_cast<uint64_t>(options.ttl.count()) : TtlMsOf(family);
  if (ttl_ms == 0) return key::kNeverMs;
  return After(now_ms, ttl_ms);
}

Status WriteRules::CheckDelete(const WriteOptions& options) const {
  if (options.ttl.count() == 0 && !options.expires_at) return {};
  return base::InvalidArgument("a delete does not expire; leave out ttl and expires_at");
}

Status WriteRules::CheckApplied(const AppliedIndex& applied) const {
  if (!storage_.external_log.is_used()) {
    return base::InvalidArgument("SetApplied is for a database that is opened with Options::external_log");
  }
  if (applied.index == 0) return base::InvalidArgument("SetApplied(0): an index is 1 at least");
  if (applied.note.size() <= tree::kAppliedNoteBytesMax) return {};
  return base::InvalidArgument("SetApplied: the note has {} bytes; {} is the most", applied.note.size(),
                               tree::kAppliedNoteBytesMax);
}

Status WriteRules::CheckOperand(std::string_view operand, const tree::FamilyKey& family) const {
  if (family.id == key::kDefaultFamily) return CheckOperandOf(reads_.merging(), operand);
  const ViewPtr view = reads_.view.Acquire();
  const tree::FamilyTree* const tree = view->forest->Find(family);
  if (tree == nullptr) return FamilyDropped();
  return CheckOperandOf(tree->family->merging, operand);
}

Result<bool> WriteRules::CheckRange(const key::Range& range, const tree::FamilyKey& family) const {
  if (range.begin) AMETHYST_TRY(CheckKey(*range.begin));
  if (range.end) AMETHYST_TRY(CheckKey(*range.end));
  if (!range.begin || !range.end) return true;
  const ViewPtr view = reads_.view.Acquire();
  const tree::Version* const version = VersionOf(*view, family);
  if (version == nullptr) return true;  // The commit refuses it.
  const int order = version->order().Compare(*range.begin, *range.end);
  if (order <= 0) return order < 0;
  return base::InvalidArgument("a range delete ends before it begins: \"{}\" comes behind \"{}\" in the family's order",
                               base::Readable(*range.begin), base::Readable(*range.end));
}

Status WriteRules::CheckPrefix(const tree::FamilyKey& family) const {
  const ViewPtr view = reads_.view.Acquire();
  const tree::Version* const version = VersionOf(*view, family);
  if (version == nullptr || version->order().IsBytewise()) return {};
  return base::NotSupported("keys with one prefix are no range in the order of comparator '{}'; use DeleteRange",
                            version->order().comparator()->Name());
}

Status WriteRules::Announce(key::EntryKind kind, key::FamilyId family) {
  if (key::MayExpire(kind)) AMETHYST_TRY(storage_.BeginExpiries());
  if (!key::Decides(kind) && family == key::kDefaultFamily && !operands_noted_.load(std::memory_order_acquire)) {
    AMETHYST_TRY(storage_.BeginOperands(reads_.merging().merge_operator->Name()));
    operands_noted_.store(true, std::memory_order_release);
  }
  return {};
}

Status WriteRules::Prepare(const WriteBatch& batch, const WriteOptions& options, Prepared* prepared) const {
  for (const uint32_t family : batch.PrefixFamilies()) AMETHYST_TRY(CheckPrefix({.id = key::FamilyId{family}}));
  prepared->payload = batch.Representation();
  if (IsDated(batch, options)) {
    AMETHYST_TRY(Date(batch, options, &prepared->changed));
    prepared->payload = prepared->changed;
  }
  wal::BatchReader reader(prepared->payload);
  for (wal::BatchEntry entry; reader.Next(&entry);) {
    if (entry.kind == key::EntryKind::kRangeDelete) [[unlikely]] {
      AMETHYST_ASSIGN([[maybe_unused]] const bool holds_keys,
                      CheckRange(entry.Range(), {.id = key::FamilyId{entry.family}}));
      prepared->holds_ranges = true;
      prepared->memtable_bytes += memtable::Memtable::BytesForRange(entry.value.size());
      if (entry.family != 0) AddOnce(key::FamilyId{entry.family}, &prepared->families);
      continue;
    }
    AMETHYST_TRY(CheckKey(entry.key));
    prepared->memtable_bytes += memtable::Memtable::BytesFor(entry.key.size(), entry.value.size());
    const key::FamilyId family{entry.family};
    if (entry.family != 0) AddOnce(family, &prepared->families);
    if (key::IsPlain(entry.kind)) continue;
    if (!key::Decides(entry.kind)) {
      AMETHYST_TRY(CheckOperand(key::ValueOf(entry.kind, entry.value), {.id = family}));
      AddOnce(family, &prepared->merged_families);
    }
    prepared->holds_expiries |= key::MayExpire(entry.kind);
  }
  prepared->memtable_bytes += prepared->families.size() * memtable::Memtable::kFamilyBytes;
  return reader.status();
}

bool WriteRules::IsDated(const WriteBatch& batch, const WriteOptions& options) const {
  if (batch.HasTtl() || !IsForEver(options, {})) return true;
  if (!batch.HasFamilies()) return false;
  wal::BatchReader reader(batch.Representation());
  uint64_t seen = 0;  // Bits of the first families.
  for (wal::BatchEntry entry; reader.Next(&entry);) {
    const uint64_t bit = entry.family < 64 ? uint64_t{1} << entry.family : 0;
    if ((seen & bit) != 0) continue;
    seen |= bit;
    if (TtlMsOf({.id = key::FamilyId{entry.family}}) != 0) return true;
  }
  return false;
}

Status WriteRules::Date(const WriteBatch& batch, const WriteOptions& options, std::string* to) const {
  const uint64_t now_ms = reads_.clock->NowMs();
  AMETHYST_TRY(ExpiryOf(options, {}, now_ms));  // Whatever there is to expire.
  std::string value;
  wal::BatchReader reader(batch.Representation());
  for (wal::BatchEntry entry; reader.Next(&entry);) {
    uint64_t own_ms = key::ExpiryOf(entry.kind, entry.value);
    if (!key::MayExpire(entry.kind)) {
      AMETHYST_ASSIGN(own_ms, ExpiryOf(options, {.id = key::FamilyId{entry.family}}, now_ms));
    } else if (key::IsTtl(own_ms)) {
      AMETHYST_ASSIGN(own_ms, After(now_ms, key::TtlOf(own_ms)));
    }
    if (key::IsLive(entry.kind) && (own_ms != key::kNeverMs || key::MayExpire(entry.kind))) {
      const std::string_view plain = key::ValueOf(entry.kind, entry.value);
      value.clear();
      key::AppendExpiring(&value, own_ms, plain);
      entry.kind = key::ExpiringOf(entry.kind);
      entry.value = value;
    }
    wal::AppendBatchEntry(to, entry);
  }
  return reader.status();
}

}  // namespace amethyst::engine
