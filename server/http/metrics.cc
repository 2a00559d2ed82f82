#include "server/http/metrics.h"

#include "amethyst/snapshot.h"

namespace amethyst::server {

void Metrics::Sample() {
  DB& db = server_.space().db();
  const auto durable_sequence = db.DurableSequence();
  if (!durable_sequence) return;
  durability_.Add({.sequence = db.GetSnapshot().sequence(),
                   .durable_sequence = *durable_sequence,
                   .wal_bytes = db.GetStats().wal_bytes,
                   .now_ms = server_.NowMs()});
}

std::string Metrics::Text() {
  Sample();
  MetricText text;
  AddServerMetrics(server_, durability_, text);
  AddCommandMetrics(server_, text);
  AddHttpMetrics(http_, text);
  AddEngineMetrics(server_.space().db().GetStats(), engine_.counts(), server_.NowMs(), text);
  return text.Take();
}

void AddHttpMetrics(const net::HttpServer& http, MetricText& text) {
  const net::HttpServer::Counters& counters = http.counters();
  const auto add = [&](MetricType type, std::string_view name, std::string_view help, uint64_t value) {
    text.Begin(type, name, help);
    text.Add(value);
  };
  add(MetricType::kGauge, "amethyst_http_connections", "Connections of HTTP that are open.", http.connection_count());
  add(MetricType::kGauge, "amethyst_http_listeners", "Of these those that listen to events.", http.listener_count());
  add(MetricType::kGauge, "amethyst_http_unsent_bytes", "Answers that clients of HTTP have not taken yet.",
      http.unsent_bytes());
  add(MetricType::kCounter, "amethyst_http_connections_accepted_total", "Connections of HTTP since the start.",
      counters.connections);
  add(MetricType::kCounter, "amethyst_http_connections_dropped_total", "Of these too many, too slow, or idle ones.",
      counters.dropped_connections);
  add(MetricType::kCounter, "amethyst_http_requests_total", "Requests of HTTP.", counters.requests);
  add(MetricType::kCounter, "amethyst_http_refusals_total", "Of these those that were answered by a refusal.",
      counters.refused);
}

}  // namespace amethyst::server
