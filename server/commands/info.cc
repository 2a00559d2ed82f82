#include "server/commands/info.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "amethyst/stats.h"
#include "amethyst/version.h"
#include "base/random.h"
#include "server/commands/numbers.h"
#include "server/server.h"
#include "server/session.h"
#include "server/version.h"

// jemalloc's, where the program is linked with it.
extern "C" [[gnu::weak]] int mallctl(const char* name, void* old_value, size_t* old_bytes, void* value, size_t bytes);

namespace amethyst::server {

namespace {

// "jemalloc-5.3.0", as Redis names it.
std::string Allocator() {
  const char* version = nullptr;
  size_t bytes = sizeof(version);
  if (mallctl == nullptr || mallctl("version", &version, &bytes, nullptr, 0) != 0) return "libc";
  const std::string_view whole = version;
  return fmt::format("jemalloc-{}", whole.substr(0, whole.find('-')));
}

constexpr uint64_t kMicrosecondsOfSecond = 1'000'000;
constexpr uint64_t kSecondsOfDay = 86'400;

// Lines "name:value" behind one another.
class Lines {
 public:
  explicit Lines(std::string* text) : text_(text) {}
  template <typename Value>
  void Add(std::string_view name, const Value& value) {
    fmt::format_to(std::back_inserter(*text_), "{}:{}\r\n", name, value);
  }
  // The number, and again for people: "1.58M".
  void AddBytes(std::string_view name, uint64_t bytes) {
    Add(name, bytes);
    constexpr std::string_view kUnits = "BKMGTPE";
    auto shown = static_cast<double>(bytes);
    size_t unit = 0;
    for (; shown >= 1024 && unit + 1 < kUnits.size(); ++unit) shown /= 1024;
    Add(fmt::format("{}_human", name),
        unit == 0 ? fmt::format("{}B", bytes) : fmt::format("{:.2f}{}", shown, kUnits[unit]));
  }

