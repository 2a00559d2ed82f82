#include "repair/salvage_merge.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/readable.h"
#include "key/moment.h"
#include "key/resolver.h"

namespace amethyst::repair {

namespace {

constexpr size_t kBatchBytes = size_t{1} << 20;

}  // namespace

SalvageMerge::SalvageMerge(Sources sources, const SalvageSource* settled, const SalvagedRangeDeletes& range_deletes,
                           const Settings& settings)
    : sources_(std::move(sources)), settled_(settled), tombstones_(range_deletes.Make()), settings_(settings) {
  for (size_t i = 0; i < sources_.size(); ++i) {
    const key::FileNumber number = sources_[i]->origin().number;
    if (number == key::FileNumber{}) continue;
    for (const auto& other : sources_) {
      if (other->origin().lineage.replaced.Contains(number)) replacing_[i].push_back(other.get());
    }
  }
}

bool SalvageMerge::Later(const Head& a, const Head& b) {
  const int by_key = key::CompareBytes(a.entry.key(), b.entry.key());
  if (by_key != 0) return by_key > 0;
  const key::Tag of_a = a.entry.tag;
  const key::Tag of_b = b.entry.tag;
  if (of_a.sequence() != of_b.sequence()) return of_a.sequence() < of_b.sequence();
  // A value is what an operand of its number was merged into.
  if (key::Decides(of_a.kind()) != key::Decides(of_b.kind())) return key::Decides(of_b.kind());
  return of_a != of_b ? of_a < of_b : a.number < b.number;
}

Status SalvageMerge::Run(DB& to, const Family& family, RepairReport* report) {
  for (size_t i = 0; i < sources_.size(); ++i) Advance(i);
  std::optional<std::string> last;
  key::Resolver resolver(key::kSequenceMax);
  key::Cover cover;  // At *last.
  while (!heap_.empty()) {
    std::ranges::pop_heap(heap_, Later);
    const Head head = heap_.back();
    heap_.pop_back();
    if (!last || *last != head.entry.key()) {
      AMETHYST_TRY(PutOperands(to, family, report));
      last.emplace(head.entry.key());
      resolver = key::Resolver(key::kSequenceMax);
      cover = tombstones_.At(*last, key::kSequenceMax);
    }
    const key::Tag tag = head.entry.tag;
    const bool again =
        !operands_.empty() && operands_.back().tag.sequence() == tag.sequence();  // From the log as well.
    const bool is_hidden =
        cover.Hides(tag.sequence()) && cover.sequence > sources_[head.source]->origin().clean_through;
    if (!again && !is_hidden && !resolver.IsDecided() && !IsReplaced(head)) {
      switch (resolver.AddOlder(tag, head.entry.value())) {
        case key::Answer::kUndecided:
        case key::Answer::kGone: break;
        case key::Answer::kOperand: operands_.emplace_back(*last, tag, std::string(head.entry.value())); break;
        case key::Answer::kValue: AMETHYST_TRY(Put(to, family, head.entry, report)); break;
      }
    }
    Advance(head.source);
  }
  AMETHYST_TRY(PutOperands(to, family, report));
  AMETHYST_TRY(WriteBatch(to));
  TellReplaced(report);
  return to.Flush();
}

// Behind the value that they are on.
Status SalvageMerge::PutOperands(DB& to, const Family& family, RepairReport* report) {
  for (; !operands_.empty(); operands_.pop_back()) {
    const Operand& oldest = operands_.back();
    AMETHYST_TRY(Put(to, family, key::Entry(oldest.key, oldest.tag, oldest.stored), report));
  }
  return {};
}

void SalvageMerge::Advance(size_t source) {
  if (!sources_[source]->Next()) return;
  heap_.push_back({.entry = sources_[source]->entry(), .number = sources_[source]->origin().number, .source = source});
  std::ranges::push_heap(heap_, Later);
}

bool SalvageMerge::IsReplaced(const Head& head) {
  const std::string_view key = head.entry.key();
  return sources_[head.source].get() == settled_ ? IsReplacedByFlush(key) : IsReplacedByTable(head, key);
}

// All sources have come to the key, or passed it: what they lost before it is known.
bool SalvageMerge::IsReplacedByTable(const Head& head, std::string_view key) {
  const auto replacing = replacing_.find(head.source);
  if (replacing == replacing_.end()) return false;
  const TableOrigin& origin = sources_[head.source]->origin();
  bool lost = false;
  for (const SalvageSource* newer : replacing->second) {
    if (!newer->origin().lineage.Replaces(origin.number, key)) continue;
    Replaced& replaced = replaced_[head.source];
    replaced.by = newer->origin().name;
    if (!newer->MayHaveLost(key)) {
      ++replaced.passed_over;
      return true;
    }
    lost = true;
  }
  if (lost) ++replaced_[head.source].taken;
  return false;
}

bool SalvageMerge::IsReplacedByFlush(std::string_view key) const {
  const auto is_newer = [&](const Head& other) {
    return other.number != key::FileNumber{} && other.entry.key() == key &&
           other.entry.tag.sequence() == key::SequenceNumber{0};
  };
  if (std::ranges::any_of(heap_, is_newer)) return true;
  const auto has_lost = [&](const auto& source) {
    return source->origin().number != key::FileNumber{} && source->MayHaveLost(key);
  };
  return settings_.tables_whole && std::ranges::none_of(sources_, has_lost);
}

Status SalvageMerge::Put(DB& to, const Family& family, const key::Entry& entry, RepairReport* report) {
  if (entry.key().size() > kKeyBytesMax || entry.key().size() + entry.value().size() > kMemoryBudgetBytes / 4 - 64) {
    report->dropped.push_back(
        fmt::format("an entry of {} and {} bytes: over the limits", entry.key().size(), entry.value().size()));
    return {};
  }
  if (batch_.ByteSize() + entry.key().size() + entry.value().size() > kBatchBytes) AMETHYST_TRY(WriteBatch(to));
  const key::EntryKind kind = entry.tag.kind();
  if (!key::Decides(kind) && !settings_.keeps_operands) {
    report->dropped.push_back(fmt::format("an operand of key {}: nothing tells its merge operator",
                                          base::Shortened(entry.key(), base::kKeyColumnsMax)));
    return {};
  }
  const std::string_view value = key::ValueOf(kind, entry.value());
  const bool says_when = key::MayExpire(kind) || settings_.has_ttl;
  const Expiry expiry = says_when ? ExpiresAt(key::MomentOf(key::ExpiryOf(kind, entry.value()))) : Expiry();
  switch (kind) {
    case key::EntryKind::kDelete:
    case key::EntryKind::kRangeDelete: break;  // The latter is no entry of a key.
    case key::EntryKind::kPut:
    case key::EntryKind::kExpiringPut: batch_.Put(family, entry.key(), value, expiry); break;
    case key::EntryKind::kOperand:
    case key::EntryKind::kExpiringOperand: batch_.Merge(family, entry.key(), value, expiry); break;
  }
  ++report->entries_kept;
  return {};
}

Status SalvageMerge::WriteBatch(DB& to) {
  if (batch_.Empty()) return {};
  AMETHYST_TRY(to.Write(batch_, {.durability = Durability::kNone}));  // The flush at the end makes it durable.
  batch_.Clear();
  return {};
}

void SalvageMerge::TellReplaced(RepairReport* report) const {
  for (const auto& [source, replaced] : replaced_) {
    const std::string& name = sources_[source]->origin().name;
    if (replaced.passed_over > 0) {
      report->dropped.push_back(
          fmt::format("{}: {} entries that are left over: {} replaced them", name, replaced.passed_over, replaced.by));
    }
    if (replaced.taken > 0) {
      report->dropped.push_back(fmt::format("{}: {} entries that may be old were taken, for what {} lost", name,
                                            replaced.taken, replaced.by));
    }
  }
}

}  // namespace amethyst::repair
