// The part of a model program that looks after its database, and lets time pass.
#include <fmt/format.h>

#include "torture/model_choices.h"
#include "torture/model_program.h"

namespace amethyst::torture {

void ModelProgram::CompactRange() {
  const ModelFamily& family = families_.Draw(random_);
  std::string bounds[2] = {family.DrawKey(random_), family.DrawKey(random_)};
  if (family.comparator->Compare(bounds[0], bounds[1]) > 0) bounds[0].swap(bounds[1]);
  const std::optional<std::string> begin = random_.OneIn(2) ? std::optional(bounds[0]) : std::nullopt;
  const std::optional<std::string> end = random_.OneIn(2) ? std::optional(bounds[1]) : std::nullopt;
  Tell("compact" + (begin ? " from " + Show(*begin) : "") + (end ? " to " + Show(*end) : ""));
  Ok(On(family, [&](auto& in) { return in.CompactRange(begin, end); }), "CompactRange");
}

void ModelProgram::AskSize() {
  const ModelFamily& family = families_.Draw(random_);
  std::string bounds[2] = {family.DrawKey(random_), family.DrawKey(random_)};
  if (family.comparator->Compare(bounds[0], bounds[1]) > 0) bounds[0].swap(bounds[1]);
  Tell("size");
  const Result<uint64_t> bytes = On(family, [&](auto& in) { return in.ApproximateSize(bounds[0], bounds[1]); });
  if (Ok(bytes ? Status() : std::unexpected(bytes.error()), "ApproximateSize") && *bytes > uint64_t{1} << 32) {
    Violation("ApproximateSize is beyond all bounds");
  }
}

bool ModelProgram::FlushAll() {
  const bool flushed = report_.violation.empty() && Ok(db_->Flush(), "Flush");
  if (flushed) content_.MarkFlushed();
  return flushed;
}

void ModelProgram::Maintain() {
  switch (random_.Below(8)) {
    case 0: return CompactRange();
    case 1:
    case 2: Tell("wait until idle"), Ok(db_->WaitForIdle(), "WaitForIdle"); break;
    case 3:
      Tell("flush");
      static_cast<void>(FlushAll());
      break;
    case 4:
      Tell("sync");
      if (Ok(db_->SyncWal(), "SyncWal")) content_.MarkDurable();
      break;
    case 5: return AskSize();
    case 6: return LoadRange();
    default: CheckAll();
  }
}

// A table whose keys lie apart from all others, without deletes: it moves from level to level as it is.
void ModelProgram::LoadRange() {
  Tell("load a range of its own");
  static_cast<void>(Now(*db_));
  const auto key = [number = report_.operations](uint64_t i) { return fmt::format("\xff{:010}{:03}", number, i); };
  constexpr uint64_t kKeys = 20;
  if (!FlushAll()) return;
  const ModelFamily& family = families_.all().front();
  for (uint64_t i = 0; i < kKeys; ++i) {
    const ModelChange change{.kind = ChangeKind::kPut,
                             .family = family.number,
                             .key = key(i),
                             .value = family.DrawValue(random_),
                             .expires_ms = ExpiresMs(family, {})};
    Write({.changes = {change}}, "put " + Show(change.key),
          [&](const WriteOptions& options) { return db_->Put(change.key, change.value, options); });
    if (!report_.violation.empty()) return;
  }
  if (FlushAll()) Ok(db_->CompactRange(key(0), std::nullopt), "CompactRange");
}

// Twice the interval after a write its log is synced, whatever else happens.
void ModelProgram::PassTime() {
  static_cast<void>(Now(*db_));
  if (random_.OneIn(4)) {
    constexpr int64_t kDay_s = 86400;
    // Mostly ahead: until the wall has caught up again, the database's own time stands still.
    const int64_t jump_s = random_.OneIn(2) ? static_cast<int64_t>(random_.Below(4 * kDay_s)) - kDay_s
                                            : static_cast<int64_t>(random_.Below(150)) - 50;
    Tell(fmt::format("set the wall clock by {} s", jump_s));
    world_.JumpWallTime(std::chrono::seconds(jump_s));
  }
  const bool all = options_.sync_interval_ms != 0 && random_.OneIn(2);
  const uint64_t longest_ms = features_.expiries && random_.OneIn(4) ? 90'000 : 3000;
  const uint64_t time_ms = all ? 2 * options_.sync_interval_ms : random_.Below(longest_ms);
  Tell(fmt::format("pass {} ms", time_ms));
  world_.PassTime(std::chrono::milliseconds(time_ms));
  world_.RunJobs(all ? 1000 : random_.Below(4));
  if (all && world_.simulated() && !world_.met_fault()) content_.MarkDurable();
  static_cast<void>(Now(*db_));
}

}  // namespace amethyst::torture
