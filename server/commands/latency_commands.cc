// LATENCY: what has taken long, and how long each command takes.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "server/commands/command.h"
#include "server/server.h"

namespace amethyst::server {

namespace {

void LatencyLatest(Call& call) {
  const Latency::Events& events = call.server.latency().events();
  call.reply.Array(events.size());
  for (const auto& [name, event] : events) {
    call.reply.Array(4);
    call.reply.Bulk(name);
    call.reply.Integer(static_cast<int64_t>(event.samples.back().time_s));
    call.reply.Integer(static_cast<int64_t>(event.samples.back().milliseconds));
    call.reply.Integer(static_cast<int64_t>(event.longest_ms));
  }
}

void LatencyHistory(Call& call) {
  const Latency::Events& events = call.server.latency().events();
  const auto at = events.find(call[2]);
  if (at == events.end()) return call.reply.Array(0);
  call.reply.Array(at->second.samples.size());
  for (const Latency::Sample& sample : at->second.samples) {
    call.reply.Array(2);
    call.reply.Integer(static_cast<int64_t>(sample.time_s));
    call.reply.Integer(static_cast<int64_t>(sample.milliseconds));
  }
}

void LatencyReset(Call& call) {
  Latency& latency = call.server.latency();
  std::vector<std::string> names(call.args.begin() + 2, call.args.end());
  if (names.empty()) {
    for (const auto& [name, event] : latency.events()) names.push_back(name);
  }
  call.reply.Integer(std::ranges::count_if(names, [&](const std::string& name) { return latency.Reset(name); }));
}

void LatencyDoctor(Call& call) {
  if (call.config().values().latency_monitor_threshold_ms == 0) {
    return call.reply.Verbatim("txt",
                               "Nothing is watched. CONFIG SET latency-monitor-threshold <milliseconds> has the server "
                               "note what takes at least so long.\n");
  }
  const Latency::Events& events = call.server.latency().events();
  if (events.empty()) return call.reply.Verbatim("txt", "Nothing has taken long since the last LATENCY RESET.\n");
  std::string text;
  for (const auto& [name, event] : events) {
    const uint64_t all_ms =
        std::accumulate(event.samples.begin(), event.samples.end(), uint64_t{0},
                        [](uint64_t sum, const Latency::Sample& sample) { return sum + sample.milliseconds; });
    text += fmt::format("{}: {} samples, {} ms on average, {} ms at the most.\n", name, event.samples.size(),
                        all_ms / event.samples.size(), event.longest_ms);
  }
  text += "SLOWLOG GET shows the commands that took long, and INFO amethyst how the engine does.\n";
  call.reply.Verbatim("txt", text);
}

// Pairs of a bucket's end and how many calls took no longer, of buckets that hold some.
void ReplyWithHistogram(Reply& reply, const Server::CommandCounters& counters) {
  reply.Map(2);
  reply.Bulk("calls");
  reply.Integer(static_cast<int64_t>(counters.calls));
  reply.Bulk("histogram_usec");
  const auto& buckets = counters.histogram.buckets();
  reply.Map(buckets.size() - static_cast<size_t>(std::ranges::count(buckets, 0U)));
  uint64_t calls = 0;
  for (size_t i = 0; i < buckets.size(); ++i) {
    if (buckets[i] == 0) continue;
    calls += buckets[i];
    reply.Integer(int64_t{1} << i);
    reply.Integer(static_cast<int64_t>(calls));
  }
}

// A container's name stands for its subcommands, too.
bool IsAsked(std::string_view command, Arguments names) {
  if (names.empty()) return true;
  return std::ranges::any_of(names, [&](std::string_view name) {
    const Command* const asked = FindByFullName(name);
    return asked != nullptr && (command == asked->name || command.starts_with(std::string(asked->name) + '|'));
  });
}

void LatencyHistogramOfCommands(Call& call) {
  std::vector<std::string_view> shown;
  for (const auto& [name, counters] : call.server.command_counters()) {
    if (counters.calls > 0 && IsAsked(name, call.args.subspan(2))) shown.push_back(name);
  }
  call.reply.Map(shown.size());
  for (const std::string_view name : shown) {
    call.reply.Bulk(name);
    ReplyWithHistogram(call.reply, call.server.command_counters()[name]);
  }
}

constexpr uint32_t kFlags = kAdmin | kNoScript | kLoading | kStale;
constexpr Command kLatencyCommands[] = {
    {"latency|doctor",
     2,
     kFlags,
     {},
     "server",
     "2.8.13",
     "Returns a human-readable latency analysis report.",
     LatencyDoctor},
    {"latency|histogram",
     -2,
     kFlags,
     {},
     "server",
     "7.0.0",
     "Returns the cumulative distribution of latencies of a subset or all commands.",
     LatencyHistogramOfCommands},
    {"latency|history",
     3,
     kFlags,
     {},
     "server",
     "2.8.13",
     "Returns timestamp-latency samples for an event.",
     LatencyHistory},
    {"latency|latest",
     2,
     kFlags,
     {},
     "server",
     "2.8.13",
     "Returns the latest latency samples for all events.",
     LatencyLatest},
    {"latency|reset",
     -2,
     kFlags,
     {},
     "server",
     "2.8.13",
     "Resets the latency data for one or more events.",
     LatencyReset},
};
constexpr Command kCommands[] = {
    {"latency",
     -2,
     0,
     {},
     "server",
     "2.8.13",
     "A container for latency diagnostics commands.",
     nullptr,
     nullptr,
     kLatencyCommands},
};

}  // namespace

std::span<const Command> LatencyCommands() { return kCommands; }

}  // namespace amethyst::server
