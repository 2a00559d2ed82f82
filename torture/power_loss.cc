#include "torture/power_loss.h"

#include <fmt/format.h>

#include <charconv>

#include "base/assert.h"

namespace amethyst::torture {

namespace {

const std::string kDirectory = "/db";
const std::string kNumberKey = "!number";  // Every batch writes its own number there.

std::shared_ptr<io::SerialEnvironment> EnvironmentOn(std::shared_ptr<io::FileSystem> files, uint64_t seed) {
  return std::make_shared<io::SerialEnvironment>(std::move(files), seed);
}

Result<std::unique_ptr<DB>> OpenOn(const std::shared_ptr<io::SerialEnvironment>& environment, const Options& options) {
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
}

bool PowerLossSuite::Open() {
  auto opened = OpenOn(environment_, options_);
  if (!opened) {
    if (!failed_) Violation("the workload could not open: " + opened.error().ToString());
    return false;
  }
  db_ = std::move(*opened);
  return true;
}

void PowerLossSuite::RunWorkload() {
  options_.memory_budget_bytes = size_t{4} << 20;
  options_.write_buffer_bytes = size_t{64 << 10};
  options_.block_bytes = 512;
  options_.compression = static_cast<Compression>(random_.Below(3));
  options_.background_threads = 2;
  auto memory = std::make_shared<io::MemoryFileSystem>();
  AMETHYST_ASSERT(memory->CreateDirectories(kDirectory).has_value());
  files_ = std::make_shared<TraceFileSystem>(memory);
  if (settings_.fail_syncs) {
    files_->trace().fail_sync = [this] {
      const bool fails = !failed_ && random_.OneIn(40);
      if (!fails) return false;
      failed_ = true;  // Whoever asked for the sync is told; the workload ends with its present step.
      ++report_->failed_syncs;
      return true;
    };
  }
  environment_ = EnvironmentOn(files_, settings_.seed);
  contents_.emplace_back();
  bounds_.emplace_back();
  if (!Open()) return;
  while (contents_.size() <= settings_.batches && !failed_ && report_->violation.empty()) Step();
  if (db_ != nullptr) static_cast<void>(db_->Close());
  if (!failed_) Note(true);
  db_.reset();
  files_->trace().fail_sync = nullptr;
}

void PowerLossSuite::Note(bool everything_durable) {
  if (everything_durable) durable_ = contents_.size() - 1;
  bounds_.push_back({.trace_size = files_->trace().size(), .durable = durable_, .started = contents_.size() - 1});
}

void PowerLossSuite::Step() {
  const uint64_t kind = random_.Below(100);
  Status done;
  bool durable = true;
  if (kind < 80) {
    return WriteNumbered();
  } else if (kind < 84) {
    done = db_->Flush();
  } else if (kind < 86) {
    done = db_->CompactRange();
  } else if (kind < 89) {
    done = db_->SyncWal();
  } else if (kind < 95) {
    durable = false;
    environment_->clock().Advance(std::chrono::milliseconds(500));
    for (uint64_t jobs = random_.Below(4); jobs > 0 && environment_->RunOneJob(); --jobs) {
    }
  } else {
    done = db_->Close();
    if (done) {
      Note(true);
      db_.reset();
      if (!Open()) return;
    }
  }
  if (!done) failed_ = true;
  if (done) Note(durable);
}

void PowerLossSuite::WriteNumbered() {
  const size_t number = contents_.size();
  Map after = contents_.back();
  WriteBatch batch;
  for (uint64_t n = 1 + random_.Below(6); n > 0; --n) {
    const std::string key = fmt::format("key{:02}", random_.Below(40));
    if (random_.OneIn(4)) {
      batch.Delete(key);
      after.erase(key);
    } else {
      std::string value(random_.OneIn(12) ? random_.Below(9000) : random_.Below(300),
                        static_cast<char>('a' + number % 26));
      for (size_t i = 0; i < value.size(); i += 3) value[i] = static_cast<char>(random_());
      batch.Put(key, value);
      after[key] = std::move(value);
    }
  }
  batch.Put(kNumberKey, std::to_string(number));
  after[kNumberKey] = std::to_string(number);
  contents_.push_back(std::move(after));
  Note(false);  // From its first operation on it may survive.
  const bool sync = random_.OneIn(5);
  const Status written = db_->Write(batch, {.durability = sync ? Durability::kSync : Durability::kBuffered});
  if (!written) {
    failed_ = true;
    return;
  }
  if (sync) Note(true);
}

std::string PowerLossSuite::Verify(std::shared_ptr<io::FileSystem> files, const Bounds& bounds) {
  const auto environment = EnvironmentOn(std::move(files), settings_.seed);
  auto opened = OpenOn(environment, options_);
  if (!opened) return "it does not open: " + opened.error().ToString();
  Map found;
  {
    Iterator iterator = (*opened)->NewIterator();
    for (iterator.SeekToFirst(); iterator.Valid(); iterator.Next()) found.emplace(iterator.key(), iterator.value());
    if (!iterator.status()) return "the scan fails: " + iterator.status().error().ToString();
  }
  size_t number = 0;
  if (const auto entry = found.find(kNumberKey); entry != found.end()) {
    std::from_chars(entry->second.data(), entry->second.data() + entry->second.size(), number);
  }
  if (number < bounds.durable) {
    return fmt::format("batch {} was acknowledged as durable, found only {}", bounds.durable, number);
  }
  if (number > bounds.started) return fmt::format("found batch {} of {}", number, bounds.started);
  if (found != contents_[number]) return fmt::format("the content is not that after batch {}", number);
  const Status closed = (*opened)->Close();
  return closed ? "" : "it does not close: " + closed.error().ToString();
}

void PowerLossSuite::CheckImage(std::shared_ptr<io::MemoryFileSystem> image, const Bounds& bounds,
                                const std::string& where, bool crash_recovery) {
  ++report_->images;
  if (!crash_recovery) {
    const std::string problem = Verify(std::move(image), bounds);
    if (!problem.empty()) Violation(fmt::format("{}: {}", where, problem));
    return;
  }
  // The recovery is traced in its turn, and loses power at some point.
  CrashState state(*image, kDirectory);
  const auto traced = std::make_shared<TraceFileSystem>(image);
  const std::string problem = Verify(traced, bounds);
  if (!problem.empty()) return Violation(fmt::format("{}: {}", where, problem));
  const std::vector<TraceOperation>& operations = traced->trace().operations();
  const size_t point = random_.Below(operations.size() + 1);
  for (size_t i = 0; i < point; ++i) state.Apply(operations[i]);
  const auto model = static_cast<PowerLossModel>(random_.Below(kPowerLossModels));
  ++report_->recovery_images;
  CheckImage(state.DrawImage(model, random_), bounds,
             fmt::format("{}, then in recovery at operation {} of {}, model {}", where, point, operations.size(),
                         static_cast<int>(model)),
             false);
}

void PowerLossSuite::CheckAllPoints() {
  const std::vector<TraceOperation>& operations = files_->trace().operations();
  io::MemoryFileSystem empty;
  CrashState state(empty, kDirectory);
  size_t known = 0;
  for (size_t point = 0; point <= operations.size() && report_->violation.empty(); ++point) {
    if (point > 0) state.Apply(operations[point - 1]);
    // What was started may be in the trace already; what was acknowledged must have been before this point.
    while (known + 1 < bounds_.size() && bounds_[known + 1].trace_size <= point) ++known;
    ++report_->operations;
    for (uint64_t model = 0; model < kPowerLossModels && report_->violation.empty(); ++model) {
      const auto image = state.DrawImage(static_cast<PowerLossModel>(model), random_);
      const auto [seen, is_new] =
          seen_.try_emplace(CrashState::Fingerprint(*image, kDirectory), bounds_[known].durable);
      if (is_new && model != 0 && state.HasPending()) ++report_->distinct_images;
      if (!is_new && bounds_[known].durable <= seen->second) continue;  // The same bytes were checked.
      seen->second = bounds_[known].durable;
      CheckImage(image, bounds_[known], fmt::format("at operation {} of {}, model {}", point, operations.size(), model),
                 random_.OneIn(settings_.recovery_crash_one_in));
    }
  }
}

}  // namespace amethyst::torture
