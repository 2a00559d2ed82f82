#include "engine/point_lookup.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "amethyst/amethyst.h"
#include "base/epoch.h"
#include "base/random.h"
#include "io/memory_file_system.h"
#include "io/system_environment.h"
#include "sstable/footer.h"
#include "support/database.h"
#include "support/temp_directory.h"
#include "tree/tables.h"
#include "tree/version.h"

namespace amethyst::engine {
namespace {

using support::Key;
using support::OpenOrFail;
using support::SmallOptions;

constexpr uint64_t kLookupKeys = 3000;

// Several levels, several tables of level 0 and a memtable, all of which hold versions and tombstones of the same keys.
void WriteInLayers(DB& db, size_t value_bytes_max = 300) {
  base::Random random(7);
  for (int layer = 0; layer < 5; ++layer) {
    for (uint64_t i = 0; i < kLookupKeys / 2; ++i) {
      const std::string key = Key(2 * random.Below(kLookupKeys));
      if (random.OneIn(5)) {
        ASSERT_TRUE(db.Delete(key));
      } else {
        ASSERT_TRUE(db.Put(key, std::to_string(layer) + std::string(random.Below(value_bytes_max), 'v')));
      }
    }
    if (layer == 0) {
      ASSERT_TRUE(db.CompactRange());
    }
    if (layer < 4) {
      ASSERT_TRUE(db.Flush());
    }
  }
  ASSERT_TRUE(db.WaitForIdle());  // So that the tables stay as they are.
}

std::vector<std::string> RandomKeys(size_t count, uint64_t seed) {
  base::Random random(seed);
  std::vector<std::string> keys;
  for (size_t i = 0; i < count; ++i) keys.push_back(Key(random.Below(2 * kLookupKeys)));
  return keys;
}

struct Answers {
  std::vector<std::optional<std::string>> values;
  Stats stats;  // Of these lookups alone, as far as they are compared here.
};

template <typename LookUp>
Answers Ask(DB& db, LookUp look_up) {
  const Stats before = db.GetStats();
  Answers answers{.values = look_up(), .stats = db.GetStats()};
  answers.stats.gets -= before.gets;
  answers.stats.gets_found -= before.gets_found;
  answers.stats.filter_negatives -= before.filter_negatives;
  answers.stats.filter_false_positives -= before.filter_false_positives;
  answers.stats.tables_consulted -= before.tables_consulted;
  return answers;
}

Answers AskOneByOne(DB& db, const std::vector<std::string>& keys, const ReadOptions& options) {
  return Ask(db, [&] {
    std::vector<std::optional<std::string>> values;
    for (const std::string& key : keys) values.push_back(db.Get(key, options).value());
    return values;
  });
}

Answers AskTogether(DB& db, const std::vector<std::string>& keys, const ReadOptions& options) {
  return Ask(db, [&] {
    std::vector<std::optional<std::string>> values;
    for (auto& result : db.MultiGet(std::vector<std::string_view>(keys.begin(), keys.end()), options)) {
      values.push_back(std::move(result).value());
    }
    return values;
  });
}

void ExpectTheSame(DB& db, size_t count, const ReadOptions& options = {}) {
  const std::vector<std::string> keys = RandomKeys(count, count);
  const Answers alone = AskOneByOne(db, keys, options);
  const Answers together = AskTogether(db, keys, options);
  EXPECT_EQ(together.values, alone.values);
  EXPECT_EQ(together.stats.gets, count);
  EXPECT_EQ(together.stats.gets_found, alone.stats.gets_found);
  EXPECT_EQ(together.stats.filter_negatives, alone.stats.filter_negatives);
  EXPECT_EQ(together.stats.filter_false_positives, alone.stats.filter_false_positives);
  EXPECT_EQ(together.stats.tables_consulted, alone.stats.tables_consulted);
}

TEST(PointLookup, ManyKeysAtOnceGetWhatEachWouldGetAlone) {
  const support::TempDirectory directory;
  Options options = SmallOptions();
  options.write_buffer_bytes = size_t{1} << 20;  // A layer fits, so that each is one run of level 0.
  const auto db = OpenOrFail(directory.File("db"), options);
  ASSERT_NE(db, nullptr);
  WriteInLayers(*db);
  EXPECT_EQ(db->GetStats().levels[0].tables, 3);
  for (const size_t count : {size_t{1}, size_t{31}, size_t{32}, size_t{33}, size_t{1000}}) ExpectTheSame(*db, count);
}

TEST(PointLookup, ManyKeysAtOnceSeeTheirSnapshot) {
  const support::TempDirectory directory;
  const auto db = OpenOrFail(directory.File("db"));
  ASSERT_NE(db, nullptr);
  std::vector<Snapshot> snapshots;
  for (int version = 0; version < 200; ++version) {  // Of one key, over several blocks.
    ASSERT_TRUE(db->Put(Key(6), std::to_string(version) + std::string(100, 'v')));
    if (version % 20 == 0) snapshots.push_back(db->GetSnapshot());
  }
  WriteInLayers(*db);
  for (const Snapshot& snapshot : snapshots) {
    ReadOptions options;
    options.snapshot = &snapshot;
    ExpectTheSame(*db, 200, options);
    const std::string key = Key(6);
    const std::vector<std::string_view> keys(3, key);
    for (const auto& result : db->MultiGet(keys, options)) EXPECT_EQ(result.value(), db->Get(key, options).value());
  }
}

// A cache that holds some of the blocks only: what is missing is read, and the rest is answered from memory.
TEST(PointLookup, ManyKeysAtOnceAreReadWhereTheyAreNotInMemory) {
  const support::TempDirectory directory;
  Options options = SmallOptions();
  options.memory_budget_bytes = size_t{4} << 20;
  const auto db = OpenOrFail(directory.File("db"), options);
  ASSERT_NE(db, nullptr);
  WriteInLayers(*db, 6000);
  const uint64_t misses_before = db->GetStats().cache_misses;
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    const std::vector<std::string> keys = RandomKeys(200, seed);
    EXPECT_EQ(AskTogether(*db, keys, {}).values, AskOneByOne(*db, keys, {}).values);
  }
  EXPECT_GT(db->GetStats().cache_misses, misses_before);
}

TEST(PointLookup, ADamagedFilterCostsNoAnswerAndIsTold) {
  const support::TempDirectory directory;
  const std::string path = directory.File("db");
  {
    auto db = OpenOrFail(path);
    ASSERT_TRUE(db->Put("a", "1") && db->Put("b", "2") && db->CompactRange() && db->Close());
  }
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    if (entry.path().extension() != ".sst") continue;
    io::FileSystem& files = io::DefaultEnvironment()->files();
    std::string bytes = io::ReadFile(files, entry.path()).value();
    const std::string_view footer = std::string_view(bytes).substr(bytes.size() - sstable::kFooterBytes);
    const auto filter = sstable::Footer::FromBytes(footer, bytes.size()).value().filter;
    bytes[filter.offset + 5] = static_cast<char>(bytes[filter.offset + 5] ^ 1);
    ASSERT_TRUE(io::ReplaceFile(files, entry.path(), bytes));
  }
  std::vector<std::string> lines;
  Components components;
  components.logger = [&lines](std::string_view line) { lines.emplace_back(line); };
  auto db = OpenOrFail(path, SmallOptions(), components);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(db->Get("a").value(), "1");
    EXPECT_EQ(db->GetPinned("b").value()->view(), "2");
    EXPECT_EQ(db->Get("c").value(), std::nullopt);
    EXPECT_EQ(db->MultiGet(std::vector<std::string_view>{"a", "c"})[0].value(), "1");
  }
  EXPECT_EQ(db->GetStats().filters_lost, 1);
  ASSERT_TRUE(db->Close());
  const auto told = [](const std::string& line) { return line.find("searched without its filter") != line.npos; };
  EXPECT_EQ(std::ranges::count_if(lines, told), 1);
}

