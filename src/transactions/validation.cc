#include "transactions/validation.h"

#include <memory>
#include <optional>
#include <vector>

#include "base/error.h"
#include "base/readable.h"
#include "transactions/newer_entries.h"
#include "wal/batch_encoding.h"

namespace amethyst::transactions {

namespace {

template <typename... Args>
std::unexpected<Error> Conflict(fmt::format_string<Args...> format, Args&&... args) {
  return base::MakeError(ErrorCode::kConflict, "{} after the transaction began; run it again",
                         fmt::format(format, std::forward<Args>(args)...));
}

std::optional<std::string> Copy(std::optional<std::string_view> bound) {
  return bound ? std::optional<std::string>(*bound) : std::nullopt;
}

std::string NameOf(const engine::View& view, key::FamilyId family) {
  const tree::FamilyTree* const tree = view.forest->Find({.id = family});
  return tree == nullptr ? std::string() : tree->family->name;
}

}  // namespace

Status Validation::CheckAll() {
  fell_behind_ = false;
  return Check(Sources::kAll);
}

Status Validation::CheckRecent() {
  AMETHYST_TRY(CheckExpiry());
  return Check(Sources::kMemtables);
}

Status Validation::CheckExpiry() const {
  if (set_.expires_ms() == key::kNeverMs || set_.expires_ms() > reads_.clock->NowMs()) return {};
  return Conflict("a value that was read has expired");
}

Status Validation::Check(Sources sources) {
  if (key::SequenceNumber{reads_.visible.load(std::memory_order_acquire)} == checked_up_to_) return {};
  const engine::ViewPtr view = reads_.view.Acquire();  // Before the visible sequence: see view.h.
  const key::SequenceNumber visible{reads_.visible.load(std::memory_order_acquire)};
  if (set_.all_counts()) return Conflict("something was written");
  NewerEntries newer(*view, checked_up_to_, visible);
  if (sources == Sources::kMemtables && !newer.AreInMemory()) {
    fell_behind_ = true;
    return base::MakeError(ErrorCode::kBusy, "what was committed meanwhile is in tables already");
  }
  Status status;
  const auto point_holds = [&](const ReadSet::Point& point) {
    const Result<bool> changed = newer.HaveChanged(point);
    if (!changed) {
      status = std::unexpected(changed.error());
    } else if (*changed) {
      status = Conflict("family {}: key {} was written", NameOf(*view, point.family),
                        base::Shortened(point.key, base::kKeyColumnsMax));
    }
    return status.has_value();
  };
  const auto range_holds = [&](const ReadSet::Range& range) {
    const Result<bool> holds_some = newer.HoldSomeOf(range);
    const auto name = [](const std::optional<std::string>& bound) {
      return bound ? base::Shortened(*bound, base::kKeyColumnsMax) : std::string("the end");
    };
    if (!holds_some) {
      status = std::unexpected(holds_some.error());
    } else if (*holds_some) {
      status = Conflict("family {}: between {} and {} something was written", NameOf(*view, range.family),
                        name(range.keys.begin), name(range.keys.end));
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
        if (!range_holds({.family = family, .keys = {.begin = Copy(range.begin), .end = Copy(range.end)}}))
          return status;
      } else if (key::Decides(entry.kind) && !point_holds({.family = family, .key = entry.key})) {
        return status;
      }
    }
  }
  checked_up_to_ = visible;
  return {};
}

}  // namespace amethyst::transactions
