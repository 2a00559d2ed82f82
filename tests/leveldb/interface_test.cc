// What LevelDB's own interface promises, on whichever library this program finds: the C functions, iterators and their
// cleanups, caches, Envs, tables, files in memory.
#include <gtest/gtest.h>
#include <leveldb/c.h>
#include <leveldb/cache.h>
#include <leveldb/comparator.h>
#include <leveldb/db.h>
#include <leveldb/env.h>
#include <leveldb/filter_policy.h>
#include <leveldb/helpers/memenv.h>
#include <leveldb/iterator.h>
#include <leveldb/table.h>
#include <leveldb/table_builder.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "support/temp_directory.h"

namespace {

using amethyst::support::TempDirectory;
using leveldb::Slice;
using leveldb::Status;

std::string Number(int i) {
  char text[16];
  std::snprintf(text, sizeof(text), "%06d", i);
  return text;
}

std::vector<std::string> KeysOf(leveldb::Iterator* it, bool forward = true) {
  std::vector<std::string> keys;
  for (forward ? it->SeekToFirst() : it->SeekToLast(); it->Valid(); forward ? it->Next() : it->Prev()) {
    keys.push_back(it->key().ToString());
  }
  EXPECT_TRUE(it->status().ok()) << it->status().ToString();
  return keys;
}

TEST(LevelDbStatus, TextsNameTheKindAndBothParts) {
  EXPECT_EQ(Status::OK().ToString(), "OK");
  EXPECT_EQ(Status::NotFound("a", "b").ToString(), "NotFound: a: b");
  EXPECT_EQ(Status::Corruption("a").ToString(), "Corruption: a");
  EXPECT_EQ(Status::NotSupported("a").ToString(), "Not implemented: a");
  EXPECT_EQ(Status::InvalidArgument("a").ToString(), "Invalid argument: a");
  Status status = Status::IOError("a", "b");
  const Status copy = status;
  status = Status::OK();
  EXPECT_EQ(copy.ToString(), "IO error: a: b");
  EXPECT_TRUE(copy.IsIOError());
}

TEST(LevelDbIterator, CleanupsRunOnceWhenItDies) {
  int calls = 0;
  const auto count = [](void* calls_so_far, void* by) { *static_cast<int*>(calls_so_far) += *static_cast<int*>(by); };
  int one = 1, ten = 10, hundred = 100;
  for (leveldb::Iterator* it : {leveldb::NewEmptyIterator(), leveldb::NewErrorIterator(Status::Corruption("x"))}) {
    EXPECT_FALSE(it->Valid());
    it->RegisterCleanup(count, &calls, &one);
    it->RegisterCleanup(count, &calls, &ten);
    it->RegisterCleanup(count, &calls, &hundred);
    delete it;
  }
  EXPECT_EQ(calls, 222);
}

TEST(LevelDbCache, KeepsWhatIsHeldAndDeletesWhatIsPushedOut) {
  static std::vector<std::string> deleted;
  deleted.clear();
  const auto remember = [](const Slice& key, void*) { deleted.push_back(key.ToString()); };
  {
    const std::unique_ptr<leveldb::Cache> cache(leveldb::NewLRUCache(1000));
    int value = 5;
    leveldb::Cache::Handle* const held = cache->Insert("held", &value, 1, remember);
    EXPECT_EQ(cache->Value(held), &value);
    leveldb::Cache::Handle* const found = cache->Lookup("held");
    ASSERT_EQ(found, held);
    cache->Release(found);
    cache->Erase("held");
    EXPECT_EQ(cache->Lookup("held"), nullptr);
    EXPECT_TRUE(deleted.empty()) << "somebody holds it";
    cache->Release(held);
    EXPECT_NE(cache->NewId(), cache->NewId());
    cache->Release(cache->Insert("a", &value, 1, remember));
    cache->Release(cache->Insert("a", &value, 2, remember));
    EXPECT_EQ(cache->TotalCharge(), 2);
    cache->Prune();
    EXPECT_EQ(cache->TotalCharge(), 0);
    cache->Release(cache->Insert("last", &value, 1, remember));
    const std::unique_ptr<leveldb::Cache> small(leveldb::NewLRUCache(1000));
    for (int i = 0; i < 5000; ++i) small->Release(small->Insert(Number(i), &value, 1, [](const Slice&, void*) {}));
    EXPECT_NEAR(static_cast<double>(small->TotalCharge()), 1000, 100);
  }
  EXPECT_EQ(deleted, (std::vector<std::string>{"held", "a", "a", "last"}));
}

TEST(LevelDbFilter, FindsEveryKeyThatItHolds) {
  const std::unique_ptr<const leveldb::FilterPolicy> policy(leveldb::NewBloomFilterPolicy(10));
  std::vector<std::string> keys;
  for (int i = 0; i < 1000; ++i) keys.push_back(Number(i));
  const std::vector<Slice> slices(keys.begin(), keys.end());
  std::string filter;
  policy->CreateFilter(slices.data(), static_cast<int>(slices.size()), &filter);
  int wrong = 0;
  for (const std::string& key : keys) EXPECT_TRUE(policy->KeyMayMatch(key, filter));
  for (int i = 1000; i < 11000; ++i) wrong += policy->KeyMayMatch(Number(i), filter) ? 1 : 0;
  EXPECT_LT(wrong, 300);
}

TEST(LevelDbComparator, ShortensKeysBetweenItsBounds) {
  const leveldb::Comparator* const order = leveldb::BytewiseComparator();
  EXPECT_STREQ(order->Name(), "leveldb.BytewiseComparator");
  std::string key = "abcdefghij";
  order->FindShortestSeparator(&key, "abzzz");
  EXPECT_EQ(key, "abd");
  order->FindShortestSeparator(&key, "abdd");
  EXPECT_EQ(key, "abd");
  key = "\xff\xff-";
  order->FindShortSuccessor(&key);
  EXPECT_EQ(key, "\xff\xff.");
}

// What a file of any Env does.
void ExerciseEnv(leveldb::Env* env, const std::string& directory) {
  env->CreateDir(directory);
  const std::string name = directory + "/file", other = directory + "/other";
  ASSERT_TRUE(leveldb::WriteStringToFile(env, "hello ", name).ok());
  leveldb::WritableFile* writer = nullptr;
  ASSERT_TRUE(env->NewAppendableFile(name, &writer).ok());
  EXPECT_TRUE(writer->Append("world").ok() && writer->Sync().ok() && writer->Close().ok());
  delete writer;
  std::string text;
  EXPECT_TRUE(leveldb::ReadFileToString(env, name, &text).ok());
  EXPECT_EQ(text, "hello world");
  leveldb::RandomAccessFile* random = nullptr;
  ASSERT_TRUE(env->NewRandomAccessFile(name, &random).ok());
  char scratch[100];
  Slice read;
  EXPECT_TRUE(random->Read(6, 5, &read, scratch).ok());
  EXPECT_EQ(read.ToString(), "world");
  delete random;
  leveldb::SequentialFile* sequential = nullptr;
  ASSERT_TRUE(env->NewSequentialFile(name, &sequential).ok());
  EXPECT_TRUE(sequential->Skip(4).ok() && sequential->Read(3, &read, scratch).ok());
  EXPECT_EQ(read.ToString(), "o w");
  delete sequential;
  uint64_t bytes = 0;
  EXPECT_TRUE(env->GetFileSize(name, &bytes).ok());
  EXPECT_EQ(bytes, 11);
  EXPECT_TRUE(env->RenameFile(name, other).ok());
  EXPECT_FALSE(env->FileExists(name));
  std::vector<std::string> names;
  EXPECT_TRUE(env->GetChildren(directory, &names).ok());
  EXPECT_NE(std::find(names.begin(), names.end(), "other"), names.end());
  leveldb::FileLock* lock = nullptr;
  ASSERT_TRUE(env->LockFile(directory + "/lock", &lock).ok());
  EXPECT_TRUE(env->UnlockFile(lock).ok());
  EXPECT_TRUE(env->RemoveFile(other).ok());
  EXPECT_FALSE(env->RemoveFile(other).ok());
  EXPECT_FALSE(env->NewSequentialFile(other, &sequential).ok());
}

TEST(LevelDbEnv, TheDefaultOneIsTheDisk) {
  const TempDirectory directory;
  leveldb::Env* const env = leveldb::Env::Default();
  ExerciseEnv(env, directory.File("env"));
  leveldb::FileLock* lock = nullptr;
  leveldb::FileLock* second = nullptr;
  ASSERT_TRUE(env->LockFile(directory.File("lock"), &lock).ok());
  EXPECT_EQ(env->LockFile(directory.File("lock"), &second).ToString(),
            "IO error: lock " + directory.File("lock") + ": already held by process");
  EXPECT_TRUE(env->UnlockFile(lock).ok());
  leveldb::Logger* logger = nullptr;
  ASSERT_TRUE(env->NewLogger(directory.File("log"), &logger).ok());
  delete logger;
  EXPECT_GT(env->NowMicros(), 0);
}

TEST(LevelDbEnv, OneInMemoryHoldsFilesAndADatabaseUntilItDies) {
  const std::unique_ptr<leveldb::Env> env(leveldb::NewMemEnv(leveldb::Env::Default()));
  ExerciseEnv(env.get(), "/memory/env");
  leveldb::Options options;
  options.create_if_missing = true;
  options.env = env.get();
  for (int round = 0; round < 2; ++round) {
    leveldb::DB* opened = nullptr;
    ASSERT_TRUE(leveldb::DB::Open(options, "/memory/db", &opened).ok());
    const std::unique_ptr<leveldb::DB> database(opened);
    std::string value;
    EXPECT_EQ(database->Get({}, "a", &value).ok(), round == 1) << "the second time it is there";
    EXPECT_TRUE(database->Put({}, "a", "1").ok());
  }
  EXPECT_TRUE(leveldb::DestroyDB("/memory/db", options).ok());
  options.create_if_missing = false;
  leveldb::DB* opened = nullptr;
  EXPECT_TRUE(leveldb::DB::Open(options, "/memory/db", &opened).IsInvalidArgument());
  EXPECT_FALSE(leveldb::Env::Default()->FileExists("/memory"));
}

class ForeignClock final : public leveldb::EnvWrapper {
 public:
  ForeignClock() : EnvWrapper(leveldb::Env::Default()) {}
  uint64_t NowMicros() override { return target()->NowMicros() + 1; }
};

TEST(LevelDbEnv, AWrapperThatLeavesFilesAloneOpensADatabaseOnDisk) {
  const TempDirectory directory;
  ForeignClock env;
  leveldb::Options options;
  options.create_if_missing = true;
  options.env = &env;
  leveldb::DB* opened = nullptr;
  ASSERT_TRUE(leveldb::DB::Open(options, directory.File("db"), &opened).ok());
  delete opened;
  EXPECT_TRUE(leveldb::Env::Default()->FileExists(directory.File("db") + "/CURRENT"));
}

TEST(LevelDbTable, IteratesSeeksAndTellsOffsets) {
  const TempDirectory directory;
  leveldb::Env* const env = leveldb::Env::Default();
  leveldb::Options options;
  options.compression = leveldb::kNoCompression;
  leveldb::WritableFile* writer = nullptr;
  ASSERT_TRUE(env->NewWritableFile(directory.File("1.ldb"), &writer).ok());
  leveldb::TableBuilder builder(options, writer);
  for (int i = 0; i < 10000; i += 2) builder.Add(Number(i), std::string(50, 'v') + Number(i));
  EXPECT_EQ(builder.NumEntries(), 5000);
  ASSERT_TRUE(builder.Finish().ok());
  EXPECT_TRUE(writer->Close().ok());
  delete writer;
  leveldb::RandomAccessFile* file = nullptr;
  ASSERT_TRUE(env->NewRandomAccessFile(directory.File("1.ldb"), &file).ok());
  const std::unique_ptr<leveldb::RandomAccessFile> file_owner(file);
  uint64_t bytes = 0;
  ASSERT_TRUE(env->GetFileSize(directory.File("1.ldb"), &bytes).ok());
  EXPECT_EQ(bytes, builder.FileSize());
  leveldb::Table* opened = nullptr;
  EXPECT_TRUE(leveldb::Table::Open(options, file, bytes - 1, &opened).IsCorruption());
  ASSERT_TRUE(leveldb::Table::Open(options, file, bytes, &opened).ok());
  const std::unique_ptr<leveldb::Table> table(opened);
  const std::unique_ptr<leveldb::Iterator> it(table->NewIterator({}));
  const std::vector<std::string> keys = KeysOf(it.get());
  ASSERT_EQ(keys.size(), 5000);
  EXPECT_EQ(KeysOf(it.get(), false), std::vector<std::string>(keys.rbegin(), keys.rend()));
  for (int i = -1; i < 10001; i += 7) {
    it->Seek(Number(std::max(i, 0)));
    const int expected = (std::max(i, 0) + 1) / 2 * 2;
    ASSERT_EQ(it->Valid(), expected < 10000) << i;
    if (it->Valid()) {
      ASSERT_EQ(it->value().ToString(), std::string(50, 'v') + Number(expected));
    }
  }
  EXPECT_EQ(table->ApproximateOffsetOf("0"), 0);
  EXPECT_NEAR(static_cast<double>(table->ApproximateOffsetOf(Number(5000))), static_cast<double>(bytes) / 2, 20000);
  EXPECT_NEAR(static_cast<double>(table->ApproximateOffsetOf("z")), static_cast<double>(bytes), 20000);
}

// A database through the C interface, with a part of each kind.
class LevelDbC : public testing::Test {
 protected:
  LevelDbC() {
    leveldb_options_set_cache(options_, cache_);
    leveldb_options_set_filter_policy(options_, bloom_);
    leveldb_options_set_env(options_, env_);
    leveldb_options_set_create_if_missing(options_, 1);
    db_ = leveldb_open(options_, name_.c_str(), &error_);
    EXPECT_EQ(error_, nullptr) << error_;
  }
  ~LevelDbC() override {
    if (db_ != nullptr) leveldb_close(db_);
    leveldb_free(error_);
    leveldb_env_destroy(env_);
    leveldb_filterpolicy_destroy(bloom_);
    leveldb_cache_destroy(cache_);
    leveldb_readoptions_destroy(reading_);
    leveldb_writeoptions_destroy(writing_);
    leveldb_options_destroy(options_);
  }
  std::string Get(const std::string& key) {
    size_t bytes = 7;
    char* const value = leveldb_get(db_, reading_, key.data(), key.size(), &bytes, &error_);
    if (value == nullptr) return bytes == 0 ? "absent" : "absent, and a length";
    std::string copy(value, bytes);
    leveldb_free(value);
    return copy;
  }

