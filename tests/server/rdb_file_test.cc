// Covers: rdb_file_reader, importer, import, rdb_parts
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "base/coding.h"
#include "server/keyspace/stored_key.h"
#include "server/program.h"
#include "server/rdb/crc64.h"
#include "server/rdb/dump.h"
#include "server/rdb/importer.h"
#include "server/rdb/rdb_file_reader.h"
#include "server/rdb/rdb_parts.h"
#include "server/rdb_fixture.h"
#include "server/server_fixture.h"
#include "support/temp_directory.h"

namespace amethyst::server::rdb {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::string Prefixed(std::string_view text) { return static_cast<char>(text.size()) + std::string(text); }

// A whole file of these items.
std::string FileOf(const std::string& items, std::string_view version = "0010") {
  std::string file = fmt::format("REDIS{}{}\xff", version, items);
  base::AppendFixed(&file, Crc64(file));
  return file;
}

std::string StringItem(std::string_view key, std::string_view value) {
  return std::string(1, '\0') + Prefixed(key) + Prefixed(value);
}

class RdbFile : public ServerTest {
 protected:
  // What an import says: "OK", or its error.
  std::string Import(const std::string& bytes) {
    io::FileSystem& files = environment_->files();
    EXPECT_TRUE(io::ReplaceFile(files, "f", bytes));
    auto reader = FileReader::Open(files, "f");
    if (!reader) return reader.error().message();
    Importer importer(*space_, config_, 1'700'000'000'000);
    FileReader::Entry entry;
    while (true) {
      const auto next = (*reader)->Next(&entry);
      if (!next) return next.error().message();
      if (!*next) break;
      if (const Status put = importer.Put(entry); !put) return put.error().message();
    }
    if (const Status finished = importer.Finish(); !finished) return finished.error().message();
    libraries_ = (*reader)->libraries();
    expired_ = importer.expired();
    return "OK";
  }

