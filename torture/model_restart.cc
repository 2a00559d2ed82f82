// The part of a model program that ends one life of its database and begins the next.
#include <fmt/format.h>

#include <algorithm>

#include "torture/model_choices.h"
#include "torture/model_program.h"

namespace amethyst::torture {

void ModelProgram::CountShape() {
  const Stats stats = db_->GetStats();
  report_.flushes += stats.flushes;
  report_.Count(ModelCounter::kFiltered, stats.entries_filtered);
  report_.compactions += stats.compactions + stats.trivial_moves;
  for (size_t level = 0; level < stats.levels.size(); ++level) {
    if (stats.levels[level].tables > 0) report_.deepest_level = std::max<uint64_t>(report_.deepest_level, level);
  }
}

void ModelProgram::Restart() {
  CountShape();
  ++report_.restarts;
  if (world_.met_fault()) ++report_.faults;
  auto loss = world_.simulated() ? static_cast<Loss>(random_.Below(3)) : Loss::kNothing;
  const std::string path = world_.path();
  std::string copy;
  bool is_copied = false;
  if (loss == Loss::kNothing) {
    is_copied = world_.simulated() && random_.OneIn(2) && MakeCopy(&copy);
    Tell("close");
    const bool faultless = !world_.met_fault();
    if (Ok(db_->Close(), "Close") && faultless && !world_.met_fault()) {
      content_.MarkFlushed();
      time_.Close(world_.WallMs());
    } else {
      time_.Crash(world_.WallMs());
      loss = Loss::kProcess;  // No more is promised.
    }
    for (const ModelFamily& family : families_.all()) {
      const auto closed = On(family, [](auto& from) { return from.Get("key"); });
      if (closed || closed.error().code() != ErrorCode::kClosed) Violation("a family is read after Close");
    }
    for (OpenWalk& open : walks_) {
      if (const std::string wrong = open.walk.CheckDetached(); !wrong.empty()) Violation(wrong);
    }
    is_copied = is_copied && loss == Loss::kNothing;
    if (is_copied) world_.Move(copy);
  } else {
    time_.Crash(world_.WallMs());
    Tell(loss == Loss::kPower ? "the power fails" : "the process crashes");
    ++(loss == Loss::kPower ? report_.power_losses : report_.crashes);
  }
  world_.Lose(loss, random_);
  walks_.clear();
  pinned_.clear();
  families_.LeaveHandles();
  beside_.replica.LeaveDatabase(MayLoseFeed(), loss != Loss::kNothing && content_.HasUnlogged());
  beside_.copies.NoteRestart();
  if (loss == Loss::kPower || is_copied) beside_.follower.End();
  db_.reset();
  world_.Restart();
  if (report_.violation.empty()) Open(loss == Loss::kPower);
  if (is_copied && report_.violation.empty()) GoOnInCopy(path);
}

// A checkpoint, or what is restored of a backup. The program goes on in it, so that all that follows is its test.
bool ModelProgram::MakeCopy(std::string* path) {
  *path = fmt::format("/db{}", report_.restarts);
  const bool by_backup = random_.OneIn(2);
  Tell(fmt::format("{} {}", by_backup ? "backup, restored to" : "checkpoint to", *path));
  std::string wrong;
  const Status made = beside_.copies.MakeAt(*path, *db_, Moment(), by_backup, &wrong);
  if (!wrong.empty()) Violation(wrong);
  return Ok(made, "a copy") && wrong.empty();
}

// The copy knows nothing of the cursor; what was before it can go.
void ModelProgram::GoOnInCopy(const std::string& original) {
  if (const std::string wrong = beside_.replica.CheckForeign(*db_); !wrong.empty()) Violation(wrong);
  beside_.replica.Forget();
  Ok(world_.Destroy(original), "Destroy");
}

Result<std::unique_ptr<DB>> ModelProgram::OpenWith(const Options& options) {
  Components components;
  components.environment = world_.environment();
  return DB::Open(world_.path(), options, std::move(components));
}

// It reads as what will be there, and takes no write.
void ModelProgram::OpenReadOnly(bool power_loss) {
  Tell("open read-only");
  Options options = options_;
  options.read_only = true;
  const auto opened = OpenWith(options);
  if (!opened) return Violation("read-only open failed: " + opened.error().ToString());
  const Result<bool> settled = Settle(**opened, power_loss);
  if (!settled) return Violation("read-only walk failed: " + settled.error().ToString());
  if (!*settled) Violation("a read-only open shows what cannot be");
  if ((*opened)->Put("key", "value")) Violation("a read-only database took a write");
  if ((*opened)->Delete("key") || (*opened)->Flush()) Violation("a read-only database took a delete or a flush");
}

Result<bool> ModelProgram::Settle(DB& db, bool power_loss) {
  DecideFamilies(db);
  const uint64_t now_ms = Now(db);
  AMETHYST_ASSIGN(SeenState seen, ReadAll(db));
  const uint64_t oldest_ms = now_ms - ModelTime::kReadableMs;
  const auto ask = [&](uint32_t number, const std::string& key, uint64_t at_ms) -> Result<std::optional<ModelEntry>> {
    AMETHYST_ASSIGN(const Family family, db.OpenFamily(families_.Of(number).name));
    ReadOptions options;
    options.read_time = MomentOf(at_ms);
    const Result<std::optional<std::string>> got = family.Get(key, options);
    if (!got && got.error().code() == ErrorCode::kInvalidArgument) return ModelEntry{.refused = true};
    if (!got) return std::unexpected(got.error());
    return *got ? std::optional(ModelEntry{.value = **got}) : std::nullopt;
  };
  return content_.Settle({.seen = std::move(seen), .now_ms = now_ms, .oldest_ms = oldest_ms}, power_loss, ask);
}

bool ModelProgram::OpenOnce(const Options& options, bool power_loss) {
  auto opened = OpenWith(options);
  if (!Ok(opened ? Status() : std::unexpected(opened.error()), "open")) return false;
  const Result<bool> settled = Settle(**opened, power_loss);
  if (!Ok(settled ? Status() : std::unexpected(settled.error()), "first walk")) return false;
  if (!*settled) {
    Violation(fmt::format("after {} the content cannot be", power_loss ? "a loss of power" : "a restart"));
    return false;
  }
  if (const Status handles = families_.OpenHandles(**opened); !handles) {
    Violation("a family does not open: " + handles.error().ToString());
    return false;
  }
  db_ = std::move(*opened);
  return true;
}

void ModelProgram::Open(bool power_loss) {
  const bool first = report_.restarts == 0;
  ModelFamily& family = families_.front();
  if (first || random_.OneIn(2)) {
    options_ = DrawOptions(random_, family.comparator);
    family.ttl_ms = features_.expiries ? time_.DrawTtlMs(random_) : 0;
  }
  options_.families.clear();
  families_.AddTo(&options_, random_);
  Tell("open: " + Show(options_));
  Options options = options_;
  if (!first && random_.OneIn(6)) OpenReadOnly(power_loss);
  if (!first && random_.OneIn(10)) {
    options.error_if_exists = true;
    const auto refused = OpenWith(options);
    if (refused || refused.error().code() != ErrorCode::kInvalidArgument) Violation("error_if_exists had no effect");
    options.error_if_exists = false;
  }
  options.create_if_missing = first || random_.OneIn(2);
  if (random_.OneIn(10)) random_.OneIn(3) ? world_.ArmDeath(random_) : world_.ArmFault(random_);
  if (!report_.violation.empty()) return;
  if (!OpenOnce(options, power_loss) && report_.violation.empty()) {
    // Recovery failed as it was made to: it crashes there, and the next one meets no fault.
    ++report_.faults;
    time_.Crash(world_.WallMs());
    world_.Lose(Loss::kProcess, random_);
    world_.Restart();
    static_cast<void>(OpenOnce(options, power_loss));
  }
}

void ModelProgram::CheckRepair() {
  db_.reset();
  for (const ModelFamily& family : families_.all()) {
    if (family.comparator != BytewiseComparator()) return;  // Repair knows no other order.
  }
  families_.AddTo(&options_, random_);
  const std::string to = world_.path() + "-repaired";
  const auto repaired = DB::Repair(world_.path(), to);
  if (!repaired) return Violation("Repair failed: " + repaired.error().ToString());
  if (!repaired->dropped.empty()) return Violation("Repair dropped something: " + repaired->dropped.front());
  {
    auto opened = DB::Open(to, options_);
    if (!opened) return Violation("what Repair made does not open: " + opened.error().ToString());
    const auto found = ReadAll(**opened);
    const std::string text = found ? DifferenceOf(content_.now(), time_.now_ms(), *found) : found.error().ToString();
    if (!text.empty()) Violation("what Repair made has another content: " + text);
  }
  Ok(DB::Destroy(to), "Destroy");
}

}  // namespace amethyst::torture
