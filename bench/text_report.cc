#include "bench/text_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <thread>
#include <vector>

#include "bench/stores.h"

namespace amethyst::bench {
namespace {

constexpr double kMib = 1 << 20;

std::string ProcessorName() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(": ") + 2);
  }
  return "unknown processor";
}

std::string Microseconds(uint64_t ns) {
  const double us = 1e-3 * static_cast<double>(ns);
  return us < 100 ? fmt::format("{:.2f}", us) : WithCommas(std::round(us));
}

std::string Share(std::optional<uint64_t> part, std::optional<uint64_t> rest, const char* name) {
  if (!part || !rest || *part + *rest == 0) return {};
  return fmt::format("  {} {:.1f} %", name, 100.0 * static_cast<double>(*part) / static_cast<double>(*part + *rest));
}

// Figures are of any size: 12,345, 123.4, 12.3, 0.0123.
std::string ThreeDigits(double value) { return value >= 100 ? WithCommas(value) : fmt::format("{:.3g}", value); }

// What only some runs have to say.
std::string Notes(const Measurement& m) {
  std::string notes;
  if (m.writer_operations != 0) {
    notes += fmt::format("  writer {} k/s, p99 {} us, max {} us",
                         WithCommas(1e-3 * static_cast<double>(m.writer_operations) / m.seconds),
                         Microseconds(m.writer_latency.Percentile(0.99)), Microseconds(m.writer_latency.max_ns()));
  }
  if (m.stalls != 0) {
    notes += fmt::format("  {} over 100 ms, {} of them behind slow calls on files", m.stalls, m.stalls_covered);
  }
  if (!m.slow_calls.empty()) {
    const SlowCall& slowest = *std::ranges::max_element(m.slow_calls, {}, &SlowCall::took_ns);
    notes += fmt::format("  {} calls on files over 10 ms, slowest {} {:.0f} ms", m.slow_calls.size(), slowest.name,
                         1e-6 * static_cast<double>(slowest.took_ns));
  }
  if (m.found < m.lookups) {
    notes += fmt::format("  found {:.1f} %", 100.0 * static_cast<double>(m.found) / static_cast<double>(m.lookups));
  }
  if (m.debt_bytes_at_end != 0)
    notes += fmt::format("  debt {:.0f} MiB", static_cast<double>(m.debt_bytes_at_end) / kMib);
  for (const Figure& figure : m.figures) notes += fmt::format("  {} {},", figure.name, ThreeDigits(figure.value));
  if (!m.figures.empty()) notes.pop_back();
  notes += Share(m.stats.cache_hits, m.stats.cache_misses, "cache hits");
  notes += Share(m.stats.filter_negatives, m.stats.filter_false_positives, "filter right");
  if (m.stats.wal_syncs.value_or(0) != 0 && m.wrote()) {
    notes += fmt::format("  syncs/write {:.3f}", static_cast<double>(*m.stats.wal_syncs) /
                                                     static_cast<double>(m.operations + m.writer_operations));
  }
  return notes;
}

std::string Ratio(const Spread& ratio) {
  return fmt::format("{:.2f}x ({:.2f}..{:.2f})", ratio.median, ratio.least, ratio.most);
}

// Empty if no engine was measured so.
std::string ComparisonRow(const Row& row, const std::vector<std::string>& engines, State state) {
  if (!row.Has(state)) return {};
  std::string line = fmt::format("| {}{} |", row.workload, state == State::kSettled ? ", settled" : "");
  std::string ratios;
  for (const std::string& engine : engines) {
    const auto cell = std::ranges::find(row.cells, engine, &Cell::engine);
    const Rate* const rate = cell != row.cells.end() && cell->In(state) ? &*cell->In(state) : nullptr;
    line += rate != nullptr ? fmt::format(" {} |", WithCommas(1e-3 * rate->per_second.median)) : " not supported |";
    if (engine == engines[0]) continue;
    ratios += rate != nullptr && rate->ratio ? fmt::format(" {} |", Ratio(*rate->ratio)) : " |";
  }
  return line + ratios + "\n";
}

std::string FigureLine(const FigureRow& row, const std::vector<std::string>& engines) {
  std::string line = fmt::format("| {}: {} |", row.workload, row.name);
  std::string ratios;
  for (const std::string& engine : engines) {
    const auto cell = std::ranges::find(row.cells, engine, &FigureCell::engine);
    const bool there = cell != row.cells.end();
    line += there ? fmt::format(" {} |", ThreeDigits(cell->value.median)) : " |";
    if (engine != engines[0]) ratios += there && cell->ratio ? fmt::format(" {} |", Ratio(*cell->ratio)) : " |";
  }
  return line + ratios + "\n";
}

}  // namespace

std::string WithCommas(double number) {
  std::string text = number >= 1000 ? fmt::format("{:.0f}", number) : fmt::format("{:.1f}", number);
  const size_t end = std::min(text.find('.'), text.size());
  for (size_t i = end; i > 3; i -= 3) text.insert(i - 3, 1, ',');
  return text;
}

