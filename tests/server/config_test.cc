// Covers: config, config_file, config_commands, output_limits
#include "server/config.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "server/config_file.h"
#include "server/server_fixture.h"

namespace amethyst::server {
namespace {

class ConfigCommands : public ServerTest {};

TEST_F(ConfigCommands, GetByPatterns) {
  EXPECT_EQ(Line("config get timeout"), "[\"timeout\", \"0\"]");
  EXPECT_EQ(Line("config get TIMEOUT"), "[\"timeout\", \"0\"]");
  EXPECT_EQ(Line("config get maxmem* timeout maxmemory"),
            R"(["maxmemory", "0", "maxmemory-policy", "noeviction", "timeout", "0"])");
  EXPECT_EQ(Line("config get nosuch"), "[]");
  EXPECT_EQ(Line("hello 3").substr(0, 1), "{");
  EXPECT_EQ(Line("config get timeout"), "{\"timeout\": \"0\"}");
}

TEST_F(ConfigCommands, SetAllOrNone) {
  EXPECT_EQ(Line("config set timeout 10 maxmemory 2mb"), "OK");
  EXPECT_EQ(Line("config get timeout maxmemory"), R"(["maxmemory", "2097152", "timeout", "10"])");
  EXPECT_EQ(
      Line("config set timeout 20 maxmemory x"),
      "(error) ERR CONFIG SET failed (possibly related to argument 'maxmemory') - argument must be a memory value");
  EXPECT_EQ(Line("config get timeout"), "[\"timeout\", \"10\"]");
}

TEST_F(ConfigCommands, RefuseAsRedisDoes) {
  const auto failed = [](const std::string& name, const std::string& why) {
    return "(error) ERR CONFIG SET failed (possibly related to argument '" + name + "') - " + why;
  };
  EXPECT_EQ(Line("config set timeout x"), failed("timeout", "argument couldn't be parsed into an integer"));
  EXPECT_EQ(Line("config set timeout -1"), failed("timeout", "argument must be between 0 and 2147483647 inclusive"));
  EXPECT_EQ(Line("config set appendfsync x"),
            failed("appendfsync", "argument(s) must be one of the following: everysec, always, no"));
  EXPECT_EQ(Line("config set databases 5"), failed("databases", "can't set immutable config"));
  EXPECT_EQ(Line("config set databases 16"), "OK") << "as it is";
  EXPECT_EQ(Line("config set appendonly no"), failed("appendonly", "argument(s) must be one of the following: yes"));
  EXPECT_EQ(Line("config set appendonly x"), failed("appendonly", "argument must be 'yes' or 'no'"));
  EXPECT_EQ(Line("config set save x"), failed("save", "Invalid save parameters"));
  EXPECT_EQ(Line("config set dir x"), failed("dir", "can't set protected config"));
  EXPECT_EQ(Line("config set daemonize yes"), failed("daemonize", "can't set immutable config"));
  EXPECT_EQ(Line("config set timeout 1 timeout 2"), failed("timeout", "duplicate parameter"));
  EXPECT_EQ(Line("config set timeout x foo 2"),
            "(error) ERR Unknown option or number of arguments for CONFIG SET - 'foo'");
  EXPECT_EQ(Line("config set a"), "(error) ERR wrong number of arguments for 'config|set' command");
  EXPECT_EQ(Line("config set a b c"), "(error) ERR syntax error");
  EXPECT_EQ(Line("config get"), "(error) ERR wrong number of arguments for 'config|get' command");
  EXPECT_EQ(Line("config rewrite"), "(error) ERR The server is running without a config file");
}

TEST_F(ConfigCommands, LimitTheAnswersOfEachClassOfClients) {
  const auto limits = [&] { return Line("config get client-output-buffer-limit"); };
  const auto set = [&](const std::string& text) { return Send({"config", "set", "client-output-buffer-limit", text}); };
  const auto failed = [](const std::string& why) {
    return "(error) ERR CONFIG SET failed (possibly related to argument 'client-output-buffer-limit') - " + why +
           " buffer limit configuration.";
  };
  constexpr const char* kPreset =
      R"(["client-output-buffer-limit", "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60"])";
  EXPECT_EQ(limits(), kPreset);
  EXPECT_EQ(set(""), "OK");
  EXPECT_EQ(set("normal 1 2"), failed("Wrong number of arguments in"));
  EXPECT_EQ(set("master 1 2 3"), failed("Invalid client class specified in"));
  for (const char* const text : {"normal x 2 3", "normal -1 2 3", "normal 1 2 -3", "normal 1 2 3x"}) {
    EXPECT_EQ(set(text), failed("Error in hard, soft or soft_seconds setting in")) << text;
  }
  EXPECT_EQ(limits(), kPreset);
  EXPECT_EQ(set("NORMAL 1mb 2 3 replica 4 5 6"), "OK");
  EXPECT_EQ(limits(), R"(["client-output-buffer-limit", "normal 1048576 2 3 slave 4 5 6 pubsub 33554432 8388608 60"])");
}

TEST_F(ConfigCommands, KeepChoicesInLowerCase) {
  EXPECT_EQ(Line("config set appendfsync NO"), "OK");
  EXPECT_EQ(Line("config get appendfsync"), "[\"appendfsync\", \"no\"]");
  EXPECT_EQ(config_.values().appendfsync, "no");
}

TEST_F(ConfigCommands, KnowOldNames) {
  EXPECT_EQ(Line("config set hash-max-ziplist-entries 5"), "OK");
  EXPECT_EQ(Line("config get hash-max-listpack-entries"), "[\"hash-max-listpack-entries\", \"5\"]");
  EXPECT_EQ(config_.values().hash.entries_max, 5U);
}

TEST_F(ConfigCommands, OrderTheLettersOfEvents) {
  struct Letters {
    std::string given;
    std::string shown;
  };
  for (const auto& [given, shown] : {Letters{"KEA", "AKE"}, Letters{"KE$gdxm", "g$xdKEm"}, Letters{"gnmE", "gnEm"},
                                     Letters{"tdK", "tdK"}, Letters{"", ""}}) {
    EXPECT_EQ(Send({"config", "set", "notify-keyspace-events", given}), "OK");
    EXPECT_EQ(Line("config get notify-keyspace-events"), "[\"notify-keyspace-events\", \"" + shown + "\"]");
  }
  EXPECT_EQ(Line("config set notify-keyspace-events q").substr(0, 30), "(error) ERR CONFIG SET failed ");
}

TEST_F(ConfigCommands, TellTheEngineHowOftenToSync) {
  const auto interval = [&] { return space_->db().Change({})->sync_interval_ms; };
  EXPECT_EQ(interval(), 1000U);
  EXPECT_EQ(Line("config set appendfsync no"), "OK");
  EXPECT_EQ(interval(), 0U);
  EXPECT_EQ(Line("config set appendfsync everysec"), "OK");
  EXPECT_EQ(interval(), 1000U);
}

TEST_F(ConfigCommands, TellTheEngineHowMuchMemoryItHas) {
  EXPECT_EQ(Line("config set maxmemory 96mb"), "OK");
  EXPECT_EQ(space_->db().Change({})->memory_budget_bytes, size_t{56} << 20)
      << "32 MiB are for connections, and 8 for records of keys";
  EXPECT_EQ(Line("config set maxmemory 1mb"), "OK");
  EXPECT_EQ(space_->db().Change({})->memory_budget_bytes, size_t{4} << 20) << "the least that it works with";
}

TEST_F(ConfigCommands, ResetWhatIsCounted) {
  EXPECT_EQ(Line("get a"), "(nil)");
  EXPECT_EQ(server_->counters().lookups.misses, 1U);
  EXPECT_EQ(Line("config resetstat"), "OK");
  EXPECT_EQ(server_->counters().lookups.misses, 0U);
  EXPECT_EQ(server_->counters().commands, 0U);
}

TEST(Config, SetsAtTheStartWhatIsFixedLater) {
  Config config;
  EXPECT_FALSE(config.Set({{"unixsocketperm", "770"}}));
  EXPECT_TRUE(config.Set({{"unixsocketperm", "770"}}, true));
  EXPECT_EQ(config.values().unix_socket_mode, 0770U);
  for (const char* const wrong : {"", "8", "1000", "-1", "7x"}) {
    EXPECT_FALSE(config.Set({{"unixsocketperm", wrong}}, true)) << wrong;
  }
}

TEST_F(ConfigCommands, ListenElsewhereOrChangeNothing) {
  int listens = 0;
  Status outcome;
  server_->SetListen([&] {
    ++listens;
    return outcome;
  });
  EXPECT_EQ(Line("config set port 7000"), "OK");
  EXPECT_EQ(listens, 1);
  EXPECT_EQ(Line("config set port 7000 timeout 5"), "OK");
  EXPECT_EQ(listens, 1) << "it is there already";
  outcome = std::unexpected(Error(ErrorCode::kBusy, "taken"));
  EXPECT_EQ(Line("config set timeout 9 tls-port 7001"),
            "(error) ERR CONFIG SET failed (possibly related to argument 'tls-port') - taken");
  EXPECT_EQ(Line("config get timeout"), "[\"timeout\", \"5\"]");
  EXPECT_EQ(Line("config get tls-port"), "[\"tls-port\", \"0\"]");
}

TEST(ConfigFile, RefusesABadLineByItsNumber) {
  const auto environment = NewInMemoryEnvironment();
  io::FileSystem& files = environment->files();
  const auto read = [&](const std::string& text) {
    Config config;
    EXPECT_TRUE(io::ReplaceFile(files, "a.conf", text));
    const Status status = ReadConfigFile(files, "a.conf", &config);
    return status ? "OK" : status.error().message();
  };
  const std::string_view help = "; correct the line, or put a # before it";
  EXPECT_EQ(read("# mine\n\nport 7000\r\n  # and\nbind 127.0.0.1 ::1\n"), "OK");
  EXPECT_EQ(read("\nport x\n"),
            fmt::format("a.conf, line 2: 'port': argument couldn't be parsed into an integer{}", help));
  EXPECT_EQ(read("foo bar"), fmt::format("a.conf, line 1: Unknown option or number of arguments - 'foo'{}", help));
  EXPECT_EQ(read("port"), fmt::format("a.conf, line 1: port has no value{}", help));
  EXPECT_EQ(read("port \"1"), fmt::format("a.conf, line 1: a quote is not closed{}", help));
  EXPECT_EQ(read("include a.conf"), fmt::format("a.conf, line 1: too many files include one another{}", help));
}

TEST(ConfigFile, SkipsWhiteSpaceOfAnyKind) {
  const auto environment = NewInMemoryEnvironment();
  Config config;
  EXPECT_TRUE(io::ReplaceFile(environment->files(), "a.conf", "\f\n\v \n\r\r\ntimeout 6\n"));
  EXPECT_TRUE(ReadConfigFile(environment->files(), "a.conf", &config));
  EXPECT_EQ(config.values().timeout_s, 6U);
}

TEST(ConfigFile, IncludesAnother) {
  const auto environment = NewInMemoryEnvironment();
  EXPECT_TRUE(io::ReplaceFile(environment->files(), "b.conf", "timeout 5\nmaxclients 7\n"));
  EXPECT_TRUE(io::ReplaceFile(environment->files(), "a.conf", "maxclients 3\ninclude b.conf\ntimeout 6\n"));
  Config config;
  EXPECT_TRUE(ReadConfigFile(environment->files(), "a.conf", &config));
  EXPECT_EQ(config.values().timeout_s, 6U);
  EXPECT_EQ(config.values().maxclients, 7U);
}

TEST(ConfigFile, KeepsCommentsOrderAndWhatIsTheSame) {
  const std::string text =
      "# hello\nport 7799\n\ntimeout 5\n# memory here\nmaxmemory 10mb\nhash-max-ziplist-entries 9\ntimeout 7\ninclude "
      "x";
  const auto environment = NewInMemoryEnvironment();
  EXPECT_TRUE(io::ReplaceFile(environment->files(), "a.conf", text.substr(0, text.find("include"))));
  Config config;
  ASSERT_TRUE(ReadConfigFile(environment->files(), "a.conf", &config));
  ASSERT_TRUE(
      config.Set({{"requirepass", "a b\"c\n"}, {"notify-keyspace-events", "KEA"}, {"hash-max-listpack-entries", "8"}}));
  const std::string rewritten = RewrittenConfig(text, config);
  EXPECT_EQ(rewritten,
            "# hello\nport 7799\n\ntimeout 7\n# memory here\nmaxmemory 10mb\nhash-max-listpack-entries 8\ninclude x\n"
            "\n# Generated by CONFIG REWRITE\nnotify-keyspace-events AKE\nrequirepass \"a b\\\"c\\x0a\"\n");
  EXPECT_EQ(RewrittenConfig(rewritten, config), rewritten);
  ASSERT_TRUE(config.Set({{"requirepass", ""}, {"maxclients", "5"}}));
  const std::string again = RewrittenConfig(rewritten, config);
  EXPECT_NE(again.find("AKE\nrequirepass \"\"\nmaxclients 5\n"), std::string::npos) << again;
}

TEST_F(ConfigCommands, RewriteTheFile) {
  config_.SetFile("a.conf");
  EXPECT_TRUE(io::ReplaceFile(environment_->files(), "a.conf", "timeout 5\n"));
  EXPECT_EQ(Line("config set timeout 6"), "OK");
  EXPECT_EQ(Line("config rewrite"), "OK");
  EXPECT_EQ(*io::ReadFile(environment_->files(), "a.conf"), "timeout 6\n");
  config_.SetFile("missing/a.conf");
  EXPECT_EQ(Line("config rewrite").substr(0, 34), "(error) ERR Rewriting config file:");
}

TEST_F(ConfigCommands, KeepWhatTheEngineRefuses) {
  EXPECT_EQ(Line("config set timeout 7 maxmemory 9000000000gb").substr(0, 11), "(error) ERR");
  ASSERT_TRUE(space_->Close());
  EXPECT_EQ(Line("config set timeout 7 maxmemory 96mb").substr(0, 32), "(error) ERR CONFIG SET failed - ");
  EXPECT_EQ(Line("config get timeout maxmemory"), R"(["maxmemory", "0", "timeout", "0"])");
}

// What tools do that copy settings from one server to another.
TEST_F(ConfigCommands, TakeBackAllThatTheyShow) {
  for (const auto& [name, value] : config_.Get("*")) EXPECT_EQ(Send({"config", "set", name, value}), "OK") << name;
}

}  // namespace
}  // namespace amethyst::server
