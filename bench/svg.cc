#include "bench/svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace amethyst::bench {
namespace {

constexpr double kWidth = 420;
constexpr double kHeight = 240;
constexpr double kLeft = 56;
constexpr double kRight = 20;
constexpr double kTop = 26;
constexpr double kBottom = 34;
constexpr size_t kPointsMin = 3;

// "1.5k", "20M", "0.01"
std::string Short(double value) {
  if (value >= 1e9) return fmt::format("{:.3g}G", value / 1e9);
  if (value >= 1e6) return fmt::format("{:.3g}M", value / 1e6);
  if (value >= 1e3) return fmt::format("{:.3g}k", value / 1e3);
  return fmt::format("{:.3g}", value);
}

struct Range {
  double least = 0;
  double most = 1;
};

// Four or five round steps.
std::vector<Tick> LinearTicks(const Range& range) {
  const double rough = (range.most - range.least) / 4;
  const double magnitude = std::pow(10, std::floor(std::log10(rough)));
  double step = magnitude;
  for (const double factor : {2.0, 5.0, 10.0}) {
    if (step < rough) step = factor * magnitude;
  }
  std::vector<Tick> ticks;
  for (double at = std::ceil(range.least / step) * step; at <= range.most * 1.0001; at += step) {
    ticks.push_back({at, Short(at)});
  }
  return ticks;
}

// Powers of ten.
std::vector<Tick> LogarithmicTicks(const Range& range) {
  std::vector<Tick> ticks;
  for (double power = std::ceil(range.least - 0.001); power <= range.most + 0.001; ++power) {
    ticks.push_back({power, Short(std::pow(10, power))});
  }
  return ticks;
}

class Frame {
 public:
  Frame(const Range& x, const Range& y) : x_(x), y_(y) {}

  [[nodiscard]] double X(double x) const {
    return kLeft + (x - x_.least) / (x_.most - x_.least) * (kWidth - kLeft - kRight);
  }
  [[nodiscard]] double Y(double y) const {
    return kHeight - kBottom - (y - y_.least) / (y_.most - y_.least) * (kHeight - kTop - kBottom);
  }

 private:
  Range x_;
  Range y_;
};

double Scaled(const Chart& chart, double y) { return chart.logarithmic ? std::log10(std::max(y, 1e-3)) : y; }

bool FindRanges(const Chart& chart, Range* x, Range* y) {
  bool any = false;
  for (const Series& series : chart.series) {
    for (const auto& [px, py] : series.points) {
      const double scaled = Scaled(chart, py);
      *x = any ? Range{std::min(x->least, px), std::max(x->most, px)} : Range{px, px};
      *y = any ? Range{std::min(y->least, scaled), std::max(y->most, scaled)} : Range{scaled, scaled};
      any = true;
    }
  }
  for (const Tick& tick : chart.x_ticks) *x = {std::min(x->least, tick.at), std::max(x->most, tick.at)};
  if (chart.logarithmic) {
    *y = {std::floor(y->least), std::ceil(y->most)};
  } else {
    *y = {0, 1.05 * y->most};
  }
  if (x->most <= x->least) x->most = x->least + 1;
  if (y->most <= y->least) y->most = y->least + 1;
  return any;
}

}  // namespace

std::string EscapeHtml(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '"': escaped += "&quot;"; break;
      default: escaped += c;
    }
  }
  return escaped;
}

std::string DrawChart(Chart chart) {
  std::erase_if(chart.series, [](const Series& series) { return series.points.size() < kPointsMin; });
  Range x;
  Range y;
  if (!FindRanges(chart, &x, &y)) return {};
  const Frame frame(x, y);
  std::string svg =
      fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\"><text class=\"title\" x=\"{}\" y=\"14\">{}</text>\n", kWidth,
                  kHeight, kLeft, EscapeHtml(chart.title));
  for (const Tick& tick : chart.logarithmic ? LogarithmicTicks(y) : LinearTicks(y)) {
    svg += fmt::format("<line class=\"grid\" x1=\"{0}\" x2=\"{1}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\"/>", kLeft,
                       kWidth - kRight, frame.Y(tick.at));
    svg += fmt::format("<text class=\"tick\" text-anchor=\"end\" x=\"{}\" y=\"{:.1f}\">{}</text>\n", kLeft - 5,
                       frame.Y(tick.at) + 3, tick.label);
  }
  for (const Tick& tick : chart.x_ticks.empty() ? LinearTicks(x) : chart.x_ticks) {
    svg += fmt::format("<text class=\"tick\" text-anchor=\"middle\" x=\"{:.1f}\" y=\"{}\">{}</text>\n",
                       frame.X(tick.at), kHeight - kBottom + 13, EscapeHtml(tick.label));
  }
  svg += fmt::format("<text class=\"tick\" text-anchor=\"middle\" x=\"{}\" y=\"{}\">{}</text>", (kLeft + kWidth) / 2,
                     kHeight - 6, EscapeHtml(chart.x_label));
  svg += fmt::format("<text class=\"tick\" text-anchor=\"end\" x=\"{}\" y=\"14\">{}</text>\n", kWidth - kRight,
                     EscapeHtml(chart.y_label));
  for (const Series& series : chart.series) {
    std::string points;
    for (const auto& [px, py] : series.points) {
      points += fmt::format("{:.1f},{:.1f} ", frame.X(px), frame.Y(Scaled(chart, py)));
    }
    svg += fmt::format("<polyline class=\"s{}{}\" points=\"{}\"><title>{}</title></polyline>\n", series.color,
                       series.faint ? " faint" : "", points, EscapeHtml(series.name));
  }
  return svg + "</svg>\n";
}

}  // namespace amethyst::bench
