// Tables that wait in the view for their turn, and what failures leave of them.
// Covers: engine_ingest, ingest_files, ingest_layer, ingest_replay
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "engine/fault_world.h"
#include "support/temp_directory.h"

namespace amethyst::engine {
namespace {

using support::CodeOf;
using support::ContentOf;
using support::Fault;
using support::Key;
using support::Text;
using Content = std::map<std::string, std::string>;

// Of the world's files, without their faults.
std::filesystem::path WriteTable(World& world, const std::string& name, const Content& content,
                                 const std::function<void(TableWriter&)>& more = nullptr) {
  const std::filesystem::path path = "/" + name;
  TableWriter table = TableWriter::Create(path, {.environment = support::Over(world.serial()).environment}).value();
  for (const auto& [key, value] : content) EXPECT_TRUE(table.Put(key, value));
  if (more != nullptr) more(table);
  EXPECT_TRUE(table.Finish());
  return path;
}

// As a process leaves it that dies: nothing is written any more.
void Die(World& world) {
  world.FailNext(Operation::kStore, ErrorCode::kIo, true);
  EXPECT_FALSE(world.db().Put("last words", "1"));
  world.Reopen();
}

TEST(EngineIngest, WaitsAboveTheMemtableThatItOverlapsAndBelowTheNextOne) {
  World world(1);
  ASSERT_TRUE(world.Open());
  ASSERT_TRUE(world.db().Put("a", "old"));
  ASSERT_TRUE(world.db().Put("b", "old"));
  const auto path = WriteTable(world, "in", {{"a", "in"}, {"c", "in"}});
  ASSERT_EQ(Text(world.db().Ingest(path)), "");
  ASSERT_TRUE(world.db().Put("c", "new"));
  const Content content{{"a", "in"}, {"b", "old"}, {"c", "new"}};
  EXPECT_EQ(world.db().GetStats().levels[0].tables, 0u);  // No job has run.
  EXPECT_EQ(ContentOf(world.db()), content);
  EXPECT_EQ(world.db().Get("a").value(), "in");
  world.RunJobs();
  EXPECT_EQ(world.db().GetStats().levels[0].tables, 2u);
  EXPECT_EQ(ContentOf(world.db()), content);
}

TEST(EngineIngest, IsReplayedWhereNoFlushCameToIt) {
  World world(1);
  ASSERT_TRUE(world.Open());
  const Family other = world.db().CreateFamily("other").value();
  for (int round = 0; round < 2; ++round) {
    const std::string tag = std::to_string(round);
    ASSERT_TRUE(world.db().Put("a", "old"));
    ASSERT_TRUE(world.db().Put("m", "old"));
    const auto path = WriteTable(world, "in" + tag, {{"a", "in" + tag}},
                                 [](TableWriter& table) { ASSERT_TRUE(table.DeleteRange("m", "n")); });
    ASSERT_EQ(Text(world.db().Ingest(path, {.replace = KeyRange{.begin = "x", .end = "y"}})), "");
    ASSERT_TRUE(world.db().Put("b", tag));
    Die(world);
    EXPECT_EQ(ContentOf(world.db()), (Content{{"a", "in" + tag}, {"b", tag}}));
    Die(world);  // And once more, from the same log.
    EXPECT_EQ(ContentOf(world.db()), (Content{{"a", "in" + tag}, {"b", tag}}));
    ASSERT_EQ(Text(world.db().CompactRange()), "");
    EXPECT_EQ(ContentOf(world.db()), (Content{{"a", "in" + tag}, {"b", tag}}));
  }
}

TEST(EngineIngest, AReadOnlyOpenSeesWhatTheLogTells) {
  World world(1);
  ASSERT_TRUE(world.Open());
  ASSERT_EQ(Text(world.db().Ingest(WriteTable(world, "in", {{"a", "in"}}))), "");
  world.FailNext(Operation::kStore, ErrorCode::kIo, true);
  EXPECT_FALSE(world.db().Put("last words", "1"));
  world.owner().reset();
  world.faults().ClearFaults();
  Options options = support::SmallOptions();
  options.read_only = true;
  const auto db = support::OpenOrFail("/db", options, support::Over(world.serial()));
  EXPECT_EQ(ContentOf(*db), (Content{{"a", "in"}}));
}

TEST(EngineIngest, AMissingFileOfTheLogIsDamage) {
  World world(1);
  ASSERT_TRUE(world.Open());
  ASSERT_EQ(Text(world.db().Ingest(WriteTable(world, "in", {{"a", "in"}}))), "");
  world.FailNext(Operation::kStore, ErrorCode::kIo, true);
  EXPECT_FALSE(world.db().Put("last words", "1"));
  world.owner().reset();
  world.faults().ClearFaults();
  const std::vector<std::string> names = world.serial().files().List("/db").value();
  for (const std::string& name : names) {
    if (name.ends_with(".sst")) ASSERT_TRUE(world.serial().files().Remove("/db/" + name));
  }
  EXPECT_FALSE(world.Open());
}

// Every call of an ingest fails in turn.
TEST(EngineIngest, IsWholeOrAbsentWhicheverCallFails) {
  std::vector<Operation> operations(std::begin(kChanging), std::end(kChanging));
  operations.insert(operations.end(), {Operation::kLink, Operation::kOpen, Operation::kRead});
  uint64_t failed = 0;
  for (const Operation operation : operations) {
    for (const IngestMode mode : {IngestMode::kLink, IngestMode::kMove, IngestMode::kCopy}) {
      for (const ErrorCode code : {ErrorCode::kIo, ErrorCode::kNoSpace}) {
        for (uint64_t call = 1; call <= 6; ++call) {
          const std::string what = fmt::format("operation {} call {} code {} mode {}", static_cast<int>(operation),
                                               call, ErrorCodeName(code), static_cast<int>(mode));
          World world(1);
          ASSERT_TRUE(world.Open());
          ASSERT_TRUE(world.db().Put("a", "old"));
          const std::vector<std::filesystem::path> paths{WriteTable(world, "in1", {{"a", "in"}}),
                                                         WriteTable(world, "in2", {{"b", "in"}})};
          world.faults().Fail({.operation = operation,
                               .call = world.faults().calls(operation) + call,
                               .for_good = false,
                               .code = code,
                               .half = false});
          const uint64_t failures = world.faults().failed_calls();
          const Status ingested = world.db().Ingest(std::span<const std::filesystem::path>(paths), {.mode = mode});
          const bool has_failed = world.faults().failed_calls() > failures;
          failed += has_failed ? 1 : 0;
          if (!has_failed) {
            ASSERT_EQ(Text(ingested), "") << what;
          }
          const Content before{{"a", "old"}};
          const Content after{{"a", "in"}, {"b", "in"}};
          world.Reopen();
          ASSERT_NE(world.owner(), nullptr) << what;
          const Content content = ContentOf(world.db());
          ASSERT_TRUE(content == before || content == after) << what;
          if (ingested) ASSERT_EQ(content, after) << what;
          if (content == before && mode == IngestMode::kMove) {
            ASSERT_TRUE(world.serial().files().Exists("/in1").value()) << what;
          }
          ASSERT_EQ(Text(world.db().CompactRange()), "") << what;
          ASSERT_EQ(ContentOf(world.db()), content) << what;
          if (!has_failed) break;
        }
      }
    }
  }
  EXPECT_GT(failed, 50u);
}

// Writers, readers and ingests at once: each reader sees of each ingest all or nothing, and none goes back.
TEST(EngineIngest, StandsBesideWritersAndReaders) {
  support::TempDirectory directory;
  const auto db = support::OpenOrFail(directory.path() + "/db");
  constexpr uint64_t kKeys = 300;
  constexpr uint64_t kRounds = 12;
  std::atomic<uint64_t> ingested{0};
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  threads.emplace_back([&] {
    for (uint64_t i = 0; !stop; ++i) {
      ASSERT_EQ(Text(db->Put("other" + Key(i % 1'000), std::string(200, 'w'))), "");
    }
  });
  threads.emplace_back([&] {
    while (!stop) {
      const uint64_t least = ingested.load();
      Iterator iterator = db->NewIterator({.lower_bound = "key", .upper_bound = "kez"});
      std::string first;
      uint64_t seen = 0;
      for (iterator.SeekToFirst(); iterator.Valid(); iterator.Next(), ++seen) {
        if (seen == 0) first = iterator.value();
        ASSERT_EQ(iterator.value(), first);
      }
      ASSERT_EQ(Text(iterator.status()), "");
      ASSERT_TRUE(seen == kKeys || (seen == 0 && least == 0)) << seen;
      if (seen > 0) ASSERT_GE(std::stoull(first), least);
      const auto value = db->Get(Key(kKeys / 2));
      ASSERT_TRUE(value);
      if (least > 0) ASSERT_GE(std::stoull(value->value()), least);
    }
  });
  for (uint64_t round = 1; round <= kRounds; ++round) {
    const std::string path = directory.path() + "/" + std::to_string(round);
    TableWriter table = TableWriter::Create(path).value();
    for (uint64_t i = 0; i < kKeys; ++i) ASSERT_TRUE(table.Put(Key(i), std::to_string(round)));
    ASSERT_TRUE(table.Finish());
    ASSERT_EQ(Text(db->Ingest(path)), "");
    ingested = round;
    if (round % 4 == 0) ASSERT_EQ(Text(db->CompactRange()), "");
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  ASSERT_EQ(Text(db->Close()), "");
}

}  // namespace
}  // namespace amethyst::engine
