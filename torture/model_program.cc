#include "torture/model_program.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "base/error.h"
#include "key/range.h"
#include "torture/model_choices.h"
#include "torture/shrink.h"

namespace amethyst::torture {

namespace {

struct Weight {
  StepKind kind;
  uint64_t per_mille;
};
constexpr Weight kWeights[] = {{StepKind::kPut, 250},    {StepKind::kDelete, 80},   {StepKind::kBatch, 10},
                               {StepKind::kGet, 290},    {StepKind::kMultiGet, 20}, {StepKind::kWalk, 340},
                               {StepKind::kSnapshot, 5}, {StepKind::kMaintain, 1},  {StepKind::kTime, 3}};
constexpr uint64_t kRestartOneIn = 1500;
constexpr uint64_t kFaultOneIn = 3000;

}  // namespace

ModelReport& ModelReport::operator+=(const ModelReport& other) {
  if (violation.empty()) violation = other.violation;
  operations += other.operations;
  writes += other.writes;
  restarts += other.restarts;
  crashes += other.crashes;
  power_losses += other.power_losses;
  faults += other.faults;
  flushes += other.flushes;
  compactions += other.compactions;
  deepest_level = std::max(deepest_level, other.deepest_level);
  return *this;
}

std::vector<ModelStep> DrawProgram(uint64_t seed, uint64_t operations) {
  base::Random random(seed);
  std::vector<ModelStep> steps(operations);
  for (ModelStep& step : steps) {
    uint64_t drawn = random.Below(1000);
    for (const Weight& weight : kWeights) {
      if (drawn < weight.per_mille) {
        step.kind = weight.kind;
        break;
      }
      drawn -= weight.per_mille;
    }
    if (random.OneIn(kRestartOneIn)) step.kind = StepKind::kRestart;
    if (random.OneIn(kFaultOneIn)) step.kind = StepKind::kFault;
    step.seed = random();
  }
  return steps;
}

ModelProgram::ModelProgram(const ModelSettings& settings, bool tell)
    : settings_(settings),
      tell_(tell),
      random_(settings.seed),
      comparator_(ComparatorOf(random_())),
      key_style_(random_.Below(kKeyStyles)),
      world_(settings.path, settings.seed),
      content_(comparator_) {}

void ModelProgram::Tell(std::string text) {
  if (tell_) report_.told.push_back(fmt::format("{:>6}  {}", report_.operations, text));
}

void ModelProgram::Violation(std::string text) {
  if (!report_.violation.empty()) return;
  report_.violation = fmt::format("seed {}, step {}: {}", settings_.seed, report_.operations, text);
  Tell("violation: " + text);
}

bool ModelProgram::Ok(const Status& status, const char* what) {
  if (status) return true;
  if (!world_.met_fault()) Violation(fmt::format("{} failed: {}", what, status.error().ToString()));
  Tell(fmt::format("{} failed, as a call was made to: {}", what, status.error().ToString()));
  return false;
}

std::string ModelProgram::RandomKey() { return DrawKey(random_, key_style_, settings_.key_count); }

// --- Writing ---

// A write that fails may show until the next open, and is whole or absent after: which it is, is seen at once.
void ModelProgram::Write(ModelWrite write, const WriteBatch* batch) {
  ++report_.writes;
  const WriteOptions options{.durability = write.durability};
  const auto& [key, value] = write.changes.front();
  Tell(fmt::format("{} {}{}, durability {}", value ? "put" : "delete", Show(key),
                   value ? " = " + Show(*value) : std::string(), static_cast<int>(write.durability)) +
       (batch == nullptr ? "" : fmt::format(", first of a batch of {}", batch->Count())));
  const Status written = batch != nullptr ? db_->Write(*batch, options)
                         : value          ? db_->Put(key, *value, options)
                                          : db_->Delete(key, options);
  if (random_.OneIn(4)) world_.RunJobs(1);
  if (Ok(written, "write")) return content_.Acknowledge(std::move(write));
  content_.Fail(std::move(write));
  const Result<ModelMap> found = ReadAll(*db_);
  if (found && *found != content_.now() && *found != content_.with_failed()) {
    Violation("after a write that failed, the content is neither with it nor without");
  }
  if (report_.violation.empty()) Restart();
}

// A range delete, and in `write` a delete of each key that it takes away.
void ModelProgram::DeleteRange(WriteBatch* batch, ModelWrite* write) {
  const KeyLess less{comparator_};
  const std::string begin = RandomKey();
  auto last = content_.now().lower_bound(begin);
  for (uint64_t keys = random_.Below(60); keys > 0 && last != content_.now().end(); --keys) ++last;
  const std::string end = last == content_.now().end() ? begin : last->first;
  key::Range range{.begin = begin, .end = end};
  if (random_.OneIn(50)) range.begin = std::nullopt;
  if (random_.OneIn(50)) range.end = std::nullopt;
  batch->DeleteRange(range.begin, range.end);
  std::set<std::string, KeyLess> taken(less);
  const auto take = [&](const std::string& key) {
    if (range.Holds(key, key::Order(comparator_))) taken.insert(key);
  };
  content_.ForEachPossibleKey(take);
  for (const auto& [key, value] : write->changes) take(key);
  for (const std::string& key : taken) write->changes.emplace_back(key, std::nullopt);
}

void ModelProgram::Batch() {
  ModelWrite write;
  WriteBatch batch, second;
  for (uint64_t count = 1 + random_.Below(40); count > 0; --count) {
    std::string key = RandomKey();
    WriteBatch& to = count > 10 ? batch : second;
    if (!write.changes.empty() && random_.OneIn(100)) {
      DeleteRange(&to, &write);
    } else if (random_.OneIn(3)) {
      to.Delete(key);
      write.changes.emplace_back(std::move(key), std::nullopt);
    } else {
      std::string value = DrawValue(random_);
      to.Put(key, value);
      write.changes.emplace_back(std::move(key), std::move(value));
    }
  }
  const uint32_t operations = batch.Count() + second.Count();
  batch.Append(second);
  write.durability = DrawWriteOptions(random_).durability;
  const Result<WriteBatch> copy = WriteBatch::FromRepresentation(batch.Representation());
  if (!copy || copy->Count() != operations) return Violation("a batch is not what was put into it");
  Write(std::move(write), &*copy);
}

// --- Reading ---

const ModelMap& ModelProgram::RandomRead(ReadOptions* options) {
  options->fill_cache = !random_.OneIn(4);
  if (pinned_.empty() || random_.OneIn(2)) return content_.now();
  const Pinned& pinned = pinned_[random_.Below(pinned_.size())];
  options->snapshot = &pinned.snapshot;
  return *pinned.content;
}

void ModelProgram::Get() {
  ReadOptions options;
  const ModelMap& content = RandomRead(&options);
  const std::string key = RandomKey();
  Tell(fmt::format("get {}{}", Show(key), options.snapshot != nullptr ? " at a snapshot" : ""));
  Result<std::optional<std::string>> found;
  switch (random_.Below(3)) {
    case 0: found = db_->Get(key, options); break;
    case 1: {
      std::string value;
      const Result<bool> got = db_->GetInto(key, &value, options);
      if (got && *got) found->emplace(std::move(value));
      if (!got) found = std::unexpected(got.error());
      break;
    }
    default: {
      const auto got = db_->GetPinned(key, options);
      if (got && *got) found->emplace((*got)->view());
      if (!got) found = std::unexpected(got.error());
    }
  }
  if (!Ok(found ? Status() : std::unexpected(found.error()), "get")) return;
  const auto expected = content.find(key);
  if (found->has_value() != (expected != content.end()) || (*found && **found != expected->second)) {
    Violation(fmt::format("get of {}{}: expected {}, found {}", Show(key), options.snapshot ? " at a snapshot" : "",
                          expected == content.end() ? "nothing" : Show(expected->second),
                          *found ? Show(**found) : "nothing"));
  }
}

void ModelProgram::MultiGet() {
  ReadOptions options;
  const ModelMap& content = RandomRead(&options);
  std::vector<std::string> keys(1 + random_.Below(20));
  for (std::string& key : keys) key = RandomKey();
  Tell(fmt::format("get {} keys, first {}", keys.size(), Show(keys.front())));
  const std::vector<std::string_view> views(keys.begin(), keys.end());
  const auto results = db_->MultiGet(views, options);
  if (results.size() != keys.size()) return Violation("MultiGet returned another number of results");
  for (size_t i = 0; i < keys.size(); ++i) {
    if (!Ok(results[i] ? Status() : std::unexpected(results[i].error()), "MultiGet")) continue;
    const auto expected = content.find(keys[i]);
    const bool right = results[i]->has_value() == (expected != content.end()) &&
                       (!results[i]->has_value() || **results[i] == expected->second);
    if (!right) Violation("MultiGet of " + Show(keys[i]) + " is wrong");
  }
}

void ModelProgram::Walk() {
  if (walks_.empty() || (walks_.size() < 4 && random_.OneIn(40))) {
    ReadOptions options;
    const ModelMap& seen = RandomRead(&options);
    std::string bounds[2] = {RandomKey(), RandomKey()};
    if (comparator_->Compare(bounds[0], bounds[1]) > 0) bounds[0].swap(bounds[1]);
    if (random_.OneIn(3)) options.lower_bound = bounds[0];
    if (random_.OneIn(3)) options.upper_bound = bounds[1];
    const auto pinned = std::ranges::find(pinned_, options.snapshot, [](const Pinned& p) { return &p.snapshot; });
    auto content = pinned != pinned_.end() ? pinned->content : std::make_shared<const ModelMap>(seen);
    Tell(fmt::format("new iterator{}{}{}", options.snapshot != nullptr ? " at a snapshot" : "",
                     options.lower_bound ? " from " + Show(bounds[0]) : "",
                     options.upper_bound ? " to " + Show(bounds[1]) : ""));
    walks_.emplace_back(*db_, options, std::move(content), random_.OneIn(3));
  }
  const size_t index = random_.Below(walks_.size());
  Tell(fmt::format("move iterator {}", index));
  std::string wrong;
  const bool ok = Ok(walks_[index].Move(random_, RandomKey(), &wrong), "iterator");
  if (!wrong.empty()) Violation(wrong);
  if (!ok || random_.OneIn(200)) walks_.erase(walks_.begin() + static_cast<std::ptrdiff_t>(index));
}

void ModelProgram::TakeSnapshot() {
  if (pinned_.size() >= 3) pinned_.erase(pinned_.begin() + static_cast<std::ptrdiff_t>(random_.Below(3)));
  Tell("snapshot");
  pinned_.push_back({.snapshot = db_->GetSnapshot(), .content = std::make_shared<const ModelMap>(content_.now())});
}

Result<ModelMap> ModelProgram::ReadAll(DB& db) const {
  ModelMap found(KeyLess{comparator_});
  Iterator iterator = db.NewIterator();
  for (iterator.SeekToFirst(); iterator.Valid(); iterator.Next()) {
    found.emplace_hint(found.end(), iterator.key(), iterator.value());
  }
  AMETHYST_TRY(iterator.status());
  return found;
}

void ModelProgram::CheckAll() {
  const Result<ModelMap> found = ReadAll(*db_);
  if (!Ok(found ? Status() : std::unexpected(found.error()), "walk over everything")) return;
  if (*found != content_.now()) {
    Violation(fmt::format("a walk over everything shows {} entries, not the {} that there are", found->size(),
                          content_.now().size()));
  }
}

// --- Everything else ---

void ModelProgram::Maintain() {
  std::string bounds[2] = {RandomKey(), RandomKey()};
  if (comparator_->Compare(bounds[0], bounds[1]) > 0) bounds[0].swap(bounds[1]);
  switch (random_.Below(8)) {
    case 0: {
      const std::optional<std::string> begin = random_.OneIn(2) ? std::optional(bounds[0]) : std::nullopt;
      const std::optional<std::string> end = random_.OneIn(2) ? std::optional(bounds[1]) : std::nullopt;
      Tell("compact" + (begin ? " from " + Show(*begin) : "") + (end ? " to " + Show(*end) : ""));
      Ok(db_->CompactRange(begin, end), "CompactRange");
      break;
    }
    case 1:
    case 2: Tell("wait until idle"), Ok(db_->WaitForIdle(), "WaitForIdle"); break;
    case 3:
      Tell("flush");
      if (Ok(db_->Flush(), "Flush")) content_.MarkFlushed();
      break;
    case 4:
      Tell("sync");
      if (Ok(db_->SyncWal(), "SyncWal")) content_.MarkDurable();
      break;
    case 5: {
      Tell("size");
      const Result<uint64_t> bytes = db_->ApproximateSize(bounds[0], bounds[1]);
      if (Ok(bytes ? Status() : std::unexpected(bytes.error()), "ApproximateSize") && *bytes > uint64_t{1} << 32) {
        Violation("ApproximateSize is beyond all bounds");
      }
      break;
    }
    case 6: return LoadRange();
    default: CheckAll();
  }
}

// A table whose keys lie apart from all others, without deletes: it moves from level to level as it is.
void ModelProgram::LoadRange() {
  Tell("load a range of its own");
  const auto flush = [this] {
    const bool flushed = report_.violation.empty() && Ok(db_->Flush(), "Flush");
    if (flushed) content_.MarkFlushed();
    return flushed;
  };
  const auto key = [number = report_.operations](uint64_t i) { return fmt::format("\xff{:010}{:03}", number, i); };
  constexpr uint64_t kKeys = 20;
  if (!flush()) return;
  for (uint64_t i = 0; i < kKeys; ++i) {
    Write({.changes = {{key(i), DrawValue(random_)}}, .durability = Durability::kBuffered}, nullptr);
    if (!report_.violation.empty()) return;
  }
  if (flush()) Ok(db_->CompactRange(key(0), std::nullopt), "CompactRange");
}

// Twice the interval after a write its log is synced, whatever else happens.
void ModelProgram::PassTime() {
  if (random_.OneIn(4)) {
    constexpr int64_t kDay_s = 86400;
    const int64_t jump_s = static_cast<int64_t>(random_.Below(4 * kDay_s)) - 2 * kDay_s;
    Tell(fmt::format("set the wall clock by {} s", jump_s));
    world_.JumpWallTime(std::chrono::seconds(jump_s));
  }
  const bool all = options_.sync_interval_ms != 0 && random_.OneIn(2);
  const uint64_t time_ms = all ? 2 * options_.sync_interval_ms : random_.Below(3000);
  Tell(fmt::format("pass {} ms", time_ms));
  world_.PassTime(std::chrono::milliseconds(time_ms));
  world_.RunJobs(all ? 1000 : random_.Below(4));
  if (all && world_.simulated() && !world_.met_fault()) content_.MarkDurable();
}

void ModelProgram::Take(const ModelStep& step) {
  random_ = base::Random(step.seed);
  switch (step.kind) {
    case StepKind::kPut: {
      const WriteOptions options = DrawWriteOptions(random_);
      return Write({.changes = {{RandomKey(), DrawValue(random_)}}, .durability = options.durability}, nullptr);
    }
    case StepKind::kDelete: {
      const WriteOptions options = DrawWriteOptions(random_);
      return Write({.changes = {{RandomKey(), std::nullopt}}, .durability = options.durability}, nullptr);
    }
    case StepKind::kBatch: return Batch();
    case StepKind::kGet: return Get();
    case StepKind::kMultiGet: return MultiGet();
    case StepKind::kWalk: return Walk();
    case StepKind::kSnapshot: return TakeSnapshot();
    case StepKind::kMaintain: return Maintain();
    case StepKind::kTime: return PassTime();
    case StepKind::kFault: Tell("one of the next calls of the file system will fail"); return world_.ArmFault(random_);
    case StepKind::kRestart: return Restart();
  }
}

ModelReport ModelProgram::Run(const std::vector<ModelStep>& steps) {
  Open(false);
  for (const ModelStep& step : steps) {
    if (!report_.violation.empty()) break;
    Take(step);
    ++report_.operations;
  }
  if (report_.violation.empty()) CheckAll();
  if (report_.violation.empty()) CountShape();
  walks_.clear();
  pinned_.clear();
  if (report_.violation.empty() && Ok(db_->Close(), "Close") && !world_.simulated()) CheckRepair();
  return std::move(report_);
}

ModelReport RunModel(const ModelSettings& settings) {
  std::vector<ModelStep> steps = DrawProgram(settings.seed, settings.operations);
  ModelReport report = ModelProgram(settings).Run(steps);
  if (report.violation.empty() || !settings.path.empty()) return report;
  steps.resize(std::min(steps.size(), report.operations + 1));
  constexpr uint64_t kTriesMax = 300;
  steps = Shrink<ModelStep>(
      std::move(steps),
      [&](const std::vector<ModelStep>& part) { return !ModelProgram(settings).Run(part).violation.empty(); },
      kTriesMax);
  const ModelReport shortest = ModelProgram(settings, true).Run(steps);
  report.violation += fmt::format("; {} steps show it:", steps.size());
  for (const std::string& line : shortest.told) report.violation += "\n" + line;
  return report;
}

}  // namespace amethyst::torture
