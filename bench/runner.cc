#include "bench/runner.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <filesystem>
#include <thread>
#include <utility>

#include "base/assert.h"
#include "base/error.h"
#include "base/hash.h"
#include "bench/device_calls.h"
#include "bench/process_meter.h"
#include "bench/progress.h"
#include "bench/trials.h"

namespace amethyst::bench {
namespace {

constexpr uint32_t kTtlSeconds = 3'600;  // Of workloads in whose time nothing is to expire.

uint64_t SecondsToNs(double seconds) { return static_cast<uint64_t>(1e9 * seconds); }

std::optional<uint64_t> Difference(const std::optional<uint64_t>& after, const std::optional<uint64_t>& before) {
  return after && before ? std::optional(*after - *before) : std::nullopt;
}

StoreStats Difference(const StoreStats& after, const StoreStats& before) {
  return {.cache_hits = Difference(after.cache_hits, before.cache_hits),
          .cache_misses = Difference(after.cache_misses, before.cache_misses),
          .filter_negatives = Difference(after.filter_negatives, before.filter_negatives),
          .filter_false_positives = Difference(after.filter_false_positives, before.filter_false_positives),
          .wal_syncs = Difference(after.wal_syncs, before.wal_syncs),
          .debt_bytes = after.debt_bytes};
}

}  // namespace

uint64_t KeysOf(const Workload& workload, const Load& load) {
  return workload.keys_max == 0 ? load.keys : std::min(load.keys, workload.keys_max);
}

uint64_t OperationsOf(const Workload& workload, const Load& load) {
  if (workload.Is(Action::kCompact)) return load.keys;
  const double operations = static_cast<double>(load.operations == 0 ? load.keys : load.operations);
  return std::max<uint64_t>(1, static_cast<uint64_t>(std::llround(operations * workload.scale)));
}

Workload Configure(const Workload& workload, const Load& load) {
  Workload configured = workload;
  if (workload.name == "mixed") {
    configured.mix = load.mix;
    configured.order = load.distribution;
    configured.steps = load.scan_steps;
  }
  return configured;
}

// The threads of one workload, and what they share.
struct Runner::Phase {
  const Workload* workload;
  KeySpace space;
  uint64_t seed;
  uint64_t operations;
  double seconds;
  uint64_t begin_ns;
  uint64_t end_ns = 0;
  std::deque<Worker> workers;
  std::deque<Worker> writer;  // At most one.
};

Runner::Runner(const Engine& engine, StoreSettings settings, const Load& load)
    : engine_(engine), settings_(std::move(settings)), load_(load), values_(load.values, load.seed) {}

Status Runner::Close() {
  if (store_ == nullptr) return {};
  const Status closed = store_->Close();
  store_.reset();
  return closed;
}

Runner::Phase Runner::MakePhase(const Workload& workload, uint64_t seed, uint64_t operations, double seconds) const {
  // Popular keys stay the same ones from workload to workload; an order of writes is one of its own.
  const bool own_order = workload.order == Order::kShuffled;
  return {.workload = &workload,
          .space = KeySpace({.keys = KeysOf(workload, load_),
                             .order = workload.order,
                             .zipf_exponent = load_.zipf_exponent,
                             .hot_keys_share = load_.hot_keys_share,
                             .hot_operations_share = load_.hot_operations_share,
                             .seed = own_order ? seed : load_.seed}),
          .seed = seed,
          .operations = operations,
          .seconds = seconds,
          .begin_ns = NowNs(),
          .workers = {},
          .writer = {}};
}

Status Runner::Clear() {
  AMETHYST_TRY(Close());
  std::error_code error;
  std::filesystem::remove_all(settings_.directory, error);
  if (error) return base::MakeError(ErrorCode::kIo, "{}: {}", settings_.directory, error.message());
  keys_ = 0;
  return {};
}

Status Runner::OpenEmpty(const Workload& workload) {
  if (store_ != nullptr && untouched_ && opened_for_ == workload.Needs()) return {};
  AMETHYST_TRY(Clear());
  StoreSettings settings = settings_;
  if (workload.Needs() == Feature::kMerge) settings.merging = Merging::kBuiltIn;
  if (workload.Needs() == Feature::kExpiry) settings.ttl_seconds = kTtlSeconds;
  AMETHYST_ASSIGN(store_, engine_.open(settings));
  opened_for_ = workload.Needs();
  untouched_ = true;
  at_rest_ = true;
  return {};
}

Status Runner::RunAside(const Workload& workload, uint64_t seed, uint64_t operations) {
  Load load = load_;
  load.threads = 1;
  load.rate_per_second = 0;
  std::swap(load, load_);
  Phase phase = MakePhase(workload, seed, operations, 0);
  const Status done = RunWorkers(phase);
  std::swap(load, load_);
  untouched_ = false;
  at_rest_ = false;
  return done;
}

Status Runner::Prepare(const Workload& workload) {
  if (workload.fills) return OpenEmpty(workload);
  if (keys_ >= load_.keys && opened_for_ == workload.Needs() && !workload.resident) return {};
  AMETHYST_TRY(OpenEmpty(workload));
  Workload filling = *FindWorkload("fillbatch");
  filling.keys_max = workload.keys_max;
  AMETHYST_TRY(RunAside(filling, load_.seed, KeysOf(filling, load_)));
  keys_ = KeysOf(filling, load_);
  return {};
}

Status Runner::BringInto(State state, uint32_t round) {
  if (load_.settle == bench::Settle::kNone) return {};
  if (!at_rest_) AMETHYST_TRY(Settle());
  if (state == State::kSettled) return {};
  const Workload& writing = *FindWorkload("ycsba");
  return RunAside(writing, load_.seed + 1'000 * round + 750, OperationsOf(writing, load_));
}

Status Runner::WarmUp(const Workload& workload, uint32_t round) {
  if (load_.warmup_seconds == 0 || workload.Writes() || workload.Is(Action::kCompact)) return {};
  Phase phase = MakePhase(workload, load_.seed + 1'000 * round + 500, UINT64_MAX, load_.warmup_seconds);
  phase.space.set_keys(keys_);
  return RunWorkers(phase);
}

Status Runner::RunWorkers(Phase& phase) {
  std::atomic<bool> stop{false};  // Set here, read by every worker.
  const uint64_t end_ns = phase.seconds > 0 ? phase.begin_ns + SecondsToNs(phase.seconds) : UINT64_MAX;
  const auto task = [&](const Workload* workload, uint32_t thread, uint32_t threads, uint64_t operations) {
    return Worker::Task{.load = &load_,
                        .workload = workload,
                        .values = &values_,
                        .space = &phase.space,
                        .store = store_.get(),
                        .turn = {thread, threads},
                        .seed = phase.seed,
                        .begin_ns = phase.begin_ns,
                        .rate_per_second = load_.rate_per_second / threads,
                        .operations = operations,
                        .end_ns = end_ns,
                        .stop = &stop};
  };
  for (uint32_t i = 0; i < load_.threads; ++i) {
    const uint64_t mine = phase.operations / load_.threads + (i < phase.operations % load_.threads ? 1 : 0);
    phase.workers.emplace_back(task(phase.workload, i, load_.threads, mine));
  }
  Workload writing = *FindWorkload("overwrite");
  writing.order = Order::kUniform;
  if (phase.workload->background_writer) {
    Worker::Task steady = task(&writing, load_.threads, load_.threads + 1, UINT64_MAX);
    if (load_.writer_rate_per_second > 0) {
      steady.rate_per_second = load_.writer_rate_per_second;
      steady.keeps = Pacer::Keeps::kTheAverage;
    }
    phase.writer.emplace_back(steady);
  }
  const Progress progress(engine_.name + " " + phase.workload->name, phase.seconds > 0 ? 0 : phase.operations, [&] {
    uint64_t done = 0;
    for (const Worker& worker : phase.workers) done += worker.done();
    return done;
  });
  std::vector<Status> statuses(phase.workers.size() + phase.writer.size());
  {
    std::vector<std::jthread> threads;
    threads.reserve(phase.workers.size());
    for (size_t i = 0; i < phase.workers.size(); ++i) {
      threads.emplace_back([&, i] {
        statuses[i] = phase.workers[i].Run();
        if (!statuses[i]) stop = true;
      });
    }
    std::jthread writer;
    if (!phase.writer.empty()) writer = std::jthread([&] { statuses.back() = phase.writer.front().Run(); });
    threads.clear();
    phase.end_ns = NowNs();
    stop = true;
  }
  for (const Status& status : statuses) AMETHYST_TRY(status);
  return {};
}

Result<double> Runner::Settle() {
  if (load_.settle == bench::Settle::kNone) return 0;
  const Progress progress(engine_.name + " settles", 0, [] { return uint64_t{0}; });
  const uint64_t begin_ns = NowNs();
  if (load_.settle == bench::Settle::kFlush) AMETHYST_TRY(store_->Flush());
  AMETHYST_ASSIGN(const uint64_t idle_ns, store_->WaitForIdle());
  at_rest_ = true;
  const uint64_t took_ns = NowNs() - begin_ns;
  return 1e-9 * static_cast<double>(took_ns - std::min(idle_ns, took_ns));
}

void Runner::Collect(const Phase& phase, Measurement* m) const {
  Timeline timeline(phase.begin_ns);
  for (const Worker& worker : phase.workers) {
    timeline.Merge(worker.timeline());
    m->lookups += worker.lookups();
    m->found += worker.found();
    m->entries += worker.entries();
    m->user_bytes_written += worker.bytes_written();
  }
  m->seconds = 1e-9 * static_cast<double>(phase.end_ns - phase.begin_ns);
  m->operations = timeline.operations();
  if (phase.workload->RunsTransactions()) {
    uint64_t aborts = 0;
    for (const Worker& worker : phase.workers) aborts += worker.aborts();
    m->figures.push_back({"aborts", static_cast<double>(aborts)});
    m->figures.push_back(
        {"aborts %", 100.0 * static_cast<double>(aborts) / static_cast<double>(aborts + m->operations)});
  }
  m->latency = timeline.Latency();
  m->moments = MomentsOf(timeline);
  for (const Worker& worker : phase.writer) {
    m->user_bytes_written += worker.bytes_written();
    m->writer_operations = worker.timeline().operations();
    m->writer_latency = worker.timeline().Latency();
  }
  m->stalls = m->latency.CountAbove(kStallNs) + m->writer_latency.CountAbove(kStallNs);
  const std::vector<DeviceCall> calls = TakeSlowCalls();
  const auto count_covered = [&](const Worker& worker) {
    const auto covered = [&](const Interval& stall) { return CoverMost(calls, stall); };
    m->stalls_covered += static_cast<uint64_t>(std::ranges::count_if(worker.stalls(), covered));
  };
  std::ranges::for_each(phase.workers, count_covered);
  std::ranges::for_each(phase.writer, count_covered);
  for (const DeviceCall& call : calls) {
    const auto [begin_ns, end_ns] = call.time;
    m->slow_calls.push_back({.name = call.name,
                             .seconds = 1e-9 * static_cast<double>(end_ns - std::min(phase.begin_ns, end_ns)),
                             .took_ns = end_ns - begin_ns});
  }
}

Result<Measurement> Runner::RunTrial(const Workload& workload, uint32_t round) {
  AMETHYST_TRY(Clear());
  const Progress progress(engine_.name + " " + workload.name, 0, [] { return uint64_t{0}; });
  Measurement m;
  m.engine = engine_.name;
  m.workload = workload.name;
  m.round = round;
  ResetPeakMemory();
  TrialRun run(engine_, settings_, load_, load_.seed + 1'000 * round);
  AMETHYST_TRY(bench::RunTrial(workload.trial, run));
  m.peak_memory_bytes = PeakMemoryBytes();
  run.Collect(&m);
  AMETHYST_TRY(Clear());
  return m;
}

Result<Measurement> Runner::Run(const Workload& original, uint32_t round, std::optional<State> state) {
  const Workload workload = Configure(original, load_);
  if (!engine_.Has(workload.Needs())) {
    return base::NotSupported("{} lacks what the workload {} needs", engine_.name, workload.name);
  }
  if (workload.trial != Trial::kNone) return RunTrial(workload, round);
  AMETHYST_TRY(Prepare(workload));
  if (!workload.resident) AMETHYST_TRY(BringInto(state.value_or(State::kSettled), round));
  if (state != State::kLive) AMETHYST_TRY(WarmUp(workload, round));
  const bool timed = load_.seconds > 0 && !workload.Is(Action::kCompact);
  Phase phase = MakePhase(workload, load_.seed + 1'000 * round + base::Hash64(workload.name) % 499,
                          timed ? UINT64_MAX : OperationsOf(workload, load_), timed ? load_.seconds : 0);
  phase.space.set_keys(std::max(keys_, KeysOf(workload, load_)));
  untouched_ = untouched_ && !workload.Writes();
  at_rest_ = at_rest_ && !workload.Writes();

  Measurement m;
  m.engine = engine_.name;
  m.workload = workload.name;
  m.state = state;
  m.round = round;
  ResetPeakMemory();
  static_cast<void>(TakeSlowCalls());  // Those before.
  const StoreStats stats_before = store_->GetStats();
  const uint64_t device_before = DeviceBytesWritten();
  const double cpu_before = ProcessCpuSeconds();
  AMETHYST_TRY(RunWorkers(phase));
  m.cpu_seconds = ProcessCpuSeconds() - cpu_before;
  m.debt_bytes_at_end = store_->GetStats().debt_bytes.value_or(0);
  if (workload.Writes()) {
    AMETHYST_ASSIGN(m.settle_seconds, Settle());
    m.settle_cpu_seconds = ProcessCpuSeconds() - cpu_before - m.cpu_seconds;
  }
  m.device_bytes_written = DeviceBytesWritten() - device_before;
  m.stats = Difference(store_->GetStats(), stats_before);
  m.peak_memory_bytes = PeakMemoryBytes();
  m.disk_bytes = DiskBytes(settings_.directory);
  Collect(phase, &m);

  if (workload.Spoils()) {
    keys_ = 0;
  } else if (workload.fills) {
    keys_ = m.operations >= load_.keys ? load_.keys : 0;
  } else {
    keys_ = phase.space.keys();
  }
  m.live_bytes = keys_ * (KeyMaker(load_.key_kind).bytes() + values_.mean_bytes());
  return m;
}

}  // namespace amethyst::bench
