#include "repair/salvage_merge.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "key/resolver.h"

namespace amethyst::repair {

namespace {

constexpr size_t kBatchBytes = size_t{1} << 20;

}  // namespace

SalvageMerge::SalvageMerge(Sources sources, const SalvageSource* settled, bool tables_whole)
    : sources_(std::move(sources)), settled_(settled), tables_whole_(tables_whole) {
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
  return a.entry.tag != b.entry.tag ? a.entry.tag < b.entry.tag : a.number < b.number;
}

Status SalvageMerge::Run(DB& to, const Family& family, RepairReport* report) {
  for (size_t i = 0; i < sources_.size(); ++i) Advance(i);
  std::optional<std::string> last;
  key::Resolver resolver(key::kSequenceMax);
  while (!heap_.empty()) {
    std::ranges::pop_heap(heap_, Later);
    const Head head = heap_.back();
    heap_.pop_back();
    if (!last || *last != head.entry.key()) {
      last.emplace(head.entry.key());
      resolver = key::Resolver(key::kSequenceMax);
    }
    if (!resolver.IsDecided() && !IsReplaced(head) && resolver.AddOlder(head.entry.tag) == key::Answer::kValue) {
      AMETHYST_TRY(Put(to, family, head.entry, report));
    }
    Advance(head.source);
  }
  AMETHYST_TRY(WriteBatch(to));
  TellReplaced(report);
  return to.Flush();
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
  return tables_whole_ && std::ranges::none_of(sources_, has_lost);
}

Status SalvageMerge::Put(DB& to, const Family& family, const key::Entry& entry, RepairReport* report) {
  if (entry.key().size() > kKeyBytesMax || entry.value().size() > kMemoryBudgetBytes / 4 - kKeyBytesMax - 64) {
    report->dropped.push_back(
        fmt::format("an entry of {} and {} bytes: over the limits", entry.key().size(), entry.value().size()));
    return {};
  }
  if (batch_.ByteSize() + entry.value().size() > kBatchBytes) AMETHYST_TRY(WriteBatch(to));
  batch_.Put(family, entry.key(), entry.value());
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
