#include "torture/power_loss.h"

#include <fmt/format.h>

#include <charconv>

#include "amethyst/comparator.h"
#include "base/assert.h"
#include "base/error.h"
#include "torture/order_checker.h"

namespace amethyst::torture {

namespace {

const std::string kDirectory = "/db";

// The bytewise order by another name: of such a one tables' bounds are whole keys, so that long keys fill manifests.
class WholeKeys final : public Comparator {
 public:
  int Compare(std::string_view a, std::string_view b) const override { return a.compare(b); }
  std::string_view Name() const override { return "torture.whole_keys"; }
};
const WholeKeys kWholeKeys;

size_t NumberIn(const std::map<std::string, std::string>& content, const std::string& key) {
  size_t number = 0;
  if (const auto entry = content.find(key); entry != content.end()) {
    std::from_chars(entry->second.data(), entry->second.data() + entry->second.size(), number);
  }
  return number;
}

Result<std::map<std::string, std::string>> Scan(DB& db) {
  std::map<std::string, std::string> found;
  Iterator iterator = db.NewIterator();
  for (iterator.SeekToFirst(); iterator.Valid(); iterator.Next()) found.emplace(iterator.key(), iterator.value());
  AMETHYST_TRY(iterator.status());
  return found;
}

std::shared_ptr<simulation::SerialEnvironment> EnvironmentOn(std::shared_ptr<io::FileSystem> files, uint64_t seed) {
  return std::make_shared<simulation::SerialEnvironment>(std::move(files), seed);
}

Result<std::unique_ptr<DB>> OpenOn(const std::shared_ptr<simulation::SerialEnvironment>& environment,
                                   const Options& options) {
  Components components;
  components.environment = environment;
  return DB::Open(kDirectory, options, std::move(components));
}

}  // namespace

void PowerLossSuite::Violation(const std::string& text) {
  if (report_->violation.empty()) report_->violation = fmt::format("seed {}: {}", settings_.seed, text);
}

void PowerLossSuite::Run(PowerLossReport* report) {
  report_ = report;
  RunWorkload();
  if (report_->violation.empty()) CheckAllPoints();
  report->moved += moves_.counts();
}

bool PowerLossSuite::Open() {
  ++opens_;
  files_->trace().NoteOpening();
  auto opened = OpenOn(environment_, options_);
  if (!opened) {
    if (!failed_) Violation("the workload could not open: " + opened.error().ToString());
    return false;
  }
  db_ = std::move(*opened);
  if (!HasMoves() || opens_ > 1) return true;
  const Status begun = moves_.Begin(*db_, files_->trace());
  if (!begun && !failed_) Violation("no cursor: " + begun.error().ToString());
  return true;
}

void PowerLossSuite::RunWorkload() {
  options_.memory_budget_bytes = size_t{4} << 20;
  options_.write_buffer_bytes = size_t{64 << 10};
  options_.block_bytes = 512;
  if (HasLongKeys()) options_.comparator = &kWholeKeys;
  options_.compression = static_cast<Compression>(random_.Below(3));
  options_.filter_false_positive_rate = random_.OneIn(4) ? 0.01 : 1;
  options_.background_threads = 2;
  if (settings_.seed % 4 == 2) options_.delete_deadline_s = 1;  // Then the log begins many segments.
  auto memory = std::make_shared<io::MemoryFileSystem>();
  AMETHYST_ASSERT(memory->CreateDirectories(kDirectory).has_value());
  files_ = std::make_shared<TraceFileSystem>(memory);
  if (settings_.fail_syncs) {
    files_->trace().fail_sync = [this](const std::string& path) {
      if (failed_ || !FailsSync(settings_.seed, path, random_)) return false;
      failed_ = true;  // Whoever asked for the sync is told.
      ++report_->failed_syncs;
      return true;
    };
  }
  environment_ = EnvironmentOn(files_, settings_.seed);
  contents_.emplace_back();
  bounds_.emplace_back();
  if (!Open()) return;
  while (contents_.size() <= settings_.batches && db_ != nullptr && report_->violation.empty()) {
    Step();
    if (failed_) ReopenAfterFailure();
  }
  if (db_ != nullptr && db_->Close() && !failed_) Note(Durable::kByTables);
  db_.reset();
  files_->trace().fail_sync = nullptr;
  CountTrace();
}

void PowerLossSuite::CountTrace() {
  uint64_t manifests = 0, segments = 0;
  OrderChecker checker(kDirectory);
  for (const TraceOperation& operation : files_->trace().operations()) {
    checker.Apply(operation);
    if (!operation.path.starts_with(kDirectory + "/")) continue;  // Of a copy.
    if (operation.kind == TraceOperation::Kind::kRename) ++manifests;
    // A segment is in use from its header on.
    const bool is_log = operation.path.ends_with(".wal");
    if (is_log && operation.kind == TraceOperation::Kind::kWrite && operation.offset == 0) ++segments;
  }
  if (!checker.violation().empty()) Violation(checker.violation());
  report_->order_checks += checker.checks();
  report_->manifest_rolls += manifests - std::min(manifests, opens_);
  report_->segment_rolls += segments - std::min(segments, opens_);
  report_->digest = report_->digest * 31 + files_->trace().Digest();
}

void PowerLossSuite::Note(Durable durable) {
  if (durable != Durable::kNoMore) durable_ = current_;
  if (durable == Durable::kByLog) files_->trace().NoteAcknowledged();
  bounds_.push_back({.trace_size = files_->trace().size(),
                     .durable = durable_,
                     .started = contents_.size() - 1,
                     .unlogged_durable = unlogged_durable_,
                     .unlogged_started = unlogged_});
}

void PowerLossSuite::ReopenAfterFailure() {
  moves_.End();
  static_cast<void>(db_ != nullptr ? db_->Close() : Status());
  db_.reset();
  if (!report_->violation.empty() || !Open()) return;
  const auto found = Scan(*db_);
  size_t number = 0;
  const std::string problem = found ? CheckContent(*found, bounds_.back(), &number) : found.error().ToString();
  if (!problem.empty()) return Violation("opened again after a failed sync: " + problem);
  current_ = number;
  unlogged_ = NumberIn(*found, kUnloggedKey);
  failed_ = false;
  files_->trace().fail_sync = nullptr;  // Once is enough.
}

void PowerLossSuite::Step() {
  if (HasMoves() && random_.OneIn(6)) return Move();
  const uint64_t kind = random_.Below(100);
  Status done;
  Durable durable = Durable::kByTables;
  if (kind < 72) return WriteNumbered();
  if (kind < 76) return WriteUnlogged();
  if (kind < 84) {
    done = db_->Flush();
    if (done) unlogged_durable_ = unlogged_;
  } else if (kind < 86) {
    done = db_->CompactRange();
    if (done) unlogged_durable_ = unlogged_;
  } else if (kind < 89) {
    done = db_->SyncWal();
    durable = Durable::kByLog;
  } else if (kind < 95) {
    durable = Durable::kNoMore;
    environment_->clock().Advance(std::chrono::milliseconds(options_.delete_deadline_s == 1 ? 2500 : 500));
    for (uint64_t jobs = random_.Below(4); jobs > 0 && environment_->RunOneJob(); --jobs) {
    }
  } else {
    const Stats stats = db_->GetStats();
    report_->flushes += stats.flushes;
    report_->compactions += stats.compactions + stats.trivial_moves;
    moves_.End();
    done = db_->Close();
    if (done) {
      unlogged_durable_ = unlogged_;
      Note(Durable::kByTables);
      db_.reset();
      if (!Open()) return;
    }
  }
  if (!done && !failed_) Violation("a call failed: " + done.error().ToString());
  if (done) Note(durable);
}

void PowerLossSuite::Move() {
  const uint64_t kind = random_.Below(10);
  if (kind < 3) return WriteIngested();
  if (kind < 6) {
    const Status done = moves_.Copy(*db_, environment_, files_->trace(), {current_, unlogged_}, random_);
    if (!done && !failed_) Violation("a copy failed: " + done.error().ToString());
    return Note(Durable::kNoMore);
  }
  const Result<size_t> told = moves_.Consume(*db_, files_->trace(), random_);
  if (!told && !failed_) Violation("a feed failed: " + told.error().ToString());
  if (told) durable_ = std::max(durable_, *told);  // A consumer is never ahead of what a loss of power leaves.
  Note(Durable::kNoMore);
}

// A batch that comes as a table.
void PowerLossSuite::WriteIngested() {
  const size_t number = contents_.size();
  Map after = contents_[current_], entries;
  KeyRange replaced{.begin = DrawKey(), .end = DrawKey()};
  if (*replaced.end < *replaced.begin) std::swap(replaced.begin, replaced.end);
  after.erase(after.lower_bound(*replaced.begin), after.lower_bound(*replaced.end));
  for (uint64_t n = 1 + random_.Below(6); n > 0; --n) entries[DrawKey()] = DrawValue(number);
  entries[kNumberKey] = entries[PowerMoves::IngestKey(number)] = std::to_string(number);
  for (const auto& [key, value] : entries) after[key] = value;
  contents_.push_back(std::move(after));
  Note(Durable::kNoMore);
  const Status taken = moves_.Ingest(*db_, environment_, number, std::move(entries), replaced, random_);
  if (!taken && !failed_) Violation("an ingest failed: " + taken.error().ToString());
  if (!taken) return;
  current_ = number;
  Note(Durable::kByLog);
}

// Seeds differ in what they lay stress on: long keys fill manifests, long values fill segments.
std::string PowerLossSuite::DrawKey() {
  if (!HasLongKeys()) return fmt::format("key{:02}", random_.Below(settings_.seed % 16 == 5 ? 6 : 40));
  return fmt::format("key{}", random_.Below(5)) + std::string(size_t{8} << 10, 'k');
}

std::string PowerLossSuite::DrawValue(size_t number) {
  const bool fills_segments = settings_.seed % 16 == 5;
  const size_t bytes_max = !random_.OneIn(fills_segments ? 3 : 12) ? 300 : fills_segments ? size_t{150} << 10 : 9000;
  std::string value(random_.Below(bytes_max), static_cast<char>('a' + number % 26));
  for (size_t i = 0; i < value.size(); i += 3) value[i] = static_cast<char>(random_());
  return value;
}

void PowerLossSuite::WriteNumbered() {
  const size_t number = contents_.size();
  Map after = contents_[current_];
  WriteBatch batch;
  for (uint64_t n = 1 + random_.Below(6); n > 0; --n) {
    const std::string key = DrawKey();
    if (!HasLongKeys() && random_.OneIn(12)) {
      const std::string end = DrawKey();
      if (end < key) continue;
      batch.DeleteRange(key, end);
      after.erase(after.lower_bound(key), after.lower_bound(end));
    } else if (random_.OneIn(4)) {
      batch.Delete(key);
      after.erase(key);
    } else {
      std::string value = DrawValue(number);
      batch.Put(key, value);
      after[key] = std::move(value);
    }
  }
  batch.Put(kNumberKey, std::to_string(number));
  after[kNumberKey] = std::to_string(number);
  contents_.push_back(std::move(after));
  Note(Durable::kNoMore);  // From its first operation on it may survive.
  const bool sync = random_.OneIn(5);
  const Status written = db_->Write(batch, {.durability = sync ? Durability::kSync : Durability::kBuffered});
  if (!written && !failed_) Violation("a write failed: " + written.error().ToString());
  if (!written) return;
  current_ = number;
  if (sync) Note(Durable::kByLog);
}

void PowerLossSuite::WriteUnlogged() {
  ++unlogged_;
  Note(Durable::kNoMore);
  const Status written = db_->Put(kUnloggedKey, std::to_string(unlogged_), {.durability = Durability::kNone});
  if (!written && !failed_) Violation("a write failed: " + written.error().ToString());
}

std::string PowerLossSuite::CheckContent(Map found, const Bounds& bounds, size_t* number) const {
  *number = NumberIn(found, kNumberKey);
  const size_t unlogged = NumberIn(found, kUnloggedKey);
  found.erase(kUnloggedKey);
  if (found.erase(kMoreKey) > 0 && !bounds.may_have_more) return "a key that nobody wrote";
  if (*number < bounds.durable) {
    return fmt::format("batch {} was acknowledged as durable, found only {}", bounds.durable, *number);
  }
  if (*number > bounds.started) return fmt::format("found batch {} of {}", *number, bounds.started);
  if (bounds.only && *number != *bounds.only) {
    return fmt::format("batch {} had been recovered, and one synced after it, found {}", *bounds.only, *number);
  }
  if (unlogged < bounds.unlogged_durable || unlogged > bounds.unlogged_started) {
    return fmt::format("{} of {} writes without a log were flushed, found {}", bounds.unlogged_durable,
                       bounds.unlogged_started, unlogged);
  }
  if (found != contents_[*number]) return fmt::format("the content is not that after batch {}", *number);
  return "";
}

PowerLossSuite::Recovered PowerLossSuite::Verify(std::shared_ptr<io::FileSystem> files, const Bounds& bounds,
                                                 bool keep_open) {
  Recovered recovered;
  const auto environment = EnvironmentOn(std::move(files), settings_.seed);
  auto opened = OpenOn(environment, options_);
  if (!opened) return {.problem = "it does not open: " + opened.error().ToString(), .db = nullptr};
  const auto found = Scan(**opened);
  recovered.problem =
      found ? CheckContent(*found, bounds, &recovered.number) : "the scan fails: " + found.error().ToString();
  if (recovered.problem.empty()) recovered.problem = moves_.CheckFeed(**opened, *found, bounds.trace_size);
  const bool lacks_more = found && bounds.only && !found->contains(kMoreKey);
  if (recovered.problem.empty() && lacks_more) recovered.problem = "what was synced after a recovery is not there";
  if (!recovered.problem.empty()) return recovered;
  if (keep_open) {
    recovered.db = std::move(*opened);
  } else if (const Status closed = (*opened)->Close(); !closed) {
    recovered.problem = "it does not close: " + closed.error().ToString();
  }
  return recovered;
}

void PowerLossSuite::CheckImage(const CrashImage& image, const Bounds& bounds, const std::string& where) {
  ++report_->images;
  const Recovered recovered = Verify(image.Make(kDirectory), bounds, false);
  if (!recovered.problem.empty()) Violation(fmt::format("{}: {}", where, recovered.problem));
}

void PowerLossSuite::CrashRecovery(const CrashImage& image, const Bounds& bounds, const std::string& where) {
  const auto traced = std::make_shared<TraceFileSystem>(image.Make(kDirectory));
  traced->trace().NoteOpening();
  Recovered recovered = Verify(traced, bounds, true);
  if (!recovered.problem.empty()) return Violation(fmt::format("{}: {}", where, recovered.problem));
  const Status more = recovered.db->Put(kMoreKey, "more", {.durability = Durability::kSync});
  if (!more) return Violation(fmt::format("{}: no write after it: {}", where, more.error().ToString()));
  traced->trace().NoteAcknowledged();
  const size_t acknowledged = traced->trace().size();
  if (random_.OneIn(2)) static_cast<void>(recovered.db->Close());
  recovered.db.reset();
  const std::vector<TraceOperation>& operations = traced->trace().operations();
  const std::string unordered = OrderChecker::Check(operations, kDirectory);
  if (!unordered.empty()) return Violation(fmt::format("{}, in recovery: {}", where, unordered));
  const size_t point = random_.OneIn(4) ? acknowledged : random_.Below(operations.size() + 1);
  CrashState state(image);
  state.Apply(std::span(operations).first(point));
  const auto model = static_cast<PowerLossModel>(random_.Below(kPowerLossModels));
  Bounds after = bounds;
  after.may_have_more = true;
  if (point >= acknowledged) after.only = recovered.number;
  ++report_->recovery_images;
  const std::string text = fmt::format("{}, then after recovery at operation {} of {}, model {}", where, point,
                                       operations.size(), static_cast<int>(model));
  const CrashImage again = state.DrawImage(model, random_);
  if (random_.OneIn(4) && !after.only) {
    CrashRecovery(again, after, text);
  } else {
    CheckImage(again, after, text);
  }
}

void PowerLossSuite::CheckAllPoints() {
  const std::vector<TraceOperation>& operations = files_->trace().operations();
  CrashState state;
  size_t known = 0;
  for (size_t point = 0; point <= operations.size() && report_->violation.empty(); ++point) {
    if (point > 0) state.Apply(operations[point - 1]);
    // What was started may be in the trace already; what was acknowledged must have been before this point.
    while (known + 1 < bounds_.size() && bounds_[known + 1].trace_size <= point) ++known;
    Bounds bounds = bounds_[known];
    bounds.trace_size = point;  // A consumer may be further than when it was noted.
    ++report_->operations;
    for (uint64_t model = 0; model < kPowerLossModels && report_->violation.empty(); ++model) {
      const CrashImage image = state.DrawImage(static_cast<PowerLossModel>(model), random_);
      if (const std::string wrong = moves_.CheckImage(image, point); !wrong.empty()) {
        return Violation(fmt::format("at operation {} of {}, model {}: {}", point, operations.size(), model, wrong));
      }
      const auto [seen, is_new] = seen_.try_emplace(image.Fingerprint(), bounds.durable);
      if (is_new && model != 0 && state.HasPending()) ++report_->distinct_images;
      if (!is_new && bounds.durable <= seen->second) continue;  // The same bytes were checked.
      seen->second = bounds.durable;
      const std::string where = fmt::format("at operation {} of {}, model {}", point, operations.size(), model);
      CheckImage(image, bounds, where);
      if (random_.OneIn(settings_.recovery_crash_one_in)) CrashRecovery(image, bounds, where);
    }
  }
}

}  // namespace amethyst::torture
