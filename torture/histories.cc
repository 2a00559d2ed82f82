#include "torture/histories.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "io/memory_file_system.h"
#include "torture/model_choices.h"
#include "torture/shrink.h"

namespace amethyst::torture {

namespace {

constexpr uint64_t kClientsMin = 2, kClientsMax = 16;
const char* const kPath = "/db";

}  // namespace

HistoryReport& HistoryReport::operator+=(const HistoryReport& other) {
  if (violation.empty()) violation = other.violation;
  least_transactions = std::min(least_transactions, other.least_transactions);
  for (size_t i = 0; i < counters.size(); ++i) counters[i] += other.counters[i];
  return *this;
}

HistorySettings SettingsOf(uint64_t seed) {
  constexpr uint64_t kLongOneIn = 256, kLeast = 24, kMost = 48, kStepsEach = 64, kFewKeys = 16;
  if (seed % kLongOneIn == 0) return {.seed = seed};
  const uint64_t transactions = kLeast + base::Random(seed).Below(kMost - kLeast + 1);
  return {.seed = seed, .steps = kStepsEach * transactions, .transactions = transactions, .keys_max = kFewKeys};
}

std::vector<HistoryStep> DrawHistory(const HistorySettings& settings) {
  base::Random random(settings.seed);
  const uint64_t clients = kClientsMin + random.Below(kClientsMax - kClientsMin + 1);
  std::vector<HistoryStep> steps(settings.steps);
  for (HistoryStep& step : steps) step = {.client = static_cast<uint32_t>(random.Below(clients)), .seed = random()};
  return steps;
}

History::History(const HistorySettings& settings, bool tell)
    : settings_(settings), tell_(tell), random_(settings.seed), clients_(kClientsMax), graph_(families_) {
  traits_ = {.expiries = random_.OneIn(3),
             .long_keys = random_.OneIn(8),
             .snapshots_in_4 = random_.OneIn(2) ? 0 : 1 + random_.Below(4),
             .maintenance_one_in = uint64_t{10} << random_.Below(5)};
  const uint64_t keys_min = settings.keys_max / 4;
  const uint64_t keys = keys_min + random_.Below(settings.keys_max - keys_min + 1);
  families_ = DrawFamilies(random_, keys, traits_.long_keys);
  draws_.emplace(families_, traits_.expiries);
  HistoryContent empty;
  for (size_t family = 0; family < kHistoryFamilies; ++family) empty[family].resize(families_[family].keys.size());
  content_ = std::make_shared<const HistoryContent>(std::move(empty));
}

std::string History::OpenDatabase(bool is_new) {
  if (is_new) {
    const auto memory = std::make_shared<io::MemoryFileSystem>();
    AMETHYST_ASSERT(memory->CreateDirectories(kPath).has_value());
    disk_.environment = std::make_shared<simulation::SerialEnvironment>(memory, settings_.seed);
  }
  Options options = DrawOptions(random_, families_[0].comparator);
  options.memory_budget_bytes = size_t{4} << 20;
  options.write_buffer_bytes = size_t{64} << 10;
  AddTo(families_, &options);
  Components components;
  components.environment = disk_.environment;
  Result<std::unique_ptr<DB>> db = DB::Open(kPath, options, std::move(components));
  if (!db) return db.error().ToString();
  disk_.db = std::move(*db);
  Result<Family> family =
      is_new ? disk_.db->CreateFamily(kHistoryLists, OptionsOf(families_[1])) : disk_.db->OpenFamily(kHistoryLists);
  if (!family) return family.error().ToString();
  disk_.lists = std::move(*family);
  return {};
}

void History::Tell(std::string text) {
  if (tell_) report_.told.push_back(fmt::format("{:>6}  {}", steps_, text));
}

void History::Violation(std::string text) {
  if (!report_.violation.empty()) return;
  report_.violation = fmt::format("seed {}, step {}: {}", settings_.seed, steps_, text);
  Tell("violation: " + text);
}

bool History::Ok(const Status& status, const char* what) {
  if (!status) Violation(fmt::format("{} failed: {}", what, status.error().ToString()));
  return status.has_value();
}

uint64_t History::NowMs() const { return static_cast<uint64_t>(disk_.environment->clock().WallTime().count()); }

HistoryMoment History::Now() const {
  return {.content = content_, .now_ms = NowMs(), .footprints = footprints_.size(), .commits = graph_.commits()};
}

std::string History::NewName() { return fmt::format("t{}", ++names_); }

void History::NoteWrite(const std::string& name, const HistoryOps& ops, const std::vector<HistoryFootprint>& footprints,
                        std::vector<HistoryGraph::Read> reads, size_t commits_before_begin) {
  auto content = std::make_shared<HistoryContent>(*content_);
  Apply(families_, ops, content.get());
  content_ = std::move(content);
  footprints_.insert(footprints_.end(), footprints.begin(), footprints.end());
  graph_.Add({.name = name, .commits_before_begin = commits_before_begin, .writes = true}, ops, std::move(reads));
}

void History::PassTime() {
  const uint64_t most_ms = random_.OneIn(30) ? 90'000 : random_.OneIn(2) ? 10 : 300;
  const auto time = std::chrono::milliseconds(1 + random_.Below(most_ms));
  Tell(fmt::format("{} ms pass", time.count()));
  disk_.environment->clock().Advance(time);
}

void History::Maintain() {
  const uint64_t kind = random_.Below(8);
  if (kind == 0) {
    Tell("compact");
    static_cast<void>(Ok(disk_.db->CompactRange(), "CompactRange") && Ok(disk_.lists->CompactRange(), "CompactRange"));
  } else if (kind < 4) {
    Tell("flush");
    Ok(disk_.db->Flush(), "Flush");
  } else {
    uint64_t jobs = 1 + random_.Below(3);
    Tell("jobs");
    while (jobs-- > 0 && disk_.environment->RunOneJob()) {
    }
  }
}

void History::Take(const HistoryStep& step) {
  random_ = base::Random(step.seed);
  if (random_.OneIn(traits_.maintenance_one_in)) return Maintain();
  if (random_.OneIn(traits_.expiries ? 8 : 100)) return PassTime();
  Client& client = clients_[step.client];
  client.open ? StepWithin(client) : Outside(client);
}

HistoryReport History::Run(const std::vector<HistoryStep>& steps) {
  if (const std::string error = OpenDatabase(true); !error.empty()) Violation("open failed: " + error);
  for (const HistoryStep& step : steps) {
    const bool has_ended = report_[HistoryCounter::kTransactions] >= settings_.transactions;
    if (has_ended || !report_.violation.empty()) break;
    Take(step);
    ++steps_;
  }
  clients_.clear();
  if (report_.violation.empty()) CheckContent("at the end");
  if (report_.violation.empty() && traits_.snapshots_in_4 == 0) {
    if (const std::string wrong = graph_.Check(); !wrong.empty()) Violation(wrong);
  }
  if (disk_.db == nullptr) return std::move(report_);
  const Stats stats = disk_.db->GetStats();
  report_.Count(HistoryCounter::kHistories);
  report_.Count(HistoryCounter::kWithConflicts, report_[HistoryCounter::kConflicts] > 0 ? 1 : 0);
  report_.least_transactions = report_[HistoryCounter::kTransactions];
  report_.Count(HistoryCounter::kFlushes, stats.flushes);
  report_.Count(HistoryCounter::kCompactions, stats.compactions + stats.trivial_moves);
  if (report_.violation.empty() && settings_.seed % 4 == 0 && Ok(disk_.db->Close(), "Close")) {
    disk_.lists.reset();
    disk_.db.reset();
    const std::string error = OpenDatabase(false);
    error.empty() ? CheckContent("after a restart") : Violation("open failed: " + error);
  }
  disk_.lists.reset();
  disk_.db.reset();
  return std::move(report_);
}

HistoryReport RunHistory(const HistorySettings& settings) {
  std::vector<HistoryStep> steps = DrawHistory(settings);
  History history(settings);
  HistoryReport report = history.Run(steps);
  if (report.violation.empty()) return report;
  steps.resize(std::min<size_t>(steps.size(), history.steps() + 1));
  constexpr uint64_t kTriesMax = 1000;
  steps = Shrink<HistoryStep>(
      std::move(steps),
      [&](const std::vector<HistoryStep>& part) { return !History(settings).Run(part).violation.empty(); }, kTriesMax);
  const HistoryReport shortest = History(settings, true).Run(steps);
  report.violation += fmt::format("; {} steps show it:", steps.size());
  for (const std::string& line : shortest.told) report.violation += "\n" + line;
  return report;
}

uint64_t ConflictsOf1000(const HistoryReport& totals) {
  const uint64_t transactions = totals[HistoryCounter::kTransactions];
  return transactions == 0 ? 0 : 1000 * totals[HistoryCounter::kConflicts] / transactions;
}

std::string ShortfallOf(const HistoryReport& totals) {
  constexpr uint64_t kTransactionsMin = 20, kHistoriesMin = 10'000, kConflictsOf1000Min = 200;
  if (totals.least_transactions < kTransactionsMin) {
    return fmt::format("a history has {} transactions, fewer than {}", totals.least_transactions, kTransactionsMin);
  }
  const bool are_many = totals[HistoryCounter::kHistories] >= kHistoriesMin;
  if (!are_many || ConflictsOf1000(totals) >= kConflictsOf1000Min) return {};
  return fmt::format("of {} transactions {} met a conflict, less than a fifth", totals[HistoryCounter::kTransactions],
                     totals[HistoryCounter::kConflicts]);
}

}  // namespace amethyst::torture