TEST(PointLookup, AKeyIsTriedInMemoryAlone) {
  const support::TempDirectory directory;
  auto db = OpenOrFail(directory.File("db"));
  ASSERT_NE(db, nullptr);
  ASSERT_TRUE(db->Put("a", "1"));
  std::string value = "untouched";
  EXPECT_EQ(db->TryGetInto("b", &value).value(), std::optional(false));
  EXPECT_EQ(value, "untouched");
  EXPECT_EQ(db->TryGetInto("a", &value).value(), std::optional(true));
  EXPECT_EQ(value, "1");

  db.reset();
  db = OpenOrFail(directory.File("db"));
  ASSERT_NE(db, nullptr);
  value = "untouched";
  EXPECT_EQ(db->TryGetInto("a", &value).value(), std::nullopt) << "it is in a file alone";
  EXPECT_EQ(value, "untouched");
  EXPECT_EQ(db->GetStats().cache_misses, 0);
  EXPECT_EQ(db->Get("a").value(), "1");
  EXPECT_EQ(db->TryGetInto("a", &value).value(), std::optional(true));
  EXPECT_EQ(value, "1");
  EXPECT_EQ(db->GetStats().gets, 2);
  ASSERT_TRUE(db->Close());
  EXPECT_EQ(db->TryGetInto("a", &value).error().code(), ErrorCode::kClosed);
}