std::string DescribePlan(const Plan& plan) {
  std::vector<std::string> engines;
  for (const std::string& name : plan.engines) {
    if (const Engine* engine = FindEngine(name)) engines.push_back(fmt::format("{} {}", name, engine->version));
  }
  const Load& load = plan.load;
  const StoreSettings& settings = plan.settings;
  std::string text = fmt::format("{}; {}, {} threads of hardware\n", fmt::join(engines, ", "), ProcessorName(),
                                 std::thread::hardware_concurrency());
  text += fmt::format("{} {} keys, values {} of {} bytes, {:.0f} % after compression; {} client threads, seed {}\n",
                      WithCommas(static_cast<double>(load.keys)), KeyKindNames()[static_cast<size_t>(load.key_kind)],
                      ValueSizesNames()[static_cast<size_t>(load.values.sizes)], load.values.bytes,
                      100 * load.values.compressed_share, load.threads, load.seed);
  if (load.rate_per_second > 0)
    text += fmt::format("open loop, {} operations a second\n", WithCommas(load.rate_per_second));
  if (load.writer_rate_per_second > 0)
    text += fmt::format("the writer beside readers: {} operations a second\n", WithCommas(load.writer_rate_per_second));
  if (!settings.tuned) return text + "every engine with its own default settings: memory is not equal\n";
  constexpr const char* kCodecs[] = {"no compression", "LZ4", "ZSTD"};
  text += fmt::format(
      "the same for all: cache {:.1f} MiB, two write buffers of {:.1f} MiB, blocks of {} bytes, {}, "
      "filters of {:g} bits a key, {} background threads\n",
      static_cast<double>(settings.cache_bytes) / kMib, static_cast<double>(settings.write_buffer_bytes) / kMib,
      settings.block_bytes, kCodecs[static_cast<size_t>(settings.compression)], settings.filter_bits_per_key,
      settings.background_threads);
  return text;
}

std::string DescribeLeftOut(const Plan& plan) {
  std::string text;
  for (const std::string& engine : plan.engines) {
    std::vector<std::string> workloads;
    for (const LeftOut& left_out : WhoIsLeftOut(plan)) {
      if (left_out.engine == engine) workloads.push_back(left_out.workload);
    }
    if (!workloads.empty())
      text += fmt::format("{}: not supported, left out: {}\n", engine, fmt::join(workloads, ", "));
  }
  return text;
}

std::string TableHead() {
  return fmt::format("{:19}{:22}{:>10}{:>10}{:>9}{:>9}{:>10}{:>10}{:>9}{:>9}{:>9}{:>7}{:>7}\n", "engine", "workload",
                     "k op/s", "settled", "p50 us", "p99", "p99.9", "max", "CPU us", "peak MiB", "out MiB", "write",
                     "space") +
         fmt::format("{:>132}{:>7}\n", "ampl.", "ampl.");
}

std::string TableLine(const Measurement& m) {
  // A trial counts neither CPU nor bytes, for most of both are preparation.
  const bool trial = !m.figures.empty() && m.cpu_seconds == 0;
  const std::string workload = m.state ? fmt::format("{} {}", m.workload, StateName(*m.state)) : m.workload;
  return fmt::format("{:19}{:22}{:>10}{:>10}{:>9}{:>9}{:>10}{:>10}{:>9}{:>9.0f}{:>9}{:>7}{:>7}{}\n", m.engine, workload,
                     WithCommas(1e-3 * m.operations_per_second()),
                     m.wrote() ? WithCommas(1e-3 * m.settled_operations_per_second()) : "",
                     Microseconds(m.latency.Percentile(0.5)), Microseconds(m.latency.Percentile(0.99)),
                     Microseconds(m.latency.Percentile(0.999)), Microseconds(m.latency.max_ns()),
                     trial ? "" : fmt::format("{:.2f}", m.cpu_us_per_operation()),
                     static_cast<double>(m.peak_memory_bytes) / kMib,
                     trial ? "" : fmt::format("{:.0f}", static_cast<double>(m.device_bytes_written) / kMib),
                     m.wrote() ? fmt::format("{:.2f}", m.write_amplification()) : "",
                     m.live_bytes != 0 ? fmt::format("{:.2f}", m.space_amplification()) : "", Notes(m));
}

std::string ComparisonTable(const Comparison& comparison) {
  std::vector<std::string> engines = {comparison.reference};
  for (const Verdict& verdict : comparison.verdicts) engines.push_back(verdict.peer);
  std::string text = "| workload |";
  std::string rule = "|---|";
  for (const std::string& engine : engines) {
    text += fmt::format(" {}, k op/s |", engine);
    rule += "---|";
  }
  for (size_t i = 1; i < engines.size(); ++i) {
    text += fmt::format(" {} : {} |", engines[0], engines[i]);
    rule += "---|";
  }
  text += "\n" + rule + "\n";
  for (const Row& row : comparison.rows) {
    text += ComparisonRow(row, engines, State::kLive) + ComparisonRow(row, engines, State::kSettled);
  }
  for (const FigureRow& row : comparison.figures) text += FigureLine(row, engines);
  text += "\n";
  for (const Verdict& verdict : comparison.verdicts) {
    text += fmt::format("{} : {}  geometric mean {:.2f}x (live {:.2f}x, settled {:.2f}x), least {:.2f}x ({})\n",
                        comparison.reference, verdict.peer, verdict.geometric_mean, verdict.live_geometric_mean,
                        verdict.settled_geometric_mean, verdict.worst_ratio, verdict.worst_workload);
  }
  return text;
}

}  // namespace amethyst::bench