  const TempDirectory directory_;
  const std::string name_ = directory_.File("db");
  leveldb_options_t* const options_ = leveldb_options_create();
  leveldb_writeoptions_t* const writing_ = leveldb_writeoptions_create();
  leveldb_readoptions_t* const reading_ = leveldb_readoptions_create();
  leveldb_cache_t* const cache_ = leveldb_cache_create_lru(1 << 20);
  leveldb_filterpolicy_t* const bloom_ = leveldb_filterpolicy_create_bloom(10);
  leveldb_env_t* const env_ = leveldb_create_default_env();
  char* error_ = nullptr;
  leveldb_t* db_ = nullptr;
};

TEST_F(LevelDbC, ErrorsAreTextsThatTheCallerFrees) {
  leveldb_options_set_error_if_exists(options_, 1);
  leveldb_close(db_);
  db_ = leveldb_open(options_, name_.c_str(), &error_);
  EXPECT_EQ(db_, nullptr);
  EXPECT_STREQ(error_, ("Invalid argument: " + name_ + ": exists (error_if_exists is true)").c_str());
  leveldb_options_set_error_if_exists(options_, 0);
  leveldb_options_set_create_if_missing(options_, 0);
  const std::string absent = directory_.File("absent");
  EXPECT_EQ(leveldb_open(options_, absent.c_str(), &error_), nullptr);
  EXPECT_STREQ(error_, ("Invalid argument: " + absent + ": does not exist (create_if_missing is false)").c_str());
}

TEST_F(LevelDbC, BatchesSnapshotsAndReads) {
  leveldb_put(db_, writing_, "a", 1, "1", 1, &error_);
  leveldb_writebatch_t* const batch = leveldb_writebatch_create();
  leveldb_writebatch_put(batch, "b", 1, "2", 1);
  leveldb_writebatch_delete(batch, "a", 1);
  std::string seen;
  leveldb_writebatch_iterate(
      batch, &seen,
      [](void* to, const char* k, size_t klen, const char* v, size_t vlen) {
        *static_cast<std::string*>(to) += std::string(k, klen) + "=" + std::string(v, vlen) + " ";
      },
      [](void* to, const char* k, size_t klen) { *static_cast<std::string*>(to) += "-" + std::string(k, klen); });
  EXPECT_EQ(seen, "b=2 -a");
  const leveldb_snapshot_t* const snapshot = leveldb_create_snapshot(db_);
  leveldb_write(db_, writing_, batch, &error_);
  EXPECT_EQ(Get("a"), "absent");
  EXPECT_EQ(Get("b"), "2");
  leveldb_readoptions_set_snapshot(reading_, snapshot);
  EXPECT_EQ(Get("a"), "1");
  leveldb_readoptions_set_snapshot(reading_, nullptr);
  leveldb_release_snapshot(db_, snapshot);
  leveldb_delete(db_, writing_, "b", 1, &error_);
  EXPECT_EQ(Get("b"), "absent");
  EXPECT_EQ(error_, nullptr);
  leveldb_writebatch_destroy(batch);
}

TEST_F(LevelDbC, IteratorsPropertiesAndUpkeep) {
  leveldb_put(db_, writing_, "b", 1, "2", 1, &error_);
  leveldb_iterator_t* const it = leveldb_create_iterator(db_, reading_);
  EXPECT_FALSE(leveldb_iter_valid(it));
  leveldb_iter_seek(it, "a", 1);
  ASSERT_TRUE(leveldb_iter_valid(it));
  size_t bytes = 0;
  EXPECT_EQ(std::string(leveldb_iter_key(it, &bytes), 1), "b");
  EXPECT_EQ(bytes, 1);
  leveldb_iter_next(it);
  EXPECT_FALSE(leveldb_iter_valid(it));
  leveldb_iter_get_error(it, &error_);
  leveldb_iter_destroy(it);
  EXPECT_EQ(leveldb_property_value(db_, "nonsense"), nullptr);
  char* const property = leveldb_property_value(db_, "leveldb.num-files-at-level0");
  EXPECT_STREQ(property, "0");
  leveldb_free(property);
  leveldb_compact_range(db_, nullptr, 0, nullptr, 0);
  leveldb_close(db_);
  leveldb_repair_db(options_, name_.c_str(), &error_);
  db_ = leveldb_open(options_, name_.c_str(), &error_);
  ASSERT_NE(db_, nullptr) << error_;
  EXPECT_EQ(Get("b"), "2");
  leveldb_close(db_);
  db_ = nullptr;
  leveldb_destroy_db(options_, name_.c_str(), &error_);
  EXPECT_EQ(error_, nullptr);
  EXPECT_EQ(leveldb_major_version() * 100 + leveldb_minor_version(), 123);
}

}  // namespace
