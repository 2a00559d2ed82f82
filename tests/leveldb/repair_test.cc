// RepairDB over real damage, and what a program brings along itself: an Env, a filter policy. On whichever library this
// program finds; both promise what is asserted here.
#include <gtest/gtest.h>
#include <leveldb/c.h>
#include <leveldb/db.h>
#include <leveldb/env.h>
#include <leveldb/filter_policy.h>
#include <leveldb/write_batch.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/copy_live.h"
#include "support/temp_directory.h"

namespace {

using amethyst::support::TempDirectory;
using leveldb::Slice;
using Entries = std::map<std::string, std::string>;

// Text that does not get shorter, so that a table takes the bytes of its entries.
std::string Noise(uint64_t seed) {
  std::string text;
  uint64_t state = seed * 2654435761 + 1;
  for (int i = 0; i < 100; ++i) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    text.push_back(static_cast<char>(state));
  }
  return text;
}

std::string Key(char group, int i) {
  char text[16];
  std::snprintf(text, sizeof(text), "%c%06d", group, i);
  return text;
}

// A copy of a database that was open: what a crash of its process leaves.
class LevelDbRepair : public testing::Test {
 protected:
  static constexpr int kCount = 2000;

  LevelDbRepair() {
    options_.create_if_missing = true;
    options_.paranoid_checks = true;  // Or LevelDB hands out what it finds.
    options_.compression = leveldb::kNoCompression;
    for (const char group : {'a', 'b'}) {  // A table each, and nothing in a log.
      const std::unique_ptr<leveldb::DB> database = Open(directory_.File("open"));
      Fill(*database, group);
      const std::string key(1, group);
      const Slice begin(key), end(written_.rbegin()->first);
      database->CompactRange(&begin, &end);
    }
    const std::unique_ptr<leveldb::DB> database = Open(directory_.File("open"));
    Fill(*database, 'c');  // In the log alone.
    amethyst::support::CopyLive(directory_.File("open"), name_);
  }

  [[nodiscard]] std::unique_ptr<leveldb::DB> Open(const std::string& name) const {
    leveldb::DB* opened = nullptr;
    const leveldb::Status status = leveldb::DB::Open(options_, name, &opened);
    EXPECT_TRUE(status.ok()) << status.ToString();
    return std::unique_ptr<leveldb::DB>(opened);
  }

  void Fill(leveldb::DB& database, char group) {
    for (int i = 0; i < kCount; ++i) {
      const std::string key = Key(group, i), value = Noise(written_.size());
      EXPECT_TRUE(database.Put({}, key, value).ok());
      written_[key] = value;
    }
  }

  // The files of this kind, the oldest first.
  [[nodiscard]] std::vector<std::string> Files(std::initializer_list<std::string_view> extensions) const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(name_)) {
      if (std::ranges::find(extensions, entry.path().extension().string()) != extensions.end()) {
        found.push_back(entry.path().string());
      }
    }
    std::ranges::sort(found);
    return found;
  }
  [[nodiscard]] std::vector<std::string> Tables() const { return Files({".ldb", ".sst"}); }
  // The last file of the log that holds records: the next one may lie ready, with nothing except its header.
  [[nodiscard]] std::string Log() const {
    constexpr size_t kHeaderBytesMax = 256;
    std::vector<std::string> logs = Files({".log", ".wal"});
    while (logs.size() > 1 && WrittenBytes(logs.back()) <= kHeaderBytesMax) logs.pop_back();
    return logs.back();
  }
  // Zeros behind were never written.
  static size_t WrittenBytes(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    return bytes.find_last_not_of('\0') + 1;
  }

  // Repairs, and reads what is left: nothing that was not written.
  Entries Repaired() {
    const leveldb::Status status = leveldb::RepairDB(name_, options_);
    EXPECT_TRUE(status.ok()) << status.ToString();
    options_.create_if_missing = false;
    const std::unique_ptr<leveldb::DB> database = Open(name_);
    Entries entries;
    if (database == nullptr) return entries;
    leveldb::ReadOptions reading;
    reading.verify_checksums = true;
    const std::unique_ptr<leveldb::Iterator> it(database->NewIterator(reading));
    for (it->SeekToFirst(); it->Valid(); it->Next()) {
      const std::string key = it->key().ToString();
      EXPECT_TRUE(written_.contains(key) && written_[key] == it->value().ToString()) << key;
      entries.emplace(key, it->value().ToString());
    }
    EXPECT_TRUE(it->status().ok()) << it->status().ToString();
    EXPECT_TRUE(database->Put({}, "z", "").ok()) << "it can be written to";
    return entries;
  }

  static int CountOf(const Entries& entries, char group) {
    return static_cast<int>(std::ranges::count(entries, group, [](const auto& entry) { return entry.first.front(); }));
  }

  const TempDirectory directory_;
  const std::string name_ = directory_.File("damaged");
  leveldb::Options options_;
  Entries written_;
};

