#include "server/http/metric_text.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

namespace amethyst::server {

namespace {

std::string_view TypeName(MetricType type) {
  switch (type) {
    case MetricType::kCounter: return "counter";
    case MetricType::kGauge: return "gauge";
    case MetricType::kHistogram: return "histogram";
  }
  return "untyped";
}

void AddEscaped(std::string* text, std::string_view value) {
  for (const char c : value) {
    if (c == '\n') {
      *text += "\\n";
      continue;
    }
    if (c == '\\' || c == '"') *text += '\\';
    *text += c;
  }
}

}  // namespace

std::string MetricText::Number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", value);
}

void MetricText::Begin(MetricType type, std::string_view name, std::string_view help) {
  name_ = name;
  fmt::format_to(std::back_inserter(text_), "# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, TypeName(type));
}

void MetricText::Add(uint64_t value, Labels labels) { AddLine("", labels, {}, fmt::format_int(value).c_str()); }
void MetricText::Add(double value, Labels labels) { AddLine("", labels, {}, Number(value)); }

void MetricText::AddHistogram(std::span<const Bucket> buckets, Summary all, Labels labels) {
  for (const Bucket& bucket : buckets) {
    AddLine("_bucket", labels, {"le", bucket.end}, fmt::format_int(bucket.count).c_str());
  }
  const fmt::format_int count(all.count);
  AddLine("_bucket", labels, {"le", "+Inf"}, count.c_str());
  AddLine("_sum", labels, {}, Number(all.sum));
  AddLine("_count", labels, {}, count.c_str());
}

void MetricText::AddLine(std::string_view suffix, Labels labels, Label last, std::string_view value) {
  text_ += name_;
  text_ += suffix;
  char before = '{';
  const auto add = [&](const Label& label) {
    text_ += before;
    before = ',';
    text_ += label.name;
    text_ += "=\"";
    AddEscaped(&text_, label.value);
    text_ += '"';
  };
  for (const Label& label : labels) add(label);
  if (!last.name.empty()) add(last);
  if (before == ',') text_ += '}';
  text_ += ' ';
  text_ += value;
  text_ += '\n';
}

}  // namespace amethyst::server
