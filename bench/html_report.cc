#include "bench/html_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "bench/svg.h"
#include "bench/text_report.h"

namespace amethyst::bench {
namespace {

constexpr const char* kHead = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Amethyst load test</title><style>
:root { color-scheme: light dark; --back: #fff; --text: #222; --dim: #777; --line: #ddd;
  --c0: #8a3ffc; --c1: #d2691e; --c2: #0072b2; --c3: #2e8b57; --c4: #888; }
@media (prefers-color-scheme: dark) { :root { --back: #16141c; --text: #e6e4ea; --dim: #9a96a4; --line: #38343f;
  --c0: #b48cff; --c1: #ff9f55; --c2: #5ab4f0; --c3: #62c98f; --c4: #aaa; } }
body { background: var(--back); color: var(--text); font: 15px/1.45 system-ui, sans-serif; max-width: 120rem;
  margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; }
th, td { padding: .2rem .7rem; text-align: right; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { text-align: left; }
.bar, .name { text-align: left; } td.bar { min-width: 16rem; } tr.first td { border-top: 2px solid var(--line); }
.bar i { display: inline-block; height: .8em; margin-right: .5em; vertical-align: -.05em; }
.dim { color: var(--dim); } .charts { display: grid; gap: 1rem;
  grid-template-columns: repeat(auto-fit, minmax(min(24rem, 100%), 1fr)); } .scroll { overflow-x: auto; }
svg { width: 100%; max-width: 44rem; height: auto; } svg text { fill: var(--text); font-size: 10px; }
svg .tick { fill: var(--dim); } svg .title { font-weight: 600; font-size: 11px; } svg .grid { stroke: var(--line); }
polyline { fill: none; stroke-width: 1.6; } polyline.faint { stroke-width: .8; opacity: .55; }
polyline.s0 { stroke: var(--c0); } polyline.s1 { stroke: var(--c1); } polyline.s2 { stroke: var(--c2); }
polyline.s3 { stroke: var(--c3); } polyline.s4 { stroke: var(--c4); }
i.s0 { background: var(--c0); } i.s1 { background: var(--c1); } i.s2 { background: var(--c2); }
i.s3 { background: var(--c3); } i.s4 { background: var(--c4); }
</style></head><body><h1>Amethyst load test</h1>
)";
constexpr size_t kColors = 5;
constexpr double kBarRems = 12;

size_t ColorOf(const Plan& plan, const std::string& engine) {
  return static_cast<size_t>(std::ranges::find(plan.engines, engine) - plan.engines.begin()) % kColors;
}

std::string Legend(const Plan& plan) {
  std::string html = "<p class=\"bar\">";
  for (const std::string& engine : plan.engines) {
    html +=
        fmt::format("<i class=\"s{}\" style=\"width:1.2em\"></i>{} &nbsp; ", ColorOf(plan, engine), EscapeHtml(engine));
  }
  return html + "</p>\n";
}

std::string RatioText(const std::optional<Spread>& ratio) {
  return ratio ? fmt::format("{:.2f}x <span class=\"dim\">{:.2f}..{:.2f}</span>", ratio->median, ratio->least,
                             ratio->most)
               : "";
}

std::string VerdictLine(const Comparison& comparison, const Verdict& verdict) {
  return fmt::format(
      "<p>{} : {} &mdash; geometric mean <b>{:.2f}x</b>, live {:.2f}x, settled {:.2f}x; least {:.2f}x ({})</p>\n",
      EscapeHtml(comparison.reference), EscapeHtml(verdict.peer), verdict.geometric_mean, verdict.live_geometric_mean,
      verdict.settled_geometric_mean, verdict.worst_ratio, EscapeHtml(verdict.worst_workload));
}

// A bar and a ratio; `most`: the rate that the longest bar stands for.
std::string RateCells(const std::optional<Rate>& rate, size_t color, double most) {
  if (!rate) return "<td></td><td></td>";
  return fmt::format("<td class=\"bar\"><i class=\"s{}\" style=\"width:{:.2f}rem\"></i>{}</td><td>{}</td>", color,
                     kBarRems * rate->per_second.median / most, WithCommas(1e-3 * rate->per_second.median),
                     RatioText(rate->ratio));
}

std::string ComparisonSection(const Plan& plan, const Comparison& comparison) {
  std::string html = "<h2>Throughput</h2>\n" + Legend(plan);
  for (const Verdict& verdict : comparison.verdicts) html += VerdictLine(comparison, verdict);
  html += fmt::format(
      "<p class=\"dim\">Thousand operations a second, and how many times as fast {0} is. Workloads that only read are "
      "measured on a database in use, straight after ycsba (live), and at rest (settled); settled, workloads that "
      "write "
      "have the time to settle counted.</p>\n<div class=\"scroll\"><table><tr><th>workload</th>"
      "<th class=\"name\">engine</th><th class=\"bar\">live</th><th>{0} :</th><th class=\"bar\">settled</th><th>{0} "
      ":</th></tr>\n",
      EscapeHtml(comparison.reference));
  for (const Row& row : comparison.rows) {
    double most = 0;
    for (const Cell& cell : row.cells) {
      for (const State state : {State::kLive, State::kSettled}) {
        if (cell.In(state)) most = std::max(most, cell.In(state)->per_second.median);
      }
    }
    for (const Cell& cell : row.cells) {
      const bool is_first = &cell == row.cells.data();
      const size_t color = ColorOf(plan, cell.engine);
      html += fmt::format("<tr{}><td>{}</td><td class=\"name\">{}</td>{}{}</tr>\n", is_first ? " class=\"first\"" : "",
                          is_first ? EscapeHtml(row.workload) : "", EscapeHtml(cell.engine),
                          RateCells(cell.live, color, most), RateCells(cell.settled, color, most));
    }
  }
  return html + "</table></div>\n";
}

std::string FigureSection(const Comparison& comparison) {
  if (comparison.figures.empty()) return {};
  std::string html = fmt::format(
      "<h2>Figures</h2>\n<div class=\"scroll\"><table><tr><th>workload</th><th>figure, the less the better</th>"
      "<th>engine</th><th>value</th><th>so many times that of {}</th></tr>\n",
      EscapeHtml(comparison.reference));
  for (const FigureRow& row : comparison.figures) {
    for (const FigureCell& cell : row.cells) {
      html += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{:.4g}</td><td>{}</td></tr>\n",
                          EscapeHtml(row.workload), EscapeHtml(row.name), EscapeHtml(cell.engine), cell.value.median,
                          RatioText(cell.ratio));
    }
  }
  return html + "</table></div>\n";
}

// Each further nine is one step to the right.
Chart PercentileChart(const Plan& plan, const std::vector<const Measurement*>& runs) {
  Chart chart{.title = "Latency by percentile",
              .x_label = "% of operations",
              .y_label = "us",
              .logarithmic = true,
              .x_ticks = {{0, "0"}, {1, "90"}, {2, "99"}, {3, "99.9"}, {4, "99.99"}, {5, "99.999"}},
              .series = {}};
  for (const Measurement* run : runs) {
    Series series{.name = run->engine, .color = ColorOf(plan, run->engine), .points = {}};
    for (double nines = 0; nines <= 5; nines += 0.1) {
      const uint64_t ns = run->latency.Percentile(1 - std::pow(10, -nines));
      series.points.emplace_back(nines, 1e-3 * static_cast<double>(ns));
    }
    chart.series.push_back(std::move(series));
  }
  return chart;
}

Chart LatencyOverTime(const Plan& plan, const std::vector<const Measurement*>& runs) {
  Chart chart{.title = "Latency over time: p99, and the longest (thin)",
              .x_label = "seconds",
              .y_label = "us",
              .logarithmic = true,
              .x_ticks = {},
              .series = {}};
  for (const Measurement* run : runs) {
    Series p99{.name = run->engine + " p99", .color = ColorOf(plan, run->engine), .points = {}};
    Series longest{.name = run->engine + " longest", .color = p99.color, .faint = true, .points = {}};
    for (const Moment& moment : run->moments) {
      if (moment.max_ns == 0) continue;
      p99.points.emplace_back(moment.seconds, 1e-3 * static_cast<double>(moment.p99_ns));
      longest.points.emplace_back(moment.seconds, 1e-3 * static_cast<double>(moment.max_ns));
    }
    chart.series.push_back(std::move(longest));
    chart.series.push_back(std::move(p99));
  }
  return chart;
}

Chart ThroughputOverTime(const Plan& plan, const std::vector<const Measurement*>& runs) {
  Chart chart{.title = "Throughput over time",
              .x_label = "seconds",
              .y_label = "operations a second",
              .x_ticks = {},
              .series = {}};
  for (const Measurement* run : runs) {
    Series series{.name = run->engine, .color = ColorOf(plan, run->engine), .points = {}};
    for (const Moment& moment : run->moments) series.points.emplace_back(moment.seconds, moment.operations_per_second);
    // The last slice is cut off by the end of the run.
    if (series.points.size() > 1) series.points.pop_back();
    chart.series.push_back(std::move(series));
  }
  return chart;
}

std::string DetailTable(const std::vector<const Measurement*>& runs) {
  constexpr double kMib = 1 << 20;
  std::string html =
      "<div class=\"scroll\"><table><tr><th>engine</th><th>p50 us</th><th>p99</th><th>p99.9</th><th>longest</th>"
      "<th>CPU us/op</th><th>peak MiB</th><th>written MiB</th><th>write ampl.</th><th>space ampl.</th>"
      "<th>over 100 ms</th><th>behind slow calls</th><th>calls over 10 ms</th><th>slowest ms</th></tr>\n";
  for (const Measurement* m : runs) {
    const auto us = [&](uint64_t ns) { return fmt::format("{:.2f}", 1e-3 * static_cast<double>(ns)); };
    uint64_t slowest_ns = 0;
    for (const SlowCall& call : m->slow_calls) slowest_ns = std::max(slowest_ns, call.took_ns);
    html += fmt::format(
        "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{:.2f}</td><td>{:.0f}</td><td>{:.0f}</td>"
        "<td>{:.2f}</td><td>{:.2f}</td><td>{}</td><td>{}</td><td>{}</td><td>{:.0f}</td></tr>\n",
        EscapeHtml(m->engine), us(m->latency.Percentile(0.5)), us(m->latency.Percentile(0.99)),
        us(m->latency.Percentile(0.999)), us(m->latency.max_ns()), m->cpu_us_per_operation(),
        static_cast<double>(m->peak_memory_bytes) / kMib, static_cast<double>(m->device_bytes_written) / kMib,
        m->write_amplification(), m->space_amplification(), m->stalls, m->stalls_covered, m->slow_calls.size(),
        1e-6 * static_cast<double>(slowest_ns));
  }
  return html + "</table></div>\n";
}

// Of each engine.
std::vector<const Measurement*> LastRuns(const std::vector<Measurement>& measurements, const Row& row,
                                         std::optional<State> state) {
  std::vector<const Measurement*> runs;
  for (const Cell& cell : row.cells) {
    const Measurement* last = nullptr;
    for (const Measurement& m : measurements) {
      if (m.workload == row.workload && m.engine == cell.engine && m.state == state) last = &m;
    }
    if (last != nullptr) runs.push_back(last);
  }
  return runs;
}

}  // namespace

std::string HtmlReport(const Plan& plan, const std::vector<Measurement>& measurements, const Comparison& comparison) {
  std::string html = kHead;
  html += fmt::format("<pre class=\"scroll\">{}</pre>\n", EscapeHtml(DescribePlan(plan)));
  html += ComparisonSection(plan, comparison);
  html += FigureSection(comparison);
  html += "<p class=\"dim\">Plots and details are of the last round.</p>\n";
  for (const Row& row : comparison.rows) {
    html += fmt::format("<h2>{}</h2>\n{}", EscapeHtml(row.workload), Legend(plan));
    for (const std::optional<State> state :
         {std::optional<State>(), std::optional(State::kLive), std::optional(State::kSettled)}) {
      const std::vector<const Measurement*> runs = LastRuns(measurements, row, state);
      if (runs.empty()) continue;
      if (state) html += fmt::format("<h3>{}</h3>\n", StateName(*state));
      html += DetailTable(runs) + "<div class=\"charts\">" + DrawChart(PercentileChart(plan, runs)) +
              DrawChart(LatencyOverTime(plan, runs)) + DrawChart(ThroughputOverTime(plan, runs)) + "</div>\n";
    }
  }
  return html + "</body></html>\n";
}

}  // namespace amethyst::bench