TEST(PointLookup, WhetherAKeyMayExistIsSaidByMemoryAndFilters) {
  constexpr int kEntries = 2000;  // In more than one block of one table.
  const support::TempDirectory directory;
  auto db = OpenOrFail(directory.File("db"), Options());
  ASSERT_NE(db, nullptr);
  for (int i = 0; i < kEntries; ++i) ASSERT_TRUE(db->Put(std::to_string(i), "value"));
  ASSERT_TRUE(db->Flush());
  ASSERT_TRUE(db->Close());
  db = OpenOrFail(directory.File("db"), Options());
  ASSERT_NE(db, nullptr);
  EXPECT_EQ(db->KeyMayExist("1", {.memory_only = true}).error().code(), ErrorCode::kBusy) << "the filter is in a file";
  EXPECT_EQ(db->KeyMayExist("1000x").value(), false);
  const uint64_t misses = db->GetStats().cache_misses;
  int wrong = 0;
  for (int i = 0; i < kEntries; ++i) {
    EXPECT_TRUE(db->KeyMayExist(std::to_string(i), {.memory_only = true}).value());
    wrong += db->KeyMayExist(std::to_string(i) + "x", {.memory_only = true}).value() ? 1 : 0;
  }
  EXPECT_LT(wrong, kEntries / 20);
  EXPECT_EQ(db->GetStats().cache_misses, misses);
  ASSERT_TRUE(db->Delete("1"));
  ASSERT_TRUE(db->Put("new", ""));
  ASSERT_TRUE(db->DeleteRange("2", "3"));
  EXPECT_EQ(db->KeyMayExist("1").value(), false) << "the memtable knows";
  EXPECT_EQ(db->KeyMayExist("25").value(), false);
  EXPECT_EQ(db->KeyMayExist("new").value(), true);
  ASSERT_TRUE(db->Close());
  EXPECT_EQ(db->KeyMayExist("1").error().code(), ErrorCode::kClosed);
}

// More runs of level 0 than are searched at a time, and all in memory: the newest version is found without a read,
// whichever run holds it.
TEST(PointLookup, ManyRunsOfLevel0AreSearchedWithoutARead) {
  constexpr uint64_t kRuns = 100;
  const auto store = tree::NewStore(NewInMemoryEnvironment());
  tree::VersionEdit edit;
  for (uint64_t run = 1; run <= kRuns; ++run) {
    const auto entry = [&](std::string key) {
      return support::OwnedEntry{std::move(key), key::SequenceNumber{run}, key::EntryKind::kPut, std::to_string(run)};
    };
    edit.added.push_back(
        tree::WriteTable(*store, 0, key::FileNumber{run}, {entry("a"), entry("b" + Key(run)), entry("z")}));
  }
  View view;
  view.active = std::make_shared<WriteBuffer>(0, key::Order(), std::make_shared<memtable::RegionPool>());
  view.version = tree::Version(key::Order()).Apply(edit, tree::MakerFor(store)).value();
  Statistics statistics;
  const auto value_of = [&](std::string_view key) -> std::optional<std::string> {
    const key::LookupKey lookup(key, key::kSequenceMax);
    const base::EpochGuard guard;
    const Found found = FindResident(view, lookup, statistics);
    EXPECT_NE(found.state, sstable::LookupState::kNotResident) << key;
    if (found.state != sstable::LookupState::kFound) return std::nullopt;
    return std::string(found.value);
  };
  for (uint64_t run = 1; run <= kRuns; ++run) {  // Brings all of them into memory.
    const std::string key = "b" + Key(run);
    EXPECT_TRUE(Find(view, key::LookupKey(key, key::kSequenceMax), key::Merging(), true, statistics)->value ==
                std::to_string(run));
  }
  for (uint64_t run = 1; run <= kRuns; ++run) EXPECT_EQ(value_of("b" + Key(run)), std::to_string(run));
  EXPECT_EQ(value_of("a"), std::to_string(kRuns));
  EXPECT_EQ(value_of("c"), std::nullopt);
}

}  // namespace
}  // namespace amethyst::engine
