#include "bench/measurement.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.h"

namespace amethyst::bench {
namespace {

using nlohmann::json;

// The fields that JSON and the structure share, each named once, for both directions.
template <typename M, typename Visit>
void VisitNumbers(M& m, Visit&& visit) {
  visit("operations", m.operations);
  visit("lookups", m.lookups);
  visit("found", m.found);
  visit("entries", m.entries);
  visit("seconds", m.seconds);
  visit("settle_seconds", m.settle_seconds);
  visit("writer_operations", m.writer_operations);
  visit("cpu_seconds", m.cpu_seconds);
  visit("settle_cpu_seconds", m.settle_cpu_seconds);
  visit("peak_memory_bytes", m.peak_memory_bytes);
  visit("user_bytes_written", m.user_bytes_written);
  visit("device_bytes_written", m.device_bytes_written);
  visit("disk_bytes", m.disk_bytes);
  visit("live_bytes", m.live_bytes);
  visit("debt_bytes_at_end", m.debt_bytes_at_end);
  visit("stalls", m.stalls);
  visit("stalls_covered", m.stalls_covered);
}

template <typename S, typename Visit>
void VisitStats(S& stats, Visit&& visit) {
  visit("cache_hits", stats.cache_hits);
  visit("cache_misses", stats.cache_misses);
  visit("filter_negatives", stats.filter_negatives);
  visit("filter_false_positives", stats.filter_false_positives);
  visit("wal_syncs", stats.wal_syncs);
}

constexpr std::pair<const char*, double> kPercentiles[] = {
    {"p50_ns", 0.5}, {"p90_ns", 0.9}, {"p99_ns", 0.99}, {"p99.9_ns", 0.999}, {"p99.99_ns", 0.9999},
};

json LatencyToJson(const Histogram& latency) {
  json out = {{"count", latency.count()}, {"mean_ns", latency.mean_ns()}};
  for (const auto& [name, fraction] : kPercentiles) out[name] = latency.Percentile(fraction);
  out["max_ns"] = latency.max_ns();
  out["sum_ns"] = latency.sum_ns();
  out["buckets"] = latency.Sparse();
  return out;
}

Histogram LatencyFromJson(const json& in) {
  return Histogram::FromSparse(in.at("buckets").get<std::vector<std::pair<uint32_t, uint64_t>>>(),
                               in.at("sum_ns").get<uint64_t>(), in.at("max_ns").get<uint64_t>());
}

}  // namespace

double Measurement::write_amplification() const {
  return user_bytes_written == 0 ? 0
                                 : static_cast<double>(device_bytes_written) / static_cast<double>(user_bytes_written);
}

double Measurement::space_amplification() const {
  return live_bytes == 0 ? 0 : static_cast<double>(disk_bytes) / static_cast<double>(live_bytes);
}

std::optional<double> Measurement::OperationsPerSecondIn(State column) const {
  if (state) return *state == column ? std::optional(operations_per_second()) : std::nullopt;
  if (column == State::kLive) return operations_per_second();
  return wrote() ? std::optional(settled_operations_per_second()) : std::nullopt;
}

json ToJson(const Measurement& m) {
  json out = {{"engine", m.engine}, {"workload", m.workload}, {"round", m.round}};
  if (m.state) out["state"] = StateName(*m.state);
  VisitNumbers(m, [&](const char* name, const auto& value) { out[name] = value; });
  out["operations_per_second"] = m.operations_per_second();
  out["settled_operations_per_second"] = m.settled_operations_per_second();
  out["cpu_us_per_operation"] = m.cpu_us_per_operation();
  out["write_amplification"] = m.write_amplification();
  out["space_amplification"] = m.space_amplification();
  out["latency"] = LatencyToJson(m.latency);
  if (m.writer_operations != 0) out["writer_latency"] = LatencyToJson(m.writer_latency);
  VisitStats(m.stats, [&](const char* name, const auto& value) {
    if (value) out["engine_counters"][name] = *value;
  });
  out["slow_calls"] = json::array();
  for (const SlowCall& call : m.slow_calls) {
    out["slow_calls"].push_back({{"name", call.name}, {"seconds", call.seconds}, {"took_ns", call.took_ns}});
  }
  out["figures"] = json::array();
  for (const Figure& figure : m.figures) out["figures"].push_back({{"name", figure.name}, {"value", figure.value}});
  out["timeline"] = json::array();
  for (const Moment& moment : m.moments) {
    out["timeline"].push_back({{"seconds", moment.seconds},
                               {"operations_per_second", moment.operations_per_second},
                               {"p50_ns", moment.p50_ns},
                               {"p99_ns", moment.p99_ns},
                               {"max_ns", moment.max_ns}});
  }
  return out;
}

Result<Measurement> MeasurementFromJson(const json& in) {
  Measurement m;
  try {
    m.engine = in.at("engine").get<std::string>();
    m.workload = in.at("workload").get<std::string>();
    m.round = in.at("round").get<uint32_t>();
    if (in.contains("state")) m.state = in.at("state") == StateName(State::kLive) ? State::kLive : State::kSettled;
    VisitNumbers(m, [&]<typename T>(const char* name, T& value) { value = in.at(name).get<T>(); });
    m.latency = LatencyFromJson(in.at("latency"));
    if (in.contains("writer_latency")) m.writer_latency = LatencyFromJson(in.at("writer_latency"));
    const json counters = in.value("engine_counters", json::object());
    VisitStats(m.stats, [&](const char* name, std::optional<uint64_t>& value) {
      if (counters.contains(name)) value = counters.at(name).get<uint64_t>();
    });
    for (const json& call : in.at("slow_calls")) {
      m.slow_calls.push_back(
          {call.at("name").get<std::string>(), call.at("seconds").get<double>(), call.at("took_ns").get<uint64_t>()});
    }
    for (const json& figure : in.at("figures")) {
      m.figures.push_back({figure.at("name").get<std::string>(), figure.at("value").get<double>()});
    }
    for (const json& moment : in.at("timeline")) {
      m.moments.push_back({moment.at("seconds").get<double>(), moment.at("operations_per_second").get<double>(),
                           moment.at("p50_ns").get<uint64_t>(), moment.at("p99_ns").get<uint64_t>(),
                           moment.at("max_ns").get<uint64_t>()});
    }
  } catch (const json::exception& exception) {
    return base::InvalidArgument("not a measurement: {}", exception.what());
  }
  return m;
}

std::vector<Moment> MomentsOf(const Timeline& timeline) {
  std::vector<Moment> moments;
  const double slice_seconds = 1e-9 * static_cast<double>(timeline.slice_ns());
  for (const Timeline::Slice& slice : timeline.slices()) {
    moments.push_back({.seconds = slice_seconds * static_cast<double>(moments.size() + 1),
                       .operations_per_second = static_cast<double>(slice.operations) / slice_seconds,
                       .p50_ns = slice.latency.Percentile(0.5),
                       .p99_ns = slice.latency.Percentile(0.99),
                       .max_ns = slice.latency.max_ns()});
  }
  return moments;
}

}  // namespace amethyst::bench
