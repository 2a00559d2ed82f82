// /metrics. Covers: metrics, metric_text, server_metrics, engine_metrics, engine_counts, durability
#include <gmock/gmock.h>

#include <limits>
#include <map>
#include <regex>
#include <sstream>

#include "server/durability.h"
#include "server/engine_counts.h"
#include "server/http/metrics.h"
#include "server/http/server_routes.h"
#include "server/server_fixture.h"

namespace amethyst::server {
namespace {

using testing::HasSubstr;

class MetricsTest : public ServerTest {
 protected:
  [[nodiscard]] std::string Text() { return metrics_.Text(); }
  // The value of a line, as it stands there: "amethyst_keys{database=\"0\"}".
  [[nodiscard]] std::string Value(const std::string& series) {
    const std::string text = "\n" + Text();
    const size_t at = text.find("\n" + series + " ");
    if (at == std::string::npos) return "";
    const size_t begin = at + series.size() + 2;
    return text.substr(begin, text.find('\n', begin) - begin);
  }
  // A line of INFO.
  [[nodiscard]] std::string Info(const std::string& name) {
    constexpr std::string_view kLineEnd = "\\x0d\\x0a";  // As replies are shown.
    const std::string text = Send({"info", "everything"});
    const size_t at = text.find(std::string(kLineEnd) + name + ":");
    if (at == std::string::npos) return "";
    const size_t begin = at + kLineEnd.size() + name.size() + 1;
    return text.substr(begin, text.find(kLineEnd, begin) - begin);
  }