TEST_F(LevelDbRepair, OfAnUndamagedDatabaseKeepsEverything) {
  EXPECT_EQ(Tables().size(), 2);
  EXPECT_EQ(Repaired(), written_);
}

TEST_F(LevelDbRepair, OfATableWithAFlippedByteLosesOneBlock) {
  const std::string table = Tables().front();
  std::fstream file(table, std::ios::in | std::ios::out | std::ios::binary);
  const auto middle = static_cast<std::streamoff>(std::filesystem::file_size(table) / 2);
  file.seekg(middle);
  const auto byte = static_cast<char>(file.get() ^ 1);
  file.seekp(middle);
  file.put(byte);
  file.close();
  const Entries left = Repaired();
  EXPECT_LT(CountOf(left, 'a'), kCount);
  EXPECT_GT(CountOf(left, 'a'), kCount * 8 / 10);
  EXPECT_TRUE(std::filesystem::exists(name_ + "/lost")) << "the damaged file is kept";
  EXPECT_EQ(CountOf(left, 'b'), kCount);
  EXPECT_EQ(CountOf(left, 'c'), kCount);
}

TEST_F(LevelDbRepair, WithoutATableKeepsTheOthers) {
  std::filesystem::remove(Tables().front());
  const Entries left = Repaired();
  EXPECT_EQ(CountOf(left, 'a'), 0);
  EXPECT_EQ(CountOf(left, 'b'), kCount);
  EXPECT_EQ(CountOf(left, 'c'), kCount);
}

TEST_F(LevelDbRepair, OfATruncatedLogKeepsWhatIsBeforeItsEnd) {
  const std::string log = Log();
  std::filesystem::resize_file(log, WrittenBytes(log) / 2);
  const Entries left = Repaired();
  EXPECT_EQ(CountOf(left, 'a'), kCount);
  EXPECT_EQ(CountOf(left, 'b'), kCount);
  const int kept = CountOf(left, 'c');
  EXPECT_GT(kept, kCount * 4 / 10);
  EXPECT_LT(kept, kCount) << "of a log in several files, a part of the last is gone";
  EXPECT_TRUE(left.contains(Key('c', kept - 1)) && !left.contains(Key('c', kept))) << "the first of them";
}

TEST_F(LevelDbRepair, WithoutTheListOfTablesFindsThem) {
  for (const auto& entry : std::filesystem::directory_iterator(name_)) {
    const std::string file = entry.path().filename().string();
    if (file == "CURRENT" || file.starts_with("MANIFEST")) std::filesystem::remove(entry.path());
  }
  EXPECT_EQ(Repaired(), written_);
}

TEST_F(LevelDbRepair, OfTheWorkingDirectoryAndOfAPathWithASlash) {
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(name_);
  const leveldb::Status here = leveldb::RepairDB(".", options_);
  EXPECT_TRUE(here.ok()) << here.ToString();
  EXPECT_EQ(std::filesystem::current_path(), std::filesystem::canonical(name_));
  for (const std::string& name : {std::string("."), name_}) {
    const std::unique_ptr<leveldb::DB> database = Open(name);
    std::string value;
    ASSERT_TRUE(database != nullptr && database->Get({}, Key('a', 0), &value).ok()) << name;
  }
  std::filesystem::current_path(before);
  const leveldb::Status slashed = leveldb::RepairDB(name_ + "/", options_);
  EXPECT_TRUE(slashed.ok()) << slashed.ToString();
  EXPECT_EQ(Repaired(), written_);
}

// An Env that stores files its own way, which it counts.
class OwnFiles final : public leveldb::EnvWrapper {
 public:
  OwnFiles() : EnvWrapper(leveldb::Env::Default()) {}
  leveldb::Status NewWritableFile(const std::string& name, leveldb::WritableFile** file) override {
    ++files_;
    return target()->NewWritableFile(name, file);
  }
  [[nodiscard]] int files() const { return files_; }

 private:
  int files_ = 0;
};

