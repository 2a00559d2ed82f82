#include "transactions/validation.h"

#include <memory>
#include <optional>
#include <vector>

#include "base/epoch.h"
#include "base/error.h"
#include "base/readable.h"
#include "engine/family.h"
#include "wal/batch_encoding.h"

namespace amethyst::transactions {

namespace {

template <typename... Args>
std::unexpected<Error> Conflict(fmt::format_string<Args...> format, Args&&... args) {
  return base::MakeError(ErrorCode::kConflict, "{} after the transaction began; run it again",
                         fmt::format(format, std::forward<Args>(args)...));
}

std::string NameOf(const engine::View& view, key::FamilyId family) {
  const tree::FamilyTree* const tree = view.forest->Find({.id = family});
  return tree == nullptr ? std::string() : tree->family->name;
}

bool HoldsRangeDelete(const WriteBatch& batch) {
  wal::BatchReader reader(batch.Representation());
  for (wal::BatchEntry entry; reader.Next(&entry);) {
    if (entry.kind == key::EntryKind::kRangeDelete) return true;
  }
  return false;
}

}  // namespace

Validation::Validation(const engine::ReadContext& reads, const ReadSet& set, const WriteBatch* written,
                       key::SequenceNumber since)
    : reads_(reads),
      set_(set),
      written_(written),
      checked_up_to_(since),
      has_ranges_(!set.ranges().empty() || (written != nullptr && HoldsRangeDelete(*written))) {}

Status Validation::CheckAll() {
  fell_behind_ = false;
  // Before the view, other than for a read: a view may lack what was written while it was loaded, and nothing may count
  // as checked that is not in it. Of what is newer than `visible` the second step sees whatever it hides here.
  const key::SequenceNumber visible{reads_.visible.load(std::memory_order_acquire)};
  if (visible == checked_up_to_) return {};
  const engine::ViewPtr view = reads_.view.Acquire();
  AMETHYST_TRY(Check(*view, NewerEntries(*view, checked_up_to_, visible)));
  checked_up_to_ = visible;
  return {};
}

Status Validation::CheckRecent() {
  AMETHYST_TRY(CheckFamilies());
  AMETHYST_TRY(CheckExpiry());
  const key::SequenceNumber visible{reads_.visible.load(std::memory_order_acquire)};
  if (visible == checked_up_to_) return {};
  const engine::ViewPtr view = reads_.view.Acquire();
  if (mark_.buffer != view->active) mark_ = {};
  const NewerEntries newer(*view, checked_up_to_, visible, mark_);
  fell_behind_ = !newer.AreInMemory() || (has_ranges_ && IsToBeMarked(*view, visible));
  if (!fell_behind_) return Check(*view, newer);
  return base::MakeError(ErrorCode::kBusy, "more was committed meanwhile than is to be looked at here");
}

bool Validation::IsToBeMarked(const engine::View& view, key::SequenceNumber visible) {
  const bool is_little = key::Raw(visible) - key::Raw(checked_up_to_) <= kEntriesMax;
  if ((mark_.buffer != nullptr && is_little) || ++rounds_ > kRoundsMax) return false;
  mark_ = {.buffer = view.active, .record = view.active->memtable.next_record()};
  return true;
}

Status Validation::CheckFamilies() const {
  if (set_.families().empty()) return {};
  const base::EpochGuard guard;
  const engine::View& view = *reads_.view.Peek();
  for (const key::FamilyId family : set_.families()) {
    if (engine::VersionOf(view, {.id = family}) == nullptr) return engine::FamilyDropped();
  }
  return {};
}

Status Validation::CheckExpiry() const {
  if (set_.expires_ms() == key::kNeverMs || set_.expires_ms() > reads_.clock->NowMs()) return {};
  return Conflict("a value that was read has expired");
}

Status Validation::Check(const engine::View& view, const NewerEntries& newer) const {
  if (set_.all_counts()) return Conflict("something was written");
  Status status;
  const auto point_holds = [&](const ReadSet::Point& point) {
    const Result<bool> changed = newer.HaveChanged(point);
    if (!changed) {
      status = std::unexpected(changed.error());
    } else if (*changed) {
      status = Conflict("family {}: key {} was written", NameOf(view, point.family),
                        base::Shortened(point.key, base::kKeyColumnsMax));
    }
    return status.has_value();
  };
  const auto range_holds = [&](const ReadSet::Range& range) {
    const Result<bool> holds_some = newer.HoldSomeOf(range);
    const auto name = [](const std::optional<std::string>& bound, std::string_view where_open) {
      return bound ? base::Shortened(*bound, base::kKeyColumnsMax) : std::string(where_open);
    };
    if (!holds_some) {
      status = std::unexpected(holds_some.error());
    } else if (*holds_some) {
      status = Conflict("family {}: between {} and {} something was written", NameOf(view, range.family),
                        name(range.keys.begin, "the first key"), name(range.keys.end, "the last"));
    }
    return status.has_value();
  };
  if (!set_.ForEachPoint(point_holds)) return status;
  for (const ReadSet::Range& range : set_.ranges()) {
    if (!range_holds(range)) return status;
  }
  if (written_ != nullptr) {
    wal::BatchReader reader(written_->Representation());
    for (wal::BatchEntry entry; reader.Next(&entry);) {
      const key::FamilyId family{entry.family};
      if (entry.kind == key::EntryKind::kRangeDelete) {
        const key::Range range = entry.Range();
        const std::optional<std::string> begin(range.begin), end(range.end);
        if (!range_holds({.family = family, .keys = {.begin = begin, .end = end}})) return status;
      } else if (key::Decides(entry.kind) && !point_holds({.family = family, .key = entry.key})) {
        return status;
      }
    }
  }
  return {};
}

}  // namespace amethyst::transactions
