// Line charts as inline SVG, coloured by the page's style sheet (classes s0, s1, ... for series), so that they follow a
// dark or a light theme. Thread safety: pure functions.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace amethyst::bench {

struct Series {
  std::string name;
  size_t color = 0;
  bool faint = false;
  std::vector<std::pair<double, double>> points;
};

struct Tick {
  double at = 0;
  std::string label;
};

struct Chart {
  std::string title;
  std::string x_label;
  std::string y_label;
  bool logarithmic = false;   // The y axis.
  std::vector<Tick> x_ticks;  // Chosen if there are none.
  std::vector<Series> series;
};

// Leaves out series of fewer than three points, which are no curve; empty if no series is left.
[[nodiscard]] std::string DrawChart(Chart chart);

// With &, <, > and quotes written as entities.
[[nodiscard]] std::string EscapeHtml(const std::string& text);

}  // namespace amethyst::bench