TEST(LevelDbEnv, OneWithFilesOfItsOwnIsUsedOrRefusedButNotPassedBy) {
  const TempDirectory directory;
  OwnFiles env;
  leveldb::Options options;
  options.create_if_missing = true;
  options.env = &env;
  leveldb::DB* opened = nullptr;
  const leveldb::Status status = leveldb::DB::Open(options, directory.File("db"), &opened);
  delete opened;
  if (status.ok()) {
    EXPECT_GT(env.files(), 0);
    EXPECT_TRUE(leveldb::RepairDB(directory.File("db"), options).ok());
    EXPECT_TRUE(leveldb::DestroyDB(directory.File("db"), options).ok());
  } else {
    EXPECT_TRUE(status.IsNotSupportedError()) << status.ToString();
    EXPECT_EQ(opened, nullptr);
    EXPECT_TRUE(leveldb::RepairDB(directory.File("db"), options).IsNotSupportedError());
    EXPECT_TRUE(leveldb::DestroyDB(directory.File("db"), options).IsNotSupportedError());
    EXPECT_FALSE(std::filesystem::exists(directory.File("db")));
  }
}

// All keys, one after the other.
class ListOfKeys final : public leveldb::FilterPolicy {
 public:
  const char* Name() const override { return "list of keys"; }
  void CreateFilter(const Slice* keys, int count, std::string* filter) const override {
    for (int i = 0; i < count; ++i) filter->append(keys[i].data(), keys[i].size()).push_back('\n');
  }
  bool KeyMayMatch(const Slice& key, const Slice& filter) const override {
    return std::string_view(filter.data(), filter.size()).find(key.ToString() + '\n') != std::string_view::npos;
  }
};

TEST(LevelDbFilter, APolicyOfAProgramsOwnHidesNoKey) {
  const TempDirectory directory;
  const ListOfKeys list;
  leveldb::Options options;
  options.create_if_missing = true;
  options.filter_policy = &list;
  for (int round = 0; round < 2; ++round) {
    leveldb::DB* opened = nullptr;
    ASSERT_TRUE(leveldb::DB::Open(options, directory.File("db"), &opened).ok());
    const std::unique_ptr<leveldb::DB> database(opened);
    for (int i = 0; round == 0 && i < 1000; i += 2) ASSERT_TRUE(database->Put({}, Key('k', i), "v").ok());
    database->CompactRange(nullptr, nullptr);
    std::string value;
    for (int i = 0; i < 1000; ++i) {
      const leveldb::Status found = database->Get({}, Key('k', i), &value);
      ASSERT_EQ(found.ok(), i % 2 == 0) << i;
      ASSERT_EQ(found.IsNotFound(), i % 2 == 1) << i;
    }
  }
}

TEST(LevelDbFilter, APolicyOfCFunctionsHidesNoKeyAndIsDestroyedOnce) {
  const TempDirectory directory;
  int destroyed = 0;
  leveldb_filterpolicy_t* const policy = leveldb_filterpolicy_create(
      &destroyed, [](void* count) { ++*static_cast<int*>(count); },
      [](void*, const char* const* keys, const size_t* lengths, int count, size_t* bytes) {
        std::vector<Slice> slices;
        for (int i = 0; i < count; ++i) slices.emplace_back(keys[i], lengths[i]);
        std::string filter;
        ListOfKeys().CreateFilter(slices.data(), count, &filter);
        *bytes = filter.size();
        return strdup(filter.c_str());
      },
      [](void*, const char* key, size_t length, const char* filter, size_t bytes) {
        return static_cast<uint8_t>(ListOfKeys().KeyMayMatch(Slice(key, length), Slice(filter, bytes)));
      },
      [](void*) { return "list of keys, in C"; });
  leveldb_options_t* const options = leveldb_options_create();
  leveldb_options_set_create_if_missing(options, 1);
  leveldb_options_set_filter_policy(options, policy);
  leveldb_readoptions_t* const reading = leveldb_readoptions_create();
  leveldb_writeoptions_t* const writing = leveldb_writeoptions_create();
  char* error = nullptr;
  leveldb_t* const db = leveldb_open(options, directory.File("db").c_str(), &error);
  ASSERT_NE(db, nullptr) << error;
  for (const char* key : {"a", "c"}) leveldb_put(db, writing, key, 1, "v", 1, &error);
  leveldb_compact_range(db, nullptr, 0, nullptr, 0);
  for (const char* key : {"a", "b", "c"}) {
    size_t bytes = 0;
    char* const value = leveldb_get(db, reading, key, 1, &bytes, &error);
    EXPECT_EQ(value != nullptr, *key != 'b') << key;
    leveldb_free(value);
  }
  EXPECT_EQ(error, nullptr);
  leveldb_close(db);
  leveldb_writeoptions_destroy(writing);
  leveldb_readoptions_destroy(reading);
  leveldb_options_destroy(options);
  EXPECT_EQ(destroyed, 0);
  leveldb_filterpolicy_destroy(policy);
  EXPECT_EQ(destroyed, 1);
}

}  // namespace
