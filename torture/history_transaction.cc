#include "torture/history_transaction.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

#include "torture/model_choices.h"

namespace amethyst::torture {

namespace {

// Whether a transaction's own writes of a key leave nothing of what is beneath.
bool Decides(const std::vector<HistoryOp>& own) {
  return std::ranges::any_of(own, [](const HistoryOp& op) { return op.kind != ChangeKind::kMerge; });
}

// Calls `visit` with each key of the range until it returns true, and says whether it did.
template <typename Visit>
bool AnyKeyOf(const HistoryFamilies& families, size_t family, const HistoryRange& range, Visit visit) {
  const auto& keys = families[family].keys;
  for (size_t place = 0; place < keys.size(); ++place) {
    if (families[family].Holds(range, keys[place]) && visit(HistoryKey{family, place})) return true;
  }
  return false;
}

std::string Text(const std::optional<std::string>& value) {
  return value ? Show(std::string_view(*value)) : std::string("nothing");
}

}  // namespace

void HistoryTransaction::Write(HistoryOps ops, HistoryFootprint footprint) {
  own_ = std::make_shared<const HistoryOps>(std::move(ops));
  footprints_.push_back(std::move(footprint));
}

bool HistoryTransaction::RollBack() {
  if (savepoints_.empty()) return false;
  own_ = std::move(savepoints_.back().own);
  footprints_.resize(savepoints_.back().footprints);
  savepoints_.pop_back();
  return true;
}

std::optional<std::string> HistoryTransaction::Shows(const HistoryFamilies& families, const HistoryOpsPtr& own,
                                                     const HistoryKey& key) const {
  return Shown(families, *begin_.content, own.get(), key, begin_.now_ms);
}

void HistoryTransaction::AddRead(const HistoryFamilies& families, HistoryRead read, bool counts) {
  static_cast<void>(AnyKeyOf(families, read.family, read.range, [&](const HistoryKey& key) {
    if (!read.own->contains(key)) observed_.push_back({.key = key, .value = Shows(families, read.own, key)});
    return false;
  }));
  if (counts) reads_.push_back(std::move(read));
}

bool HistoryTransaction::CountsWrites(const HistoryKey& key) const { return Decides(own_->at(key)); }

std::string HistoryTransaction::Changed(const HistoryFamilies& families, const HistoryContent& content,
                                        uint64_t now_ms) const {
  std::string changed;
  for (const HistoryRead& read : reads_) {
    const auto differs = [&](const HistoryKey& key) {
      // What the transaction wrote itself does not change: only what is beneath it, where that counts.
      const auto own = read.own->find(key);
      if (own != read.own->end() && Decides(own->second)) return false;
      const std::optional<std::string> before = Shows(families, nullptr, key);
      const std::optional<std::string> after = Shown(families, content, nullptr, key, now_ms);
      if (before == after) return false;
      changed = fmt::format("key {} of family {} held {}, and holds {}",
                            Show(std::string_view(families[key.family].keys[key.place])), key.family, Text(before),
                            Text(after));
      return true;
    };
    if (AnyKeyOf(families, read.family, read.range, differs)) return changed;
  }
  if (isolation_ != Isolation::kSnapshot) return {};
  for (const auto& [key, ops] : *own_) {
    if (!CountsWrites(key)) continue;
    const std::optional<std::string> before = Shows(families, nullptr, key);
    const std::optional<std::string> after = Shown(families, content, nullptr, key, begin_.now_ms);
    // Or it was put and has expired meanwhile.
    if (before == after || before == Shown(families, content, nullptr, key, now_ms)) continue;
    return fmt::format("key {} of family {} was written by another: it held {}, and holds {}", key.place, key.family,
                       Text(before), Text(after));
  }
  return {};
}

bool HistoryTransaction::HasOwnAt(const HistoryFamilies& families, const HistoryRead& read) const {
  return AnyKeyOf(families, read.family, read.range, [&](const HistoryKey& key) { return read.own->contains(key); });
}

FalseConflict HistoryTransaction::Excuse(const HistoryFamilies& families, const std::vector<HistoryFootprint>& others,
                                         bool may_coarsen, bool expiries) const {
  const std::span since = std::span(others).subspan(begin_.footprints);
  const auto is_touched = [&](size_t family, const HistoryRange& range) {
    return std::ranges::any_of(since, [&](const HistoryFootprint& other) {
      return other.family == family && families[family].Overlap(range, other.range);
    });
  };
  bool ranges = false, own = false, touched = false;
  for (const HistoryRead& read : reads_) {
    if (!is_touched(read.family, read.range)) continue;
    touched = true;
    ranges |= !read.is_point;
    own |= HasOwnAt(families, read);
  }
  if (ranges) return FalseConflict::kInRange;
  if (own) return FalseConflict::kOwnWrite;
  const auto touches = [&](const HistoryFootprint& mine) { return is_touched(mine.family, mine.range); };
  if (isolation_ == Isolation::kSnapshot && std::ranges::any_of(footprints_, touches))
    return FalseConflict::kWrittenKey;
  if (may_coarsen) return FalseConflict::kCoarse;
  if (!touched) return FalseConflict::kUntouched;
  return expiries ? FalseConflict::kExpired : FalseConflict::kPoint;
}

}  // namespace amethyst::torture
