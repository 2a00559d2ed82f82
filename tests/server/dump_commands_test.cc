// Covers: dump_commands, dump, restore
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "server/rdb/dump_payload.h"
#include "server/rdb_fixture.h"
#include "server/server_fixture.h"

namespace amethyst::server {
namespace {

using std::chrono::milliseconds;

class DumpCommands : public ServerTest {
 protected:
  // A command for each type that shows the whole content.
  std::string ContentOf(const std::string& key) {
    const std::string type = Line("type " + key);
    if (type == "string") return Line("get " + key);
    if (type == "list") return Line("lrange " + key + " 0 -1");
    if (type == "set") return Line("sort " + key + " alpha");
    if (type == "zset") return Line("zrange " + key + " 0 -1 withscores");
    if (type == "hash") return Line("sort " + key + " by nosort") + Line("hlen " + key);
    if (type == "stream") return Line("xrange " + key + " - +") + Line("xinfo stream " + key + " full count 0");
    return type;
  }
  // The payload that Line takes as one word.
  std::string DumpOf(const std::string& key) { return Line("dump " + key); }
  std::string Restored(const std::string& key, const std::string& payload) {
    return Send({"restore", key, "0", payload, "replace"});
  }
};

TEST_F(DumpCommands, GoldenBytesOfRedisComeAndGo) {
  for (const rdb::GoldenDump& golden : rdb::GoldenDumps()) {
    for (const auto& [name, value] : golden.settings) Configure(name, value);
    for (const std::string& command : golden.commands) Line(command);
    const std::string payload = rdb::FromHex(golden.hex);
    ASSERT_EQ(Restored("restored", payload), "OK") << golden.name;
    if (Line("type k") == "hash") {
      EXPECT_EQ(Line("hgetall restored"), Line("hgetall k"));
    } else {
      EXPECT_EQ(ContentOf("restored"), ContentOf("k")) << golden.name;
    }
    EXPECT_EQ(Line("object encoding restored"), Line("object encoding k")) << golden.name;
    if (golden.is_same_again) {
      Line("set shown x");
      Send({"set", "shown", payload});
      EXPECT_EQ(DumpOf("k"), Line("get shown")) << golden.name;
    }
    Line("flushall");
  }
}

// Every type in its key's value, and exploded.
class DumpRoundTrips : public DumpCommands, public testing::WithParamInterface<std::string> {
 protected:
  DumpRoundTrips() {
    for (const char* const setting : {"hash-max-listpack-entries", "set-max-intset-entries",
                                      "zset-max-listpack-entries", "list-max-listpack-size"}) {
      Configure(setting, GetParam());
    }
  }
  void FillAll() {
    for (int i = 0; i < 100; ++i) {
      const std::string number = std::to_string(i * i * i);
      const std::string text = "text-" + number;
      Line("hset hash " + text + " " + number);
      Line("sadd integers " + number);
      Line("sadd set " + text);
      Line("zadd zset " + number + ".5 " + text);
      Line("rpush list " + number + " " + text);
      Line("xadd stream " + std::to_string(i + 1) + "-1 field " + text + (i % 10 == 0 ? " other x" : ""));
      clock_.Advance(milliseconds(1));
    }
    Line("set string hello");
    Send({"rpush", "list", std::string(20'000, 'x')});
    Line("zadd zset -inf least +inf most");
    Line("xdel stream 3-1 50-1");
    Line("xgroup create stream group 0 entriesread 0");
    Line("xgroup create stream 77 5-1");
    Line("xreadgroup group group one count 5 streams stream >");
    clock_.Advance(milliseconds(50));
    Line("xreadgroup group group two count 7 streams stream >");
    Line("xack stream group 2-1");
    Line("xgroup createconsumer stream 77 idle");
  }
};
INSTANTIATE_TEST_SUITE_P(Encodings, DumpRoundTrips, testing::Values("1000", "1"));

TEST_P(DumpRoundTrips, AreWholeForEveryType) {
  FillAll();
  for (const std::string key : {"string", "hash", "integers", "set", "zset", "list", "stream"}) {
    const std::string dump = DumpOf(key);
    ASSERT_EQ(Line("restore copy 0 " + dump + " replace"), "OK") << key;
    EXPECT_EQ(ContentOf("copy"), ContentOf(key)) << key;
    EXPECT_EQ(DumpOf("copy"), dump) << key;
    EXPECT_EQ(Line("object encoding copy"), Line("object encoding " + key)) << key;
    Restart();
    EXPECT_EQ(ContentOf("copy"), ContentOf(key)) << key;
  }
}

TEST_P(DumpRoundTrips, KeepPendingEntriesOfGroups) {
  FillAll();
  ASSERT_EQ(Line("restore copy 0 " + DumpOf("stream")), "OK");
  for (const std::string_view command : {"xinfo groups ", "xpending ", "xinfo consumers "}) {
    const std::string group = command == "xinfo groups " ? "" : " group";
    EXPECT_EQ(Line(std::string(command) + "copy" + group), Line(std::string(command) + "stream" + group));
  }
  EXPECT_EQ(Line("xpending copy group - + 20"), Line("xpending stream group - + 20"));
  EXPECT_EQ(Line("xreadgroup group group one streams copy 0").substr(10),
            Line("xreadgroup group group one streams stream 0").substr(12));
  EXPECT_EQ(Line("xack copy group 4-1"), "1");
  EXPECT_EQ(Line("xadd copy 99-1 a b").substr(0, 7), "(error)");
}

TEST_F(DumpCommands, WhatIsNotThereIsDumpedAsNull) { EXPECT_EQ(Line("dump no"), "(nil)"); }

TEST_F(DumpCommands, RefusesWhatRedisRefuses) {
  Line("set k v");
  const std::string dump = DumpOf("k");
  const auto restore = [&](const std::string& rest) { return Line("restore n " + rest); };
  EXPECT_EQ(Line("restore k 0 " + dump), "(error) BUSYKEY Target key name already exists.");
  EXPECT_EQ(Line("restore k x nonsense"), "(error) BUSYKEY Target key name already exists.");
  EXPECT_EQ(restore("x " + dump), "(error) ERR value is not an integer or out of range");
  EXPECT_EQ(restore("-1 " + dump), "(error) ERR Invalid TTL value, must be >= 0");
  EXPECT_EQ(restore("0 nonsense"), "(error) ERR DUMP payload version or checksum are wrong");
  EXPECT_EQ(restore("0 " + dump + " foo"), "(error) ERR syntax error");
  EXPECT_EQ(restore("0 " + dump + " idletime"), "(error) ERR syntax error");
  EXPECT_EQ(restore("0 " + dump + " idletime -1"), "(error) ERR Invalid IDLETIME value, must be >= 0");
  EXPECT_EQ(restore("0 " + dump + " idletime x"), "(error) ERR value is not an integer or out of range");
  EXPECT_EQ(restore("0 " + dump + " freq 256"), "(error) ERR Invalid FREQ value, must be >= 0 and <= 255");
  EXPECT_EQ(restore("0 " + dump + " freq x"), "(error) ERR value is not an integer or out of range");
  EXPECT_EQ(restore("0 " + dump + " freq 1 idletime 1"), "(error) ERR syntax error");
  EXPECT_EQ(restore("0 " + dump + " idletime 1 freq 1"), "(error) ERR syntax error");
  EXPECT_EQ(restore("9223372036854775807 " + dump), "(error) ERR invalid expire time in 'restore' command");
  EXPECT_EQ(Line("exists n"), "0");
  EXPECT_EQ(restore("0 " + dump + " freq 255 ABSTTL"), "OK");
}

TEST_F(DumpCommands, BytesThatAreNoObjectChangeNothing) {
  Line("set k v");
  std::string payload = rdb::FromHex("0505");
  rdb::SealPayload(&payload);
  EXPECT_EQ(Restored("k", payload), "(error) ERR Bad data format");
  EXPECT_EQ(Line("get k"), "\"v\"");
}

TEST_F(DumpCommands, SetsAnExpiry) {
  Line("set k v ex 100");
  const std::string dump = DumpOf("k");
  EXPECT_EQ(Line("restore k 0 " + dump + " replace"), "OK");
  EXPECT_EQ(Line("pttl k"), "-1");
  EXPECT_EQ(Line("restore k 5000 " + dump + " replace"), "OK");
  EXPECT_EQ(Line("pttl k"), "5000");
  EXPECT_EQ(Line("restore k 1700000003000 " + dump + " absttl replace"), "OK");
  EXPECT_EQ(Line("pttl k"), "3000");
  EXPECT_EQ(Line("restore k 1 " + dump + " absttl replace"), "OK");
  EXPECT_EQ(Line("exists k"), "0");
  EXPECT_EQ(Line("restore k 1 " + dump + " absttl"), "OK");
  EXPECT_EQ(Line("dbsize"), "0");
}

TEST_F(DumpCommands, TellsOfTheKey) {
  Line("set k v");
  const std::string dump = DumpOf("k");
  Configure("notify-keyspace-events", "KEA");
  Client listener(*this, "127.0.0.1:7");
  listener.Line("psubscribe __keyevent@0__:*");
  Line("restore n 0 " + dump);
  EXPECT_EQ(listener.Received(), "[\"pmessage\", \"__keyevent@0__:*\", \"__keyevent@0__:restore\", \"n\"]");
  Line("restore n 1 " + dump + " absttl replace");
  EXPECT_EQ(listener.Received(), "[\"pmessage\", \"__keyevent@0__:*\", \"__keyevent@0__:del\", \"n\"]");
}

TEST_F(DumpCommands, WakesWhoWaitsForElements) {
  Line("rpush k a");
  const std::string dump = DumpOf("k");
  Client waiting(*this, "127.0.0.1:7");
  EXPECT_EQ(waiting.Line("blpop n 0"), "");
  EXPECT_EQ(Line("restore n 0 " + dump), "OK");
  EXPECT_EQ(waiting.Received(), "[\"n\", \"a\"]");
}

TEST_F(DumpCommands, NamesThatTheEngineCannotKeepAreRefused) {
  std::string hash = rdb::FromHex("04018000010000") + std::string(65536, 'f') + "\x01v";
  rdb::SealPayload(&hash);
  EXPECT_NE(Restored("k", hash).find("field or member is longer"), std::string::npos);
  EXPECT_EQ(Line("exists k"), "0");
}

TEST_F(DumpCommands, FlippedBytesWithARightChecksumAreHarmless) {
  for (const rdb::GoldenDump& golden : rdb::GoldenDumps()) {
    const std::string payload = rdb::FromHex(golden.hex);
    const std::string object(rdb::OpenPayload(payload).value_or(""));
    for (size_t i = 0; i < object.size(); ++i) {
      for (const int mask : {1, 2, 0x10, 0x80, 0xff}) {
        std::string flipped = object;
        flipped[i] = static_cast<char>(flipped[i] ^ mask);
        rdb::SealPayload(&flipped);
        if (Restored("k", flipped) != "OK") continue;
        EXPECT_NE(DumpOf("k"), "(nil)");
        EXPECT_NE(ContentOf("k"), "none");
      }
    }
  }
}

}  // namespace
}  // namespace amethyst::server
