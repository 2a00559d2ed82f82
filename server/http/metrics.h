// /metrics: what an operator has to know of the server and its engine, as Prometheus reads it.
//
// Each metric is described once, where it is written. Figures that INFO shows as well come from the same counters.
// Labels are bounded in number: commands of the table, codes of errors (128 at the most), databases, levels, causes.
// Thread safety: one thread, the server's loop.
#pragma once

#include <string>

#include "net/http_server.h"
#include "server/durability.h"
#include "server/engine_counts.h"
#include "server/http/metric_text.h"
#include "server/server.h"

namespace amethyst::server {

class Metrics {
 public:
  // All outlive this.
  Metrics(Server& server, const net::HttpServer& http, const EngineCounts& engine)
      : server_(server), http_(http), engine_(engine) {}

  // At each tick.
  void Sample();
  [[nodiscard]] std::string Text();

 private:
  Server& server_;
  const net::HttpServer& http_;
  const EngineCounts& engine_;
  Durability durability_;
};

// The parts of it.
void AddServerMetrics(Server& server, const Durability& durability, MetricText& text);
void AddCommandMetrics(Server& server, MetricText& text);
void AddHttpMetrics(const net::HttpServer& http, MetricText& text);
void AddEngineMetrics(const Stats& stats, const EngineCounts::Counts& counts, TimeMs now_ms, MetricText& text);

}  // namespace amethyst::server