  net::HttpServer http_{net::HttpGuard([this] { return HttpAccessOf(config_); }, true), clock_};
  EngineCounts engine_;
  Metrics metrics_{*server_, http_, engine_};
};

TEST_F(MetricsTest, AreInTheFormatAndNamedByItsConventions) {
  Line("set a 1");
  Line("get a");
  Line("incr a b");
  const std::regex sample(R"re([a-z][a-z0-9_]*(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? [0-9.e+-]+)re");
  std::map<std::string, std::string> types;
  std::set<std::string> series;
  std::string name;
  std::string line;
  std::istringstream lines(Text());
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::string mark;
    std::string kind;
    if (line.starts_with("# HELP ")) {
      words >> mark >> kind >> name;
      EXPECT_TRUE(types.try_emplace(name).second) << name << " is described twice";
      EXPECT_THAT(line, testing::EndsWith("."));
    } else if (line.starts_with("# TYPE ")) {
      words >> mark >> kind >> mark >> types[name];
    } else {
      EXPECT_TRUE(std::regex_match(line, sample)) << line;
      EXPECT_TRUE(series.insert(line.substr(0, line.rfind(' '))).second) << line;
      EXPECT_THAT(line, testing::StartsWith(name));
    }
  }
  for (const auto& [metric, type] : types) {
    EXPECT_EQ(metric.ends_with("_total"), type == "counter") << metric;
    EXPECT_THAT(metric, testing::StartsWith("amethyst_"));
  }
  EXPECT_GT(types.size(), 80u);
}

// A name in INFO, and the metric that shows the same.
constexpr std::pair<const char*, const char*> kSharedWithInfo[] = {
    {"connected_clients", "amethyst_connections"},
    {"maxclients", "amethyst_connections_max"},
    {"blocked_clients", "amethyst_blocked_clients"},
    {"tracking_clients", "amethyst_tracking_clients"},
    {"used_memory_records", "amethyst_record_cache_bytes"},
    {"used_memory_lua", "amethyst_lua_memory_bytes"},
    {"used_memory_scripts", "amethyst_script_bytes"},
    {"number_of_cached_scripts", "amethyst_scripts"},
    {"maxmemory", "amethyst_memory_limit_bytes"},
    {"rdb_changes_since_last_save", "amethyst_changes_since_checkpoint"},
    {"rdb_saves", "amethyst_checkpoints_total"},
    {"total_connections_received", "amethyst_connections_accepted_total"},
    {"rejected_connections", "amethyst_connections_rejected_total"},
    {"expired_keys", "amethyst_expired_keys_total"},
    {"keyspace_hits", "amethyst_keyspace_hits_total"},
    {"keyspace_misses", "amethyst_keyspace_misses_total"},
    {"pubsub_channels", "amethyst_pubsub_names{kind=\"channel\"}"},
    {"pubsub_patterns", "amethyst_pubsub_names{kind=\"pattern\"}"},
    {"pubsubshard_channels", "amethyst_pubsub_names{kind=\"shard-channel\"}"},
    {"tracking_total_keys", "amethyst_tracking_keys"},
    {"tracking_total_items", "amethyst_tracking_items"},
    {"tracking_total_prefixes", "amethyst_tracking_prefixes"},
    {"total_error_replies", "amethyst_error_replies_total{code=\"ERR\"}"},
    {"writes", "amethyst_engine_writes_total"},
    {"user_bytes_written", "amethyst_engine_user_bytes_written_total"},
    {"wal_bytes", "amethyst_engine_wal_bytes_total"},
    {"wal_syncs", "amethyst_engine_wal_syncs_total"},
    {"memtables", "amethyst_engine_memtables"},
    {"memtable_bytes", "amethyst_engine_memtable_bytes"},
    {"cache_bytes", "amethyst_engine_cache_bytes"},
    {"cache_hits", "amethyst_engine_cache_hits_total"},
    {"cache_misses", "amethyst_engine_cache_misses_total"},
    {"blocks_read", "amethyst_engine_blocks_read_total"},
    {"flushes", "amethyst_engine_flushes_total"},
    {"compaction_debt_bytes", "amethyst_engine_compaction_debt_bytes"},
    {"write_delays", "amethyst_engine_write_delays_total"},
    {"write_waits", "amethyst_engine_write_waits_total"},
};

TEST_F(MetricsTest, AgreeWithInfo) {
  for (int i = 0; i < 300; ++i) Send({"set", "key" + std::to_string(i), std::string(100, 'v'), "ex", "100"});
  Line("get key1");
  Line("get none");
  Line("incr key1");
  Client listener(*this, "127.0.0.1:6");
  listener.Line("subscribe news");
  Line("eval \"return 1\" 0");
  Client other(*this, "127.0.0.1:7");
  other.Line("client tracking on");
  other.Line("get key2");
  ASSERT_TRUE(space_->db().Flush());
  for (const auto& [info, metric] : kSharedWithInfo) {
    const std::string shown = Info(info);
    EXPECT_NE(shown, "") << info;
    EXPECT_EQ(Value(metric), shown) << info << " and " << metric;
  }
  EXPECT_THAT(Info("db0"), HasSubstr("keys=" + Value("amethyst_keys{database=\"0\"}") + ","));
  EXPECT_THAT(Info("db0"), HasSubstr("expires=" + Value("amethyst_expiring_keys{database=\"0\"}") + ","));
  EXPECT_THAT(Info("cmdstat_set"),
              HasSubstr("calls=" + Value("amethyst_command_duration_seconds_count{command=\"set\"}")));
  EXPECT_THAT(Info("level0"), HasSubstr("tables=" + Value("amethyst_engine_level_tables{level=\"0\"}")));
}

TEST_F(MetricsTest, TellOfBytesThatAreNotOnDisk) {
  EXPECT_EQ(Value("amethyst_appendfsync_info{policy=\"everysec\"}"), "1");
  ASSERT_TRUE(space_->db().SyncWal());
  EXPECT_EQ(Value("amethyst_unsynced_bytes"), "0");
  Send({"set", "a", std::string(1000, 'v')});
  EXPECT_GT(std::stoul("0" + Value("amethyst_unsynced_bytes")), 1000u);
  clock_.Advance(std::chrono::seconds(5));
  ASSERT_TRUE(space_->db().SyncWal());
  EXPECT_EQ(Value("amethyst_unsynced_bytes"), "0");
  EXPECT_EQ(Value("amethyst_last_sync_timestamp_seconds"), std::to_string(clock_.wall.count() / 1000));
}

TEST_F(MetricsTest, KeysAreCountedRightBehindTheCommandThatAddsThem) {
  Line("set a 1 ex 100");
  EXPECT_EQ(Value("amethyst_keys{database=\"0\"}"), "1");
  EXPECT_EQ(Value("amethyst_expiring_keys{database=\"0\"}"), "1");
  EXPECT_EQ(Value("amethyst_keys{database=\"3\"}"), "");
  Line("move a 3");
  EXPECT_EQ(Value("amethyst_keys{database=\"0\"}"), "0");
  EXPECT_EQ(Value("amethyst_keys{database=\"3\"}"), "1");
}

TEST_F(MetricsTest, ALatencyIsInItsBucket) {
  Server::CommandCounters& counters = server_->command_counters()["get"];
  counters = {};
  for (const uint64_t took_us : {1, 16, 17, 5000, 60'000'000}) {
    ++counters.calls;
    counters.microseconds += took_us;
    counters.histogram.Add(took_us);
  }
  const std::string series = "amethyst_command_duration_seconds";
  EXPECT_EQ(Value(series + "_bucket{command=\"get\",le=\"1e-06\"}"), "1");
  EXPECT_EQ(Value(series + "_bucket{command=\"get\",le=\"1.6e-05\"}"), "2");
  EXPECT_EQ(Value(series + "_bucket{command=\"get\",le=\"6.4e-05\"}"), "3");
  EXPECT_EQ(Value(series + "_bucket{command=\"get\",le=\"0.004096\"}"), "3");
  EXPECT_EQ(Value(series + "_bucket{command=\"get\",le=\"0.016384\"}"), "4");
  EXPECT_EQ(Value(series + "_bucket{command=\"get\",le=\"16.777216\"}"), "4");
  EXPECT_EQ(Value(series + "_bucket{command=\"get\",le=\"+Inf\"}"), "5");
  EXPECT_EQ(Value(series + "_count{command=\"get\"}"), "5");
  EXPECT_EQ(Value(series + "_sum{command=\"get\"}"), "60.005034");
}

TEST(MetricTextTest, EscapesLabelsAndShowsNumbersThatAreNone) {
  MetricText text;
  text.Begin(MetricType::kGauge, "a", "Help.");
  text.Add(uint64_t{18'446'744'073'709'551'615U}, {{"x", "a\"b\\c\nd"}, {"y", ""}});
  text.Add(0.5);
  text.Add(std::numeric_limits<double>::infinity());
  text.Add(std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(text.Take(),
            "# HELP a Help.\n# TYPE a gauge\na{x=\"a\\\"b\\\\c\\nd\",y=\"\"} 18446744073709551615\na 0.5\n"
            "a +Inf\na NaN\n");
}

TEST(DurabilityTest, TheBoundIsTheLogBehindTheNewestDurableSample) {
  Durability durability;
  durability.Add({.sequence = 10, .durable_sequence = 10, .wal_bytes = 1000, .now_ms = 1});
  EXPECT_EQ(durability.unsynced_bytes(), 0u);
  durability.Add({.sequence = 20, .durable_sequence = 10, .wal_bytes = 2000, .now_ms = 2});
  durability.Add({.sequence = 30, .durable_sequence = 10, .wal_bytes = 3000, .now_ms = 3});
  EXPECT_EQ(durability.unsynced_bytes(), 2000u);
  EXPECT_EQ(durability.durable_ms(), 1u);
  durability.Add({.sequence = 40, .durable_sequence = 25, .wal_bytes = 4000, .now_ms = 4});
  EXPECT_EQ(durability.unsynced_bytes(), 2000u) << "20 is durable, and what lay behind it then";
  EXPECT_EQ(durability.durable_ms(), 4u);
  for (uint64_t i = 0; i < 1000; ++i) {
    durability.Add({.sequence = 50 + i, .durable_sequence = 25, .wal_bytes = 5000 + i, .now_ms = 5 + i});
  }
  EXPECT_EQ(durability.unsynced_bytes(), 3999u);
  durability.Add({.sequence = 2000, .durable_sequence = 2000, .wal_bytes = 6000, .now_ms = 2000});
  EXPECT_EQ(durability.unsynced_bytes(), 0u);
}

TEST(EngineCountsTest, CountsCompactionsByReason) {
  for (const auto& [text, reason] :
       {std::pair("level 0 has 5 runs, 4096 bytes", "level-0"),
        std::pair("level 3 has 1.20 of its target", "level-size"), std::pair("level 2 is not needed", "level-size"),
        std::pair("10 of 12 entries of level 0 and below are tombstones", "tombstones"),
        std::pair("tombstones of 000012 are 90 s old", "tombstones"),
        std::pair("10 of 12 entries of 000012 are tombstones, or have expired", "expired"),
        std::pair("entries of 000012 expired 90 s ago", "expired"),
        std::pair("range deletes are up to 90 s old", "range-deletes"),
        std::pair("12 range deletes are kept", "range-deletes"), std::pair("deleted by range", "range-deletes"),
        std::pair("4 small tables of level 3 are neighbours", "small-tables"),
        std::pair("level 3 of a compaction by hand", "by-hand"), std::pair("something new", "other")}) {
    EXPECT_EQ(CompactionReasonOf(text), reason) << text;
  }
  EngineCounts engine;
  Event event{
      .kind = amethyst::EventKind::kCompactionEnd, .text = "level 0 has 5 runs", .bytes_read = 10, .bytes_written = 7};
  engine.OnEvent(event);
  engine.OnEvent(event);
  event.error = ErrorCode::kIo;
  engine.OnEvent(event);
  const EngineCounts::Counts counts = engine.counts();
  EXPECT_EQ(counts.compactions[0].count, 2u);
  EXPECT_EQ(counts.compactions[0].bytes_read, 20u);
  EXPECT_EQ(counts.compactions[0].bytes_written, 14u);
  EXPECT_EQ(counts.failed_jobs, 1u);
}

TEST_F(MetricsTest, DelaysGoOnWhileTheyLast) {
  const std::chrono::system_clock::time_point start(clock_.wall);
  engine_.OnEvent({.kind = amethyst::EventKind::kWriteDelayBegin, .cause = DelayCause::kLevel0, .time = start});
  clock_.Advance(std::chrono::seconds(3));
  EXPECT_EQ(Value("amethyst_engine_writes_delayed{cause=\"level-0\"}"), "1");
  EXPECT_EQ(Value("amethyst_engine_writes_delayed_seconds_total{cause=\"level-0\"}"), "3");
  engine_.OnEvent({.kind = amethyst::EventKind::kWriteDelayEnd,
                   .cause = DelayCause::kLevel0,
                   .time = start + std::chrono::seconds(4)});
  clock_.Advance(std::chrono::seconds(3));
  EXPECT_EQ(Value("amethyst_engine_writes_delayed{cause=\"level-0\"}"), "0");
  EXPECT_EQ(Value("amethyst_engine_writes_delayed_seconds_total{cause=\"level-0\"}"), "4");
  engine_.OnEvent({.kind = amethyst::EventKind::kErrorLatched});
  engine_.OnEvent({.kind = amethyst::EventKind::kErrorWaits});
  EXPECT_EQ(Value("amethyst_engine_error_latched"), "1");
  EXPECT_EQ(Value("amethyst_engine_error_waiting"), "1");
  engine_.OnEvent({.kind = amethyst::EventKind::kErrorCleared});
  engine_.OnEvent({.kind = amethyst::EventKind::kEventsLost, .value = 7});
  EXPECT_EQ(Value("amethyst_engine_error_waiting"), "0");
  EXPECT_EQ(Value("amethyst_engine_lost_events_total"), "7");
}

}  // namespace
}  // namespace amethyst::server
