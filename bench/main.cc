// amethyst_bench: the load-test tool. See `amethyst_bench --help`.
#include <fmt/core.h>
#include <signal.h>

#include <atomic>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "bench/arguments.h"
#include "bench/campaign.h"
#include "bench/html_report.h"
#include "bench/json_report.h"
#include "bench/text_report.h"

namespace amethyst::bench {
namespace {

std::atomic<bool> interrupted{false};  // Set by the signal handler, read when the campaign is over.

// A signal ends the wait for an engine's answer, and what was made is cleaned up on the way out.
void CatchInterrupts() {
  struct sigaction action{};
  action.sa_handler = [](int) { interrupted = true; };
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool WriteFile(const std::string& path, const std::string& text) {
  if (path.empty()) return true;
  std::ofstream file(path, std::ios::binary);
  file << text << std::flush;
  if (!file.good()) fmt::print(stderr, "amethyst_bench: {} cannot be written\n", path);
  return file.good();
}

// Better now than after an hour of measuring.
bool CanWrite(const std::string& path) { return path.empty() || std::ofstream(path, std::ios::app).good(); }

int Run(const Plan& plan) {
  CatchInterrupts();
  for (const std::string& path : {plan.json_path, plan.html_path}) {
    if (CanWrite(path)) continue;
    fmt::print(stderr, "amethyst_bench: {} cannot be written\n", path);
    return 2;
  }
  fmt::print("{}{}\n{}", DescribePlan(plan), DescribeLeftOut(plan), TableHead());
  std::vector<Measurement> measurements;
  const Status status = RunCampaign(plan, [&](const Measurement& measurement) {
    measurements.push_back(measurement);
    fmt::print("{}", TableLine(measurement));
    std::fflush(stdout);
  });
  const Comparison comparison = Compare(measurements, plan.engines);
  if (plan.compare) fmt::print("\n{}", ComparisonTable(comparison));
  const bool written = WriteFile(plan.json_path, JsonReport(plan, measurements, comparison)) &&
                       WriteFile(plan.html_path, HtmlReport(plan, measurements, comparison));
  if (interrupted) return 130;
  if (status) return written ? 0 : 1;
  fmt::print(stderr, "amethyst_bench: {}\n", status.error().ToString());
  return status.error().code() == ErrorCode::kInvalidArgument ? 2 : 1;
}

}  // namespace
}  // namespace amethyst::bench

int main(int argc, char** argv) {
  const auto plan = amethyst::bench::ParseArguments(std::vector<std::string>(argv + 1, argv + argc));
  if (!plan) {
    fmt::print(plan.error().exit_code == 0 ? stdout : stderr, "{}", plan.error().text);
    return plan.error().exit_code;
  }
  return amethyst::bench::Run(*plan);
}
