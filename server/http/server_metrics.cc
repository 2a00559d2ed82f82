// What /metrics says of the server: connections, commands, keys, memory, durability.
#include <algorithm>
#include <array>
#include <chrono>
#include <span>
#include <string>

#include "amethyst/options.h"
#include "amethyst/version.h"
#include "server/http/metrics.h"
#include "server/version.h"

namespace amethyst::server {

namespace {

constexpr double kMicrosecondsOfSecond = 1e6;
constexpr auto kCounter = MetricType::kCounter;
constexpr auto kGauge = MetricType::kGauge;

uint64_t BufferedBytes(const Server& server) {
  uint64_t bytes = 0;
  for (const auto& [id, session] : server.sessions()) {
    bytes += session->parser.waiting_bytes() + session->unread_bytes();
  }
  return bytes;
}

uint64_t EngineBudget(Server& server) { return server.config().memory_shares().engine_bytes; }

// Figures that are one number, and are read as it stands.
struct Figure {
  MetricType type;
  std::string_view name;
  std::string_view help;
  uint64_t (*read)(Server&);
};
constexpr Figure kFigures[] = {
    {kGauge, "amethyst_connections", "Connections of Redis clients that are open.",
     [](Server& server) { return uint64_t{server.sessions().size()}; }},
    {kGauge, "amethyst_connections_max", "How many of them there may be: the setting maxclients.",
     [](Server& server) { return server.config().values().maxclients; }},
    {kCounter, "amethyst_connections_accepted_total", "Connections of Redis clients since the start.",
     [](Server& server) { return server.counters().connections; }},
    {kCounter, "amethyst_connections_rejected_total", "Connections refused because there were maxclients.",
     [](Server& server) { return server.counters().rejected_connections; }},
    {kGauge, "amethyst_blocked_clients", "Clients that wait in a blocking command, or are held by CLIENT PAUSE.",
     [](Server& server) { return uint64_t{server.BlockedCount()}; }},
    {kCounter, "amethyst_received_bytes_total", "Bytes that Redis clients have sent.",
     [](Server& server) { return server.counters().bytes_in; }},
    {kCounter, "amethyst_sent_bytes_total", "Bytes that were sent to Redis clients.",
     [](Server& server) { return server.counters().bytes_out; }},
    {kCounter, "amethyst_commands_processed_total", "Commands received, those that were refused included.",
     [](Server& server) { return server.counters().commands; }},
    {kCounter, "amethyst_expired_keys_total", "Keys removed because their time had come.",
     [](Server& server) { return server.counters().expired_keys; }},
    {kCounter, "amethyst_keyspace_hits_total", "Look-ups of keys by reading commands that found one.",
     [](Server& server) { return server.counters().lookups.hits; }},
    {kCounter, "amethyst_keyspace_misses_total", "Look-ups of keys by reading commands that found none.",
     [](Server& server) { return server.counters().lookups.misses; }},
    {kGauge, "amethyst_memory_limit_bytes", "The setting maxmemory; 0 stands for 328 MiB.",
     [](Server& server) { return server.config().values().maxmemory; }},
    {kGauge, "amethyst_engine_memory_budget_bytes", "What the engine may use of it.", EngineBudget},
    {kGauge, "amethyst_record_cache_bytes", "Memory of the records of keys that are asked for most.",
     [](Server& server) { return uint64_t{server.space().records().bytes()}; }},
    {kGauge, "amethyst_connection_buffer_bytes", "Requests not yet run and answers not yet sent, of all connections.",
     [](Server& server) { return BufferedBytes(server); }},
    {kGauge, "amethyst_lua_memory_bytes", "Memory of the Lua interpreter.",
     [](Server& server) { return uint64_t{server.interpreter().bytes()}; }},
    {kGauge, "amethyst_scripts", "Scripts that are kept.",
     [](Server& server) { return uint64_t{server.interpreter().count()}; }},
    {kGauge, "amethyst_script_bytes", "Text of scripts that are kept.",
     [](Server& server) { return uint64_t{server.interpreter().script_bytes()}; }},
    {kCounter, "amethyst_checkpoints_total", "Copies made by BGSAVE and the like since the start.",
     [](Server& server) { return server.checkpoints().count(); }},
    {kGauge, "amethyst_last_checkpoint_failed", "1 if the last attempt at a copy failed.",
     [](Server& server) { return uint64_t{server.checkpoints().has_failed()}; }},
    {kGauge, "amethyst_changes_since_checkpoint", "Changes of keys since the last copy.",
     [](Server& server) { return server.counters().changes; }},
    {kCounter, "amethyst_slow_commands_total", "Commands that took slowlog-log-slower-than or longer.",
     [](Server& server) { return server.slow_log().added(); }},
    {kGauge, "amethyst_slow_log_entries", "Entries in the slow log.",
     [](Server& server) { return uint64_t{server.slow_log().entries().size()}; }},
    {kGauge, "amethyst_tracking_clients", "Clients that keep keys in a cache and are told of changes.",
     [](Server& server) { return uint64_t{server.tracking().session_count()}; }},
    {kGauge, "amethyst_tracking_keys", "Keys that clients have in their caches.",
     [](Server& server) { return uint64_t{server.tracking().key_count()}; }},
    {kGauge, "amethyst_tracking_items", "Pairs of a key and a client that has it in its cache.",
     [](Server& server) { return uint64_t{server.tracking().item_count()}; }},
    {kGauge, "amethyst_tracking_prefixes", "Prefixes of keys that are broadcast.",
     [](Server& server) { return uint64_t{server.tracking().prefix_count()}; }},
};

void AddTimes(Server& server, const Durability& durability, MetricText& text) {
  const auto used = std::chrono::duration<double>(server.space().clock().ThreadCpu());
  text.Begin(kGauge, "amethyst_uptime_seconds", "Time since the start.");
  text.Add(static_cast<double>(server.MonotonicUs() - server.started_us()) / kMicrosecondsOfSecond);
  text.Begin(kCounter, "amethyst_loop_cpu_seconds_total", "Processor time of the thread that runs all commands.");
  text.Add(used.count());
  text.Begin(kGauge, "amethyst_last_checkpoint_timestamp_seconds", "Time of the last copy; until then, of the start.");
  text.Add(static_cast<double>(server.checkpoints().last_ms()) / 1000);
  text.Begin(kGauge, "amethyst_unsynced_bytes", "Bytes of the log that a power failure would take, at the most.");
  text.Add(durability.unsynced_bytes());
  text.Begin(kGauge, "amethyst_last_sync_timestamp_seconds", "When writes became durable last, or none waited to.");
  text.Add(static_cast<double>(durability.durable_ms()) / 1000);
}

// Of the space: what the last command has added would count twice in its Access.
void AddKeys(Server& server, MetricText& text) {
  const Space& space = server.space();
  const auto add = [&](int64_t (Space::*count)(uint16_t) const) {
    for (unsigned database = 0; database < kDatabases; ++database) {
      const uint16_t stored = space.StoredDatabase(database);
      if (database > 0 && space.KeyCount(stored) == 0) continue;
      text.Add(static_cast<uint64_t>(std::max<int64_t>((space.*count)(stored), 0)),
               {{"database", std::to_string(database)}});
    }
  };
  text.Begin(kGauge, "amethyst_keys", "Keys, expired ones that are not removed yet included.");
  add(&Space::KeyCount);
  text.Begin(kGauge, "amethyst_expiring_keys", "Keys that have a time to live.");
  add(&Space::ExpiringCount);
}

void AddPubSub(Server& server, MetricText& text) {
  const auto count = [&](PubSub::Kind kind) { return uint64_t{server.pubsub().of(kind).size()}; };
  text.Begin(kGauge, "amethyst_pubsub_names", "Channels and patterns that somebody listens to.");
  text.Add(count(PubSub::Kind::kChannel), {{"kind", "channel"}});
  text.Add(count(PubSub::Kind::kPattern), {{"kind", "pattern"}});
  text.Add(count(PubSub::Kind::kShard), {{"kind", "shard-channel"}});
}

// Every second bucket of the server's own: each ends four times as late as the one before.
constexpr size_t kFirstBucket = 0;  // 1 us.
constexpr size_t kLastBucket = 24;  // 16.8 s.
using Buckets = std::array<MetricText::Bucket, (kLastBucket - kFirstBucket) / 2 + 1>;

// Made once: there are many commands.
const std::string& BucketEnd(size_t bucket) {
  static const auto kEnds = [] {
    std::array<std::string, LatencyHistogram::kBuckets> ends;
    for (size_t i = 0; i < ends.size(); ++i) {
      ends[i] = MetricText::Number(static_cast<double>(uint64_t{1} << i) / kMicrosecondsOfSecond);
    }
    return ends;
  }();
  return kEnds[bucket];
}

void AddLatency(const Server::CommandCounters& counters, std::string_view command, MetricText& text) {
  Buckets buckets;
  uint64_t calls = 0;
  for (size_t i = 0; i <= kLastBucket; ++i) {
    calls += counters.histogram.buckets()[i];
    if (i < kFirstBucket || i % 2 != 0) continue;
    buckets[(i - kFirstBucket) / 2] = {BucketEnd(i), calls};
  }
  text.AddHistogram(buckets, {counters.calls, static_cast<double>(counters.microseconds) / kMicrosecondsOfSecond},
                    {{"command", command}});
}

}  // namespace

void AddServerMetrics(Server& server, const Durability& durability, MetricText& text) {
  text.Begin(kGauge, "amethyst_build_info", "Always 1; the labels say what runs.");
  text.Add(uint64_t{1}, {{"version", AMETHYST_VERSION_STRING}, {"redis_version", kRedisVersion}});
  text.Begin(kGauge, "amethyst_appendfsync_info", "Always 1; the label is the setting appendfsync.");
  text.Add(uint64_t{1}, {{"policy", server.config().values().appendfsync}});
  for (const Figure& figure : kFigures) {
    text.Begin(figure.type, figure.name, figure.help);
    text.Add(figure.read(server));
  }
  AddTimes(server, durability, text);
  AddKeys(server, text);
  AddPubSub(server, text);
}

void AddCommandMetrics(Server& server, MetricText& text) {
  const auto& all = server.command_counters();
  text.Begin(MetricType::kHistogram, "amethyst_command_duration_seconds", "Time that commands took, without waiting.");
  for (const auto& [name, counters] : all) {
    if (counters.calls > 0) AddLatency(counters, name, text);
  }
  const auto add = [&](uint64_t Server::CommandCounters::* count) {
    for (const auto& [name, counters] : all) text.Add(counters.*count, {{"command", name}});
  };
  text.Begin(kCounter, "amethyst_command_failures_total", "Commands that ran and answered an error.");
  add(&Server::CommandCounters::failed);
  text.Begin(kCounter, "amethyst_command_rejections_total", "Commands that were refused before they ran.");
  add(&Server::CommandCounters::rejected);
  text.Begin(kCounter, "amethyst_error_replies_total", "Errors that were answered, by the word they begin with.");
  uint64_t others = server.counters().errors;
  for (const auto& [code, count] : server.counters().errors_by_code) {
    text.Add(count, {{"code", code}});
    others -= count;
  }
  text.Add(others, {{"code", "(others)"}});  // There are too many codes to count each of its own.
}

}  // namespace amethyst::server
