// amethyst_torture: runs one suite for a while, from a seed, and prints figures on its last line.
//
//   amethyst_torture --suite power --seed 1 --seconds 60
//   amethyst_torture --suite power --seconds 3600 --ledger docs/ledger.jsonl
//   amethyst_torture --totals --ledger docs/ledger.jsonl --document docs/testing.md
//
// Each round takes the next seed; a run that goes into the ledger begins behind those that are in it. The exit code is
// 0 without a violation, 1 with one (the seed that shows it is printed), 2 for wrong arguments.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "torture/at_rest.h"
#include "torture/big_load.h"
#include "torture/fault_sweep.h"
#include "torture/histories.h"
#include "torture/kill_rounds.h"
#include "torture/model_program.h"
#include "torture/power_loss.h"
#include "torture/sketch_saving.h"
#include "torture/suites.h"
#include "torture/transaction_loss.h"

namespace amethyst::torture {
namespace {

Suite PowerSuite(bool fail_syncs) {
  const auto report = std::make_shared<PowerLossReport>();
  return {.round =
              [report, fail_syncs](uint64_t seed) {
                PowerLossSuite({.seed = seed, .fail_syncs = fail_syncs}).Run(report.get());
                return report->violation;
              },
          .figures = [report]() -> std::vector<Figure> {
            return {{"crash images", report->images},
                    {"distinct with unsynced bytes", report->distinct_images},
                    {"of crashed recoveries", report->recovery_images},
                    {"order checks", report->order_checks},
                    {"flushes", report->flushes},
                    {"compactions", report->compactions},
                    {"manifest rolls", report->manifest_rolls},
                    {"segment rolls", report->segment_rolls},
                    {"failed syncs", report->failed_syncs},
                    {"ingests", report->moved.ingests},
                    {"copies", report->moved.copies},
                    {"copies checked", report->moved.copies_checked},
                    {"feeds checked", report->moved.feeds_checked}};
          }};
}

Suite TransactionLoss() {
  const auto report = std::make_shared<TransactionLossReport>();
  return {.round =
              [report](uint64_t seed) {
                TransactionLossSuite({.seed = seed}).Run(report.get());
                return report->violation;
              },
          .figures = [report]() -> std::vector<Figure> {
            return {{"crash images", report->images},
                    {"distinct with unsynced bytes", report->distinct_images},
                    {"of crashed recoveries", report->recovery_images},
                    {"within a commit", report->within_a_commit},
                    {"transactions", report->transactions},
                    {"committed", report->committed},
                    {"refused", report->refused},
                    {"left open", report->left_open},
                    {"other writes", report->other_writes},
                    {"failed syncs", report->failed_syncs},
                    {"order checks", report->order_checks}};
          }};
}

Suite FaultSuite() {
  const auto report = std::make_shared<FaultReport>();
  return {.round =
              [report](uint64_t seed) {
                FaultSweep({.seed = seed}).Run(report.get());
                return report->violation;
              },
          .figures = [report]() -> std::vector<Figure> {
            return {{"faults", report->faults}, {"refused", report->refused}, {"order checks", report->order_checks}};
          }};
}

Suite RestSuite() {
  const auto report = std::make_shared<AtRestReport>();
  return {.round =
              [report](uint64_t seed) {
                AtRestSuite({.seed = seed,
                             .left_as = static_cast<LeftAs>(seed / 3 % kLeftAs),
                             .segment_version = static_cast<uint32_t>(1 + seed / 9 % wal::kSegmentVersionMax),
                             .compression = static_cast<Compression>(seed % 3),
                             .all_kinds = seed % 2 == 0})
                    .Run(report.get());
                return report->violation;
              },
          .figures = [report]() -> std::vector<Figure> {
            return {
                {"corruptions", report->corruptions}, {"detected", report->detected}, {"harmless", report->harmless}};
          }};
}

// In simulation, or, with a directory, over real files.
Suite ModelSuite(const std::string& directory) {
  const auto totals = std::make_shared<ModelReport>();
  return {.round =
              [totals, directory](uint64_t seed) {
                const std::string path = directory.empty() ? "" : fmt::format("{}/model-{}", directory, seed);
                *totals += RunModel({.seed = seed, .operations = 50'000, .path = path});
                if (!path.empty() && totals->violation.empty()) static_cast<void>(DB::Destroy(path));
                return totals->violation.empty() && path.empty() ? ShortfallOf(*totals) : totals->violation;
              },
          .figures = [totals]() -> std::vector<Figure> {
            std::vector<Figure> figures = {{"operations", totals->operations},
                                           {"of programs with families, merges or expiries", totals->with_more},
                                           {"writes", totals->writes},
                                           {"restarts", totals->restarts},
                                           {"crashes", totals->crashes},
                                           {"losses of power", totals->power_losses},
                                           {"restarts after a fault", totals->faults},
                                           {"flushes", totals->flushes},
                                           {"compactions", totals->compactions},
                                           {"deepest level", totals->deepest_level, Total::kGreatest}};
            for (size_t i = 0; i < kModelCounterNames.size(); ++i) {
              figures.push_back({std::string(kModelCounterNames[i]), totals->counters[i]});
            }
            return figures;
          }};
}

Suite HistorySuite() {
  const auto totals = std::make_shared<HistoryReport>();
  return {.round =
              [totals](uint64_t seed) {
                *totals += RunHistory(SettingsOf(seed));
                return totals->violation.empty() ? ShortfallOf(*totals) : totals->violation;
              },
          .figures = [totals]() -> std::vector<Figure> {
            std::vector<Figure> figures;
            for (size_t i = 0; i < kHistoryCounterNames.size(); ++i) {
              figures.push_back({std::string(kHistoryCounterNames[i]), totals->counters[i]});
            }
            figures.push_back({"transactions of the shortest history", totals->least_transactions, Total::kLeast});
            figures.push_back({"conflicts of 1000 transactions", ConflictsOf1000(*totals), Total::kLeast});
            return figures;
          }};
}

Suite KillSuite(const std::string& directory) {
  const auto totals = std::make_shared<KillReport>();
  return {.round =
              [totals, directory](uint64_t seed) {
                const std::string path = fmt::format("{}/kill-{}", directory, seed);
                const KillReport report = KillRounds({.seed = seed, .rounds = 100, .path = path});
                totals->rounds += report.rounds;
                totals->counted_rounds += report.counted_rounds;
                totals->acknowledged += report.acknowledged;
                totals->recovered += report.recovered;
                totals->copies_checked += report.copies_checked;
                if (report.violation.empty()) static_cast<void>(DB::Destroy(path));
                return report.violation;
              },
          .figures = [totals]() -> std::vector<Figure> {
            return {{"kills", totals->rounds},
                    {"with acknowledged writes in the log alone", totals->counted_rounds},
                    {"writes", totals->acknowledged},
                    {"recovered", totals->recovered},
                    {"copies checked", totals->copies_checked}};
          }};
}

Suite BigLoadSuite(const std::string& directory) {
  constexpr uint64_t kMib = 1 << 20;
  constexpr uint64_t kBeyondBudget = 64 * kMib;
  const auto last = std::make_shared<BigLoadReport>();
  return {.round =
              [last, directory](uint64_t seed) {
                const BigLoadSettings settings{
                    .seed = seed, .options = {}, .path = fmt::format("{}/big-load-{}", directory, seed)};
                *last = BigLoad(settings);
                if (!last->violation.empty()) return last->violation;
                static_cast<void>(DB::Destroy(settings.path));
                const uint64_t most = settings.options.memory_budget_bytes + kBeyondBudget;
                return last->peak_bytes <= most
                           ? std::string()
                           : fmt::format("{} bytes were resident; {} may be", last->peak_bytes, most);
              },
          .figures = [last]() -> std::vector<Figure> {
            const auto ms = [](double seconds) { return static_cast<uint64_t>(1000 * seconds); };
            return {{"entries", last->stats.entries_written},
                    {"MiB in tables", last->disk_bytes / kMib, Total::kGreatest},
                    {"MiB resident", last->peak_bytes / kMib, Total::kGreatest},
                    {"ms to put", ms(last->load_s), Total::kGreatest},
                    {"ms until idle", ms(last->settle_s), Total::kGreatest},
                    {"ms to open", ms(last->reopen_s), Total::kGreatest},
                    {"ms to scan", ms(last->scan_s), Total::kGreatest},
                    {"ms to get each", ms(last->read_s), Total::kGreatest},
                    {"ms to verify", ms(last->verify_s), Total::kGreatest}};
          }};
}

Suite SketchSuite(Skew skew, double saved_min) {
  struct Totals {
    uint64_t with = 0, without = 0;
  };
  const auto totals = std::make_shared<Totals>();
  return {.round = [totals, skew, saved_min](uint64_t seed) -> std::string {
            const SketchSavingReport report = MeasureSketchSaving({.seed = seed, .skew = skew});
            if (!report.violation.empty()) return report.violation;
            totals->with += report.written_with;
            totals->without += report.written_without;
            if (report.saved() >= saved_min) return {};
            return fmt::format("sketches saved {:.1f} % of {} bytes", 100 * report.saved(), report.written_without);
          },
          .figures = [totals]() -> std::vector<Figure> {
            const double saved = 1 - static_cast<double>(totals->with) / static_cast<double>(totals->without);
            return {{"bytes rewritten without sketches", totals->without},
                    {"with", totals->with},
                    {"per mille fewer", static_cast<uint64_t>(std::max(0.0, 1000 * saved)), Total::kGreatest}};
          }};
}

Suites AllSuites() {
  return {
      {"power", [](const auto&) { return PowerSuite(false); }},
      {"power-failed-syncs", [](const auto&) { return PowerSuite(true); }},
      {"power-transactions", [](const auto&) { return TransactionLoss(); }},
      {"faults", [](const auto&) { return FaultSuite(); }},
      {"at-rest", [](const auto&) { return RestSuite(); }},
      {"model", [](const auto&) { return ModelSuite(""); }},
      {"model-files", ModelSuite},
      {"histories", [](const auto&) { return HistorySuite(); }},
      {"kill", KillSuite},
      {"big-load", BigLoadSuite},
      {"sketches", [](const auto&) { return SketchSuite(Skew::kZipf, 0.05); }},
      {"sketches-ranges", [](const auto&) { return SketchSuite(Skew::kRanges, 0.0); }},
  };
}

}  // namespace
}  // namespace amethyst::torture

int main(int argc, char** argv) {
  return amethyst::torture::RunSuites(
      "Tries to break the promises of Amethyst.\n\n"
      "  amethyst_torture --suite power --seed 1 --seconds 60\n"
      "  amethyst_torture --suite model --seconds 600 --directory .",
      amethyst::torture::AllSuites(), argc, argv);
}