  uint64_t libraries_ = 0;
  uint64_t expired_ = 0;
};

TEST_F(RdbFile, MayHaveAStreamThatIsLargerThanABatch) {
  EXPECT_EQ(Line("config set maxmemory 36mb"), "OK");  // A batch has 1 MiB then.
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(Send({"xadd", "s", std::to_string(i + 1) + "-0", "f", std::string(10'240, 'x')}),
              fmt::format("\"{}-0\"", i + 1));
  }
  std::string object;
  {
    Access access(*space_);
    access.Begin(0, server_->NowMs());
    StoredKey key(access, "s");
    object = DumpObject(key, config_);
  }
  EXPECT_EQ(Line("flushall"), "OK");
  const std::string stream = object.substr(0, 1) + Prefixed("s") + object.substr(1);
  EXPECT_EQ(Import(FileOf("\xfe" + std::string(1, '\0') + StringItem("a", "1") + stream)), "OK");
  EXPECT_EQ(Line("get a"), "\"1\"");
  EXPECT_EQ(Line("xlen s"), "300");
}

TEST_F(RdbFile, HasKeysOfSeveralDatabasesAndTheirExpiry) {
  std::string items =
      "\xfa" + Prefixed("redis-ver") + Prefixed("7.0.15") + "\xfe" + std::string(1, '\0') + "\xfb\x02\x01";
  items += StringItem("a", "1") + "\xfc";
  base::AppendFixed(&items, uint64_t{1'700'000'100'000});
  items += "\xf8\x05" + StringItem("b", "2") + "\xfd";
  base::AppendFixed(&items, uint32_t{1'600'000'000});
  items += "\xf9\x05" + StringItem("old", "3") + "\xf5" + Prefixed("#!lua name=x") + "\xfe\x0f" + StringItem("c", "4");
  EXPECT_EQ(Import(FileOf(items)), "OK");
  EXPECT_EQ(libraries_, 1U);
  EXPECT_EQ(expired_, 1U);
  EXPECT_EQ(Line("mget a b old"), R"(["1", "2", (nil)])");
  EXPECT_EQ(Line("pexpiretime b"), "1700000100000");
  EXPECT_EQ(Line("pexpiretime a"), "-1");
  EXPECT_EQ(Line("select 15"), "OK");
  EXPECT_EQ(Line("get c"), "\"4\"");
  EXPECT_EQ(Line("dbsize"), "1");
}

TEST_F(RdbFile, HasEveryTypeAsRedisDumpedIt) {
  std::string items;
  for (const GoldenDump& golden : GoldenDumps()) {
    const std::string payload = FromHex(golden.hex);
    items += payload[0] + Prefixed(golden.name) + payload.substr(1, payload.size() - 11);
  }
  EXPECT_EQ(Import(FileOf(items)), "OK");
  for (const GoldenDump& golden : GoldenDumps()) {
    const std::string imported = Send({"dump", golden.name});
    EXPECT_EQ(Send({"restore", "k", "0", FromHex(golden.hex), "replace"}), "OK") << golden.name;
    EXPECT_EQ(Line("dump k"), imported) << golden.name;
  }
}

TEST_F(RdbFile, ReplacesKeysAndLeavesOthers) {
  EXPECT_EQ(Line("rpush a x y"), "2");
  EXPECT_EQ(Line("set other 1 ex 100"), "OK");
  EXPECT_EQ(Import(FileOf(StringItem("a", "1"))), "OK");
  EXPECT_EQ(Line("mget a other"), R"(["1", "1"])");
}

TEST_F(RdbFile, LargeCollectionsTakeSeveralBatches) {
  const std::string big(60, 'v');
  std::string list = "\x01" + Prefixed("list");
  std::string hash = "\x04" + Prefixed("hash");
  constexpr uint32_t kCount = 60'000;
  for (std::string* const item : {&list, &hash}) {
    *item += '\x80';
    for (int shift = 24; shift >= 0; shift -= 8) *item += static_cast<char>(kCount >> shift);
  }
  for (uint32_t i = 0; i < kCount; ++i) {
    list += Prefixed(big + std::to_string(i % 7));
    hash += Prefixed(std::to_string(i)) + Prefixed(std::to_string(i + 1));
  }
  EXPECT_EQ(Import(FileOf(list + hash)), "OK");
  EXPECT_EQ(Line("llen list"), std::to_string(kCount));
  EXPECT_EQ(Line("lindex list -1"), "\"" + big + std::to_string((kCount - 1) % 7) + "\"");
  EXPECT_EQ(Line("hlen hash"), std::to_string(kCount));
  EXPECT_EQ(Line("hget hash 59999"), "\"60000\"");
}

TEST_F(RdbFile, SaysWhereItIsDamaged) {
  const std::string one = StringItem("a", "1");
  EXPECT_THAT(Import("RED"), HasSubstr("not a file of Redis: it has 3 bytes"));
  EXPECT_THAT(Import("SQLite format 3"), HasSubstr("not a file of Redis: it begins with 'SQLite fo'"));
  EXPECT_THAT(Import(FileOf(one, "0011")), HasSubstr("version 11, of a Redis newer than 7.0"));
  EXPECT_THAT(Import(FileOf(one) + "x"), HasSubstr("1 bytes stand behind the end"));
  std::string wrong = FileOf(one);
  wrong[13] ^= 1;
  EXPECT_THAT(Import(wrong), AllOf(HasSubstr("offset 15: checksum expected"), HasSubstr("found")));
  EXPECT_EQ(Import(FileOf(one).substr(0, 15) + std::string(8, '\0')), "OK") << "no checksum";
  EXPECT_EQ(Import("REDIS0003" + one + "\xff"), "OK") << "those had none";
  EXPECT_THAT(Import("REDIS0010" + one), HasSubstr("ends within what begins at offset 14"));
  EXPECT_THAT(Import(FileOf("\x06" + Prefixed("m"))), HasSubstr("offset 9: a value of a module"));
  EXPECT_THAT(Import(FileOf("\xf7\x01")), HasSubstr("offset 9: data of a module"));
  EXPECT_THAT(Import(FileOf("\xf6\x01")), HasSubstr("offset 9: 246 is nothing that Redis 7.0 writes"));
  EXPECT_THAT(Import(FileOf("\xfe\x10" + one)), HasSubstr("offset 9: what stands between two keys is damaged"));
  EXPECT_THAT(Import(FileOf(one + "\x63" + Prefixed("k"))),
              HasSubstr("offset 14: a key or its value, of type 99, is damaged"));
}

TEST_F(RdbFile, EveryCutAndEveryFlippedByteIsFound) {
  std::string items;
  for (const GoldenDump& golden : GoldenDumps()) {
    const std::string payload = FromHex(golden.hex);
    items += payload[0] + Prefixed(golden.name) + payload.substr(1, payload.size() - 11);
    if (items.size() > 2000) break;
  }
  const std::string file = FileOf(items);
  for (size_t length = 0; length < file.size(); ++length) EXPECT_NE(Import(file.substr(0, length)), "OK") << length;
  for (size_t i = 0; i < file.size(); ++i) {
    std::string flipped = file;
    flipped[i] = static_cast<char>(flipped[i] ^ 0x10);
    if (i > 4 && i < 9) continue;  // An older version has no checksum.
    EXPECT_NE(Import(flipped), "OK") << i;
  }
}

class RdbParts : public ServerTest {
 protected:
  // The keys of the parts, one after the other.
  std::vector<KeyName> Keys(Parts& parts) {
    std::vector<KeyName> keys;
    FileReader::Entry entry;
    for (size_t part = 0; part < parts.count(); ++part) {
      const auto reader = parts.Read(part).value();
      while (reader->Next(&entry).value()) {
        keys.push_back({.stored = static_cast<uint16_t>(entry.database), .key = std::string(entry.key)});
        expiries_.push_back(entry.expires_ms);
        values_.emplace_back(entry.value.strings.at(0));
      }
    }
    return keys;
  }
  Parts Split(const std::string& items, size_t count) {
    io::FileSystem& files = environment_->files();
    EXPECT_TRUE(io::ReplaceFile(files, "f", FileOf(items)));
    const auto reader = FileReader::Open(files, "f").value();
    Parts parts = Parts::Create(files, "part", count).value();
    FileReader::Entry entry;
    while (reader->Next(&entry).value()) EXPECT_TRUE(parts.Add(entry));
    EXPECT_TRUE(parts.Finish());
    return parts;
  }

  std::vector<TimeMs> expiries_;
  std::vector<std::string> values_;
};

TEST_F(RdbParts, HoldAllKeysInTheOrderOfTheirPlaces) {
  std::string items;
  for (int i = 0; i < 3000; ++i) items += StringItem("key" + std::to_string(i), std::string(60, 'v'));
  Parts parts = Split(items, 40);
  std::set<std::string> found;
  uint64_t part_end = 0;
  for (size_t part = 0; part < parts.count(); ++part) {
    const auto reader = parts.Read(part).value();
    FileReader::Entry entry;
    uint64_t greatest = part_end;
    size_t count = 0;
    for (; reader->Next(&entry).value(); ++count) {
      const uint64_t place = PlaceOf(entry.key);
      EXPECT_GE(place, part_end);
      greatest = std::max(greatest, place);
      found.insert(std::string(entry.key));
    }
    EXPECT_LT(count, 150u) << "parts are of about one size";
    part_end = greatest;
  }
  EXPECT_EQ(found.size(), 3000u);
}

TEST_F(RdbParts, KeepDatabaseExpiryAndTheOrderOfEqualKeys) {
  std::string expiring = "\xfc";
  base::AppendFixed(&expiring, uint64_t{1'800'000'000'123});
  Parts parts = Split(StringItem("a", "1") + "\xfe\x03" + expiring + StringItem("a", "2") + StringItem("a", "3") +
                          "\xfe" + std::string(1, '\0') + StringItem("a", "4"),
                      2);
  EXPECT_THAT(Keys(parts), testing::ElementsAre(KeyName{0, "a"}, KeyName{3, "a"}, KeyName{3, "a"}, KeyName{0, "a"}));
  EXPECT_THAT(expiries_, testing::ElementsAre(kNoExpiry, 1'800'000'000'123, kNoExpiry, kNoExpiry));
  EXPECT_THAT(values_, testing::ElementsAre("1", "2", "3", "4"));
}

TEST_F(RdbParts, LeaveNoNames) {
  const Parts parts = Split(StringItem("a", "1"), 4);
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(environment_->files().Exists("part" + std::to_string(i)).value());
}

class ImportProgram : public testing::Test {
 protected:
  std::string Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "import");
    std::ostringstream out;
    std::ostringstream err;
    const int code = RunProgram(arguments, out, err);
    return fmt::format("{}: {}{}", code, out.str(), err.str());
  }
  std::string Write(const std::string& name, const std::string& bytes) {
    std::ofstream(directory_.File(name), std::ios::binary) << bytes;
    return directory_.File(name);
  }

  const support::TempDirectory directory_;
  const std::string db_ = directory_.File("db");
};

TEST_F(ImportProgram, MakesADatabaseOrNothing) {
  const std::string good = Write("good.rdb", FileOf(StringItem("a", "1") + StringItem("b", "2")));
  const std::string cut = Write("cut.rdb", FileOf(StringItem("a", "1")).substr(0, 16));
  EXPECT_THAT(Run({cut, "--dir", db_}), HasSubstr("3: amethystd: Corruption"));
  EXPECT_FALSE(std::filesystem::exists(db_));
  EXPECT_FALSE(std::filesystem::exists(db_ + ".import"));
  EXPECT_THAT(Run({good, "--dir", db_}), HasSubstr("0: imported 2 keys from "));
  EXPECT_THAT(Run({good, "--dir", db_}),
              AllOf(HasSubstr("2: amethystd: "), HasSubstr("is not empty; --merge imports")));
  EXPECT_THAT(Run({cut, "--dir", db_, "--merge"}), HasSubstr("3: amethystd: Corruption"));
  EXPECT_THAT(Run({good, "--dir", db_, "--merge", "--json"}),
              AllOf(HasSubstr("0: {\"keys\":2,\"expired\":0,\"libraries\":0,\"bytes\":"), HasSubstr("\"seconds\":")));
  const auto space = Space::Open(db_, {});
  ASSERT_TRUE(space);
  EXPECT_EQ((*space)->KeyCount(0), 2);
}

// More than memory holds, so that it is sorted first.
TEST_F(ImportProgram, MakesADatabaseOfALargeFileOrNothing) {
  std::string items;
  constexpr int kKeys = 9000;
  for (int i = 0; i < kKeys; ++i) {
    const std::string value = fmt::format("{:08}", i);
    items += std::string(1, '\0') + Prefixed("key" + std::to_string(i)) + "\x42\x08";  // 520 bytes.
    for (int j = 0; j < 65; ++j) items += value;
  }
  const std::string file = FileOf(items);
  const std::string good = Write("good.rdb", file);
  const std::string cut = Write("cut.rdb", file.substr(0, file.size() - 100));
  const std::vector<std::string> small = {"--maxmemory", "36mb"};
  const auto run = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), small.begin(), small.end());
    return Run(arguments);
  };
  const auto names = [&] {
    std::set<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
      found.insert(entry.path().filename());
    }
    return found;
  };
  EXPECT_THAT(run({cut, "--dir", db_}), HasSubstr("3: amethystd: Corruption"));
  EXPECT_THAT(names(), testing::ElementsAre("cut.rdb", "good.rdb"));
  EXPECT_THAT(run({good, "--dir", db_}),
              HasSubstr(fmt::format("0: imported {} keys from {} bytes", kKeys, file.size())));
  EXPECT_THAT(names(), testing::ElementsAre("cut.rdb", "db", "good.rdb"));
  EXPECT_THAT(run({cut, "--dir", db_, "--merge"}), HasSubstr("3: amethystd: Corruption"));
  EXPECT_THAT(run({good, "--dir", db_, "--merge"}), HasSubstr(fmt::format("0: imported {} keys", kKeys)));
  EXPECT_THAT(names(), testing::ElementsAre("cut.rdb", "db", "good.rdb"));
  const auto space = Space::Open(db_, {});
  ASSERT_TRUE(space);
  EXPECT_EQ((*space)->KeyCount(0), kKeys);
  Access access(**space);
  access.Begin(0, 1'700'000'000'000);
  for (int i = 0; i < kKeys; i += 97) {
    const StoredKey key(access, "key" + std::to_string(i));
    ASSERT_EQ(key.record().body.substr(0, 8), fmt::format("{:08}", i));
    EXPECT_EQ(key.record().body.size(), 520u);
  }
}

TEST_F(ImportProgram, TakesTheNameOfAnEmptyDirectoryWithASlash) {
  const std::string good = Write("good.rdb", FileOf(StringItem("a", "1")));
  std::filesystem::create_directory(db_);
  EXPECT_THAT(Run({good, "--dir", db_ + "/"}), HasSubstr("0: imported 1 keys"));
  EXPECT_TRUE(std::filesystem::exists(db_ + "/CURRENT"));
}

TEST_F(ImportProgram, SaysHowItIsCalled) {
  EXPECT_THAT(Run({}), HasSubstr("2: amethystd: import wants a FILE"));
  EXPECT_THAT(Run({"a.rdb", "--porto", "1"}), HasSubstr("2: amethystd: Unknown option"));
  EXPECT_THAT(Run({directory_.File("none.rdb"), "--dir", db_}), HasSubstr("none.rdb"));
}

}  // namespace
}  // namespace amethyst::server::rdb
