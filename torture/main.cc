// amethyst_torture: runs one suite for a while, from a seed, and prints figures on its last line.
//
//   amethyst_torture --suite power --seed 1 --seconds 60
//
// Each round takes the next seed. The exit code is 0 without a violation, 1 with one (the seed that shows it is
// printed), 2 for wrong arguments.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "torture/at_rest.h"
#include "torture/fault_sweep.h"
#include "torture/kill_rounds.h"
#include "torture/model_program.h"
#include "torture/power_loss.h"

namespace amethyst::torture {
namespace {

// Runs one round from a seed; returns a violation, or nothing.
using Round = std::function<std::string(uint64_t seed)>;

struct Suite {
  Round round;
  std::function<std::string()> figures;
};

Suite PowerSuite(bool fail_syncs) {
  const auto report = std::make_shared<PowerLossReport>();
  return {.round =
              [report, fail_syncs](uint64_t seed) {
                PowerLossSuite({.seed = seed, .fail_syncs = fail_syncs}).Run(report.get());
                return report->violation;
              },
          .figures =
              [report] {
                return fmt::format("{} crash images, {} distinct with unsynced bytes, {} of crashed recoveries",
                                   report->images, report->distinct_images, report->recovery_images);
              }};
}

Suite FaultSuite() {
  const auto report = std::make_shared<FaultReport>();
  return {.round =
              [report](uint64_t seed) {
                FaultSweep({.seed = seed}).Run(report.get());
                return report->violation;
              },
          .figures = [report] { return fmt::format("{} faults, {} refused", report->faults, report->refused); }};
}

Suite RestSuite() {
  const auto report = std::make_shared<AtRestReport>();
  return {.round =
              [report](uint64_t seed) {
                AtRestSuite({.seed = seed, .compression = static_cast<Compression>(seed % 3)}).Run(report.get());
                return report->violation;
              },
          .figures =
              [report] {
                return fmt::format("{} corruptions, {} detected, {} harmless", report->corruptions, report->detected,
                                   report->harmless);
              }};
}

Suite ModelSuite(const std::string& directory) {
  struct Totals {
    uint64_t operations = 0, writes = 0, reopens = 0, flushes = 0, compactions = 0, deepest = 0;
  };
  const auto totals = std::make_shared<Totals>();
  return {.round =
              [totals, directory](uint64_t seed) {
                const std::string path = fmt::format("{}/model-{}", directory, seed);
                const ModelReport report =
                    ModelProgram({.seed = seed, .operations = 100'000, .path = path, .environment = nullptr}).Run();
                totals->operations += report.operations;
                totals->writes += report.writes;
                totals->reopens += report.reopens;
                totals->flushes += report.flushes;
                totals->compactions += report.compactions;
                totals->deepest = std::max(totals->deepest, report.deepest_level);
                if (report.violation.empty()) static_cast<void>(DB::Destroy(path));
                return report.violation;
              },
          .figures =
              [totals] {
                return fmt::format("{} operations, {} writes, {} reopens, {} flushes, {} compactions, deepest level {}",
                                   totals->operations, totals->writes, totals->reopens, totals->flushes,
                                   totals->compactions, totals->deepest);
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
                if (report.violation.empty()) static_cast<void>(DB::Destroy(path));
                return report.violation;
              },
          .figures =
              [totals] {
                return fmt::format("{} kills, {} with acknowledged writes in the log alone, {} writes, {} recovered",
                                   totals->rounds, totals->counted_rounds, totals->acknowledged, totals->recovered);
              }};
}

int Main(int argc, char** argv) {
  CLI::App app(
      "Tries to break the promises of Amethyst.\n\n"
      "  amethyst_torture --suite power --seed 1 --seconds 60\n"
      "  amethyst_torture --suite model --seconds 600 --directory .");
  std::string suite_name, directory = std::filesystem::temp_directory_path();
  uint64_t seed = 1, seconds = 10;
  app.add_option("--suite", suite_name, "power, power-failed-syncs, faults, at-rest, model or kill")
      ->required()
      ->check(CLI::IsMember({"power", "power-failed-syncs", "faults", "at-rest", "model", "kill"}));
  app.add_option("--seed", seed, "The first seed; each round takes the next");
  app.add_option("--seconds", seconds, "No new round begins after that; 0: one round");
  app.add_option("--directory", directory, "Where the model and kill suites put their databases")
      ->check(CLI::ExistingDirectory);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const std::map<std::string, std::function<Suite()>> suites = {
      {"power", [] { return PowerSuite(false); }},
      {"power-failed-syncs", [] { return PowerSuite(true); }},
      {"faults", FaultSuite},
      {"at-rest", RestSuite},
      {"model", [&directory] { return ModelSuite(directory); }},
      {"kill", [&directory] { return KillSuite(directory); }},
  };
  const Suite suite = suites.at(suite_name)();
  const auto start = std::chrono::steady_clock::now();
  const auto elapsed_s = [start] {
    return static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - start).count());
  };
  uint64_t rounds = 0;
  std::string violation;
  do {
    violation = suite.round(seed + rounds++);
  } while (violation.empty() && elapsed_s() < seconds);
  if (!violation.empty()) std::puts(("violation: " + violation).c_str());
  std::puts(fmt::format("{}: {} rounds from seed {} in {} s: {}; {} violations", suite_name, rounds, seed, elapsed_s(),
                        suite.figures(), violation.empty() ? 0 : 1)
                .c_str());
  return violation.empty() ? 0 : 1;
}

}  // namespace
}  // namespace amethyst::torture

int main(int argc, char** argv) { return amethyst::torture::Main(argc, argv); }