 private:
  std::string* text_;
};

// The same for one run of the server, and another for the next.
std::string RunId(Call& call) {
  base::Random random(call.server.started_us() ^ static_cast<uint64_t>(call.server.checkpoints().start_ms()));
  return fmt::format("{:016x}{:016x}{:08x}", random(), random(), random() >> 32);
}

void AddServer(Call& call, const Stats& /*stats*/, Lines& lines) {
  const uint64_t uptime_s = (call.server.MonotonicUs() - call.server.started_us()) / kMicrosecondsOfSecond;
  lines.Add("redis_version", kRedisVersion);
  lines.Add("amethyst_version", AMETHYST_VERSION_STRING);
  lines.Add("redis_mode", "standalone");
  lines.Add("arch_bits", 8 * sizeof(void*));
  lines.Add("run_id", RunId(call));
  lines.Add("tcp_port", call.config().values().port);
  lines.Add("server_time_usec", call.now_ms() * 1000);
  lines.Add("uptime_in_seconds", uptime_s);
  lines.Add("uptime_in_days", uptime_s / kSecondsOfDay);
  lines.Add("hz", 10);
  lines.Add("configured_hz", 10);
  lines.Add("config_file", call.config().file());
}

void AddClients(Call& call, const Stats& /*stats*/, Lines& lines) {
  lines.Add("connected_clients", call.server.sessions().size());
  lines.Add("maxclients", call.config().values().maxclients);
  lines.Add("blocked_clients", call.server.BlockedCount());
  lines.Add("tracking_clients", call.server.tracking().session_count());
}

void AddMemory(Call& call, const Stats& stats, Lines& lines) {
  const uint64_t record_bytes = call.server.space().records().bytes();
  lines.AddBytes("used_memory", stats.memory_bytes + record_bytes);
  lines.AddBytes("used_memory_rss", stats.memory_bytes + record_bytes);
  lines.Add("used_memory_records", record_bytes);
  lines.Add("used_memory_dataset", stats.memtable_bytes + stats.cache_bytes);
  lines.AddBytes("used_memory_lua", call.server.interpreter().bytes());
  lines.AddBytes("used_memory_scripts", call.server.interpreter().script_bytes());
  lines.Add("number_of_cached_scripts", call.server.interpreter().count());
  lines.AddBytes("used_memory_vm_functions", call.server.libraries().bytes());
  lines.Add("number_of_functions", call.server.libraries().function_count());
  lines.Add("number_of_libraries", call.server.libraries().all().size());
  lines.AddBytes("maxmemory", call.config().values().maxmemory);
  lines.Add("maxmemory_policy", "noeviction");
  lines.Add("mem_allocator", Allocator());
}

void AddPersistence(Call& call, const Stats& /*stats*/, Lines& lines) {
  const Checkpoints& checkpoints = call.server.checkpoints();
  const std::string_view outcome = checkpoints.has_failed() ? "err" : "ok";
  lines.Add("loading", 0);
  lines.Add("async_loading", 0);
  lines.Add("rdb_changes_since_last_save", call.server.counters().changes);
  lines.Add("rdb_bgsave_in_progress", 0);
  lines.Add("rdb_last_save_time", checkpoints.last_ms() / 1000);
  lines.Add("rdb_last_bgsave_status", outcome);
  lines.Add("rdb_saves", checkpoints.count());
  lines.Add("aof_enabled", 1);
  lines.Add("aof_rewrite_in_progress", 0);
  lines.Add("aof_rewrite_scheduled", 0);
  lines.Add("aof_last_bgrewrite_status", "ok");
  lines.Add("aof_last_write_status", "ok");
}

void AddStats(Call& call, const Stats& /*stats*/, Lines& lines) {
  const Server::Counters& counters = call.server.counters();
  PubSub& pubsub = call.server.pubsub();
  lines.Add("total_connections_received", counters.connections);
  lines.Add("total_commands_processed", counters.commands);
  lines.Add("total_net_input_bytes", counters.bytes_in);
  lines.Add("total_net_output_bytes", counters.bytes_out);
  lines.Add("rejected_connections", counters.rejected_connections);
  lines.Add("expired_keys", counters.expired_keys);
  lines.Add("evicted_keys", 0);
  // What is deleted is gone at once, whatever its size: nothing is left for later.
  lines.Add("lazyfree_pending_objects", 0);
  lines.Add("lazyfreed_objects", 0);
  lines.Add("keyspace_hits", counters.lookups.hits);
  lines.Add("keyspace_misses", counters.lookups.misses);
  lines.Add("pubsub_channels", pubsub.of(PubSub::Kind::kChannel).size());
  lines.Add("pubsub_patterns", pubsub.of(PubSub::Kind::kPattern).size());
  lines.Add("pubsubshard_channels", pubsub.of(PubSub::Kind::kShard).size());
  const Tracking& tracking = call.server.tracking();
  lines.Add("tracking_total_keys", tracking.key_count());
  lines.Add("tracking_total_items", tracking.item_count());
  lines.Add("tracking_total_prefixes", tracking.prefix_count());
  lines.Add("total_error_replies", counters.errors);
}

void AddReplication(Call& /*call*/, const Stats& /*stats*/, Lines& lines) {
  lines.Add("role", "master");
  lines.Add("connected_slaves", 0);
  lines.Add("master_failover_state", "no-failover");
  lines.Add("master_repl_offset", 0);
}

// The loop's thread alone.
void AddCpu(Call& call, const Stats& /*stats*/, Lines& lines) {
  const auto used = std::chrono::duration<double>(call.access.space().clock().ThreadCpu());
  lines.Add("used_cpu_sys", "0.000000");
  lines.Add("used_cpu_user", fmt::format("{:.6f}", used.count()));
}

void AddCommandStats(Call& call, const Stats& /*stats*/, Lines& lines) {
  for (const auto& [name, counters] : call.server.command_counters()) {
    const double each =
        counters.calls == 0 ? 0 : static_cast<double>(counters.microseconds) / static_cast<double>(counters.calls);
    lines.Add(fmt::format("cmdstat_{}", name),
              fmt::format("calls={},usec={},usec_per_call={:.2f},rejected_calls={},failed_calls={}", counters.calls,
                          counters.microseconds, each, counters.rejected, counters.failed));
  }
}

void AddErrorStats(Call& call, const Stats& /*stats*/, Lines& lines) {
  for (const auto& [code, count] : call.server.counters().errors_by_code) {
    lines.Add(fmt::format("errorstat_{}", code), fmt::format("count={}", count));
  }
}

void AddKeyspace(Call& call, const Stats& /*stats*/, Lines& lines) {
  for (unsigned database = 0; database < kDatabases; ++database) {
    const int64_t keys = call.access.KeyCount(database);
    if (keys == 0) continue;
    lines.Add(fmt::format("db{}", database),
              fmt::format("keys={},expires={},avg_ttl=0", keys, call.access.ExpiringCount(database)));
  }
}

void AddAmethyst(Call& call, const Stats& stats, Lines& lines) {
  lines.Add("writes", stats.writes);
  lines.Add("user_bytes_written", stats.user_bytes_written);
  lines.Add("wal_bytes", stats.wal_bytes);
  lines.Add("wal_syncs", stats.wal_syncs);
  lines.Add("wal_sync_p99_us", stats.sync_us.Percentile(0.99));
  lines.Add("memtables", stats.memtables);
  lines.Add("memtable_bytes", stats.memtable_bytes);
  lines.Add("cache_bytes", stats.cache_bytes);
  lines.Add("cache_hits", stats.cache_hits);
  lines.Add("cache_misses", stats.cache_misses);
  lines.Add("blocks_read", stats.blocks_read);
  lines.Add("flushes", stats.flushes);
  lines.Add("compactions", stats.compactions);
  lines.Add("compaction_debt_bytes", stats.compaction_debt_bytes);
  lines.Add("write_delays", stats.write_delays);
  lines.Add("write_waits", stats.write_waits);
  const uint64_t written = stats.wal_bytes + stats.flush_bytes_written + stats.compaction_bytes_written;
  const auto user_bytes = static_cast<double>(std::max<uint64_t>(stats.user_bytes_written, 1));
  lines.Add("write_amplification", fmt::format("{:.2f}", static_cast<double>(written) / user_bytes));
  lines.Add("clock_jumps", call.server.health().clock_jumps());
  lines.Add("last_clock_jump_ms", call.server.health().last_jump().count());
  for (size_t level = 0; level < stats.levels.size(); ++level) {
    const LevelStats& at = stats.levels[level];
    if (at.tables == 0) continue;
    lines.Add(fmt::format("level{}", level), fmt::format("tables={},runs={},bytes={},entries={},deletes={}", at.tables,
                                                         at.runs, at.bytes, at.entries, at.deletes));
  }
}

void AddHotKeys(Call& call, const Stats&, Lines& lines) {
  constexpr size_t kShown = 16;
  size_t place = 0;
  for (const auto& [key, share] : call.server.hot_keys().Hottest(kShown)) {
    lines.Add(fmt::format("hotkey{}", place++),
              fmt::format("db={},share={:.3f},key={:?}", call.access.DatabaseOf(key.stored), share, key.key));
  }
}

struct Section {
  std::string_view name;
  std::string_view title;
  bool is_default;
  void (*add)(Call&, const Stats&, Lines&);
};
constexpr Section kSections[] = {
    {"server", "Server", true, AddServer},
    {"clients", "Clients", true, AddClients},
    {"memory", "Memory", true, AddMemory},
    {"persistence", "Persistence", true, AddPersistence},
    {"stats", "Stats", true, AddStats},
    {"replication", "Replication", true, AddReplication},
    {"cpu", "CPU", true, AddCpu},
    {"commandstats", "Commandstats", false, AddCommandStats},
    {"errorstats", "Errorstats", true, AddErrorStats},
    {"amethyst", "Amethyst", true, AddAmethyst},
    {"hotkeys", "Hotkeys", false, AddHotKeys},
    {"keyspace", "Keyspace", true, AddKeyspace},
};

bool IsAsked(const Section& section, Arguments names) {
  if (names.empty()) return section.is_default;
  return std::ranges::any_of(names, [&](std::string_view name) {
    if (EqualsIgnoringCase(name, "all") || EqualsIgnoringCase(name, "everything")) return true;
    return EqualsIgnoringCase(name, section.name) || (section.is_default && EqualsIgnoringCase(name, "default"));
  });
}

}  // namespace

std::string InfoText(Call& call, Arguments names) {
  const Stats stats = call.access.space().db().GetStats();
  std::string text;
  Lines lines(&text);
  for (const Section& section : kSections) {
    if (!IsAsked(section, names)) continue;
    if (!text.empty()) text += "\r\n";
    text += fmt::format("# {}\r\n", section.title);
    section.add(call, stats, lines);
  }
  return text;
}

}  // namespace amethyst::server
