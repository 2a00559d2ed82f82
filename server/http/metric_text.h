// Figures as Prometheus reads them: its text format, version 0.0.4. Thread safety: one thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace amethyst::server {

enum class MetricType : uint8_t { kCounter, kGauge, kHistogram };

class MetricText {
 public:
  static constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";

  struct Label {
    std::string_view name;
    std::string_view value;
  };
  using Labels = std::initializer_list<Label>;

  MetricText() { text_.reserve(size_t{64} << 10); }

  // A metric begins; its samples follow. `help` is one line of plain text.
  void Begin(MetricType type, std::string_view name, std::string_view help);
  void Add(uint64_t value, Labels labels = {});
  void Add(double value, Labels labels = {});

  static std::string Number(double value);
  // Counts of a histogram's values up to `end`, in seconds as Number shows them, those of the buckets before it
  // included.
  struct Bucket {
    std::string_view end;
    uint64_t count;
  };
  // The sum is in seconds. A last bucket without an end is added.
  struct Summary {
    uint64_t count;
    double sum;
  };
  void AddHistogram(std::span<const Bucket> buckets, Summary all, Labels labels = {});

  [[nodiscard]] std::string Take() { return std::move(text_); }

 private:
  void AddLine(std::string_view suffix, Labels labels, Label last, std::string_view value);

  std::string text_;
  std::string name_;  // Of the metric that has begun.
};

}  // namespace amethyst::server
