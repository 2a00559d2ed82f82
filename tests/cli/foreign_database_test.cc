// Covers: import_command, import, lmdb_check
// Databases that LevelDB, RocksDB and LMDB themselves made, imported whole.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "amethyst/db.h"
#include "cli/shell_fixture.h"

#ifdef AMETHYST_FROM_LEVELDB
#include <leveldb/db.h>
#endif
#ifdef AMETHYST_FROM_ROCKSDB
#include <rocksdb/c.h>
#endif
#ifdef AMETHYST_FROM_LMDB
#include <lmdb.h>
#endif

namespace amethyst::cli {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;

constexpr int kEntries = 5000;

std::string Key(int i) { return "key" + std::to_string(100000 + i); }
// Any bytes, also none.
std::string Value(int i) { return std::string(static_cast<size_t>(i % 50), static_cast<char>(i)); }

class ForeignDatabase : public ShellTest {
 protected:
  // What is imported from `foreign_` is what the libraries were given.
  void ExpectAllComesOver(const std::string& option) {
    const Answer answer = Amethyst({"import", option, foreign_});
    ASSERT_EQ(answer.code, ExitCode::kOk) << answer.err;
    EXPECT_THAT(answer.err, HasSubstr("imported 5,000 entries")) << answer.err;
    auto opened = DB::Open(database_, {.read_only = true});
    ASSERT_TRUE(opened) << opened.error().message();
    Iterator it = (*opened)->NewIterator();
    it.SeekToFirst();
    for (int i = 0; i < kEntries; ++i, it.Next()) {
      ASSERT_TRUE(it.Valid()) << i;
      ASSERT_EQ(it.key(), Key(i));
      ASSERT_EQ(it.value(), Value(i));
    }
    EXPECT_FALSE(it.Valid());
  }

  static std::string FileOf(const std::string& directory, std::string_view end) {
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
      if (entry.path().native().ends_with(end)) return entry.path();
    }
    ADD_FAILURE() << "no " << end << " in " << directory;
    return {};
  }
  static void DamageInTheMiddle(const std::string& path) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(std::filesystem::file_size(path) / 2));
    file << std::string(100, '!');
    ASSERT_TRUE(file.flush());
  }

  const std::string foreign_ = directory_.File("foreign");
};

#ifdef AMETHYST_FROM_LEVELDB
TEST_F(ForeignDatabase, OfLevelDbComesOverWhole) {
  leveldb::Options options;
  options.create_if_missing = true;
  leveldb::DB* made = nullptr;
  ASSERT_TRUE(leveldb::DB::Open(options, foreign_, &made).ok());
  for (int i = 0; i < kEntries; ++i) ASSERT_TRUE(made->Put({}, Key(i), Value(i)).ok());
  EXPECT_THAT(Amethyst({"import", "--from-leveldb", foreign_}).err, HasSubstr("lock")) << "it is open";
  delete made;
  ExpectAllComesOver("--from-leveldb");

  DamageInTheMiddle(FileOf(foreign_, ".ldb"));
  EXPECT_THAT(Amethyst({"import", "--from-leveldb", foreign_}).err, HasSubstr("orruption"));
}
#endif

#ifdef AMETHYST_FROM_ROCKSDB
TEST_F(ForeignDatabase, OfRocksDbComesOverWhole) {
  char* error = nullptr;
  rocksdb_options_t* const options = rocksdb_options_create();
  rocksdb_options_set_create_if_missing(options, 1);
  rocksdb_t* const made = rocksdb_open(options, foreign_.c_str(), &error);
  ASSERT_EQ(error, nullptr) << error;
  rocksdb_writeoptions_t* const writing = rocksdb_writeoptions_create();
  for (int i = 0; i < kEntries; ++i) {
    const std::string key = Key(i), value = Value(i);
    rocksdb_put(made, writing, key.data(), key.size(), value.data(), value.size(), &error);
    ASSERT_EQ(error, nullptr);
  }
  rocksdb_writeoptions_destroy(writing);
  rocksdb_options_destroy(options);
  rocksdb_close(made);
  // LevelDB would open it, and turn it into one of its own.
  EXPECT_THAT(Amethyst({"import", "--from-leveldb", foreign_}).err,
              AnyOf(HasSubstr("--from-rocksdb"), HasSubstr("built")));
  ExpectAllComesOver("--from-rocksdb");

  DamageInTheMiddle(FileOf(foreign_, ".log"));
  EXPECT_THAT(Amethyst({"import", "--from-rocksdb", foreign_}).err, HasSubstr("orruption"));
}
#endif

#ifdef AMETHYST_FROM_LMDB
// The entries above, or the first few, in the main database (`name`: nullptr) or in one within it.
void MakeLmdb(const std::string& path, const char* name, unsigned flags, int entries = kEntries) {
  MDB_env* made = nullptr;
  MDB_txn* transaction = nullptr;
  MDB_dbi database{};
  ASSERT_EQ(mdb_env_create(&made), 0);
  ASSERT_EQ(mdb_env_set_mapsize(made, size_t{64} << 20), 0);
  ASSERT_EQ(mdb_env_set_maxdbs(made, 1), 0);
  ASSERT_EQ(mdb_env_open(made, path.c_str(), MDB_NOSUBDIR, 0644), 0);
  ASSERT_EQ(mdb_txn_begin(made, nullptr, 0, &transaction), 0);
  ASSERT_EQ(mdb_dbi_open(transaction, name, flags, &database), 0);
  for (int i = 0; i < entries; ++i) {
    std::string key = Key(i), value = Value(i);
    MDB_val mdb_key{key.size(), key.data()}, mdb_value{value.size(), value.data()};
    ASSERT_EQ(mdb_put(transaction, database, &mdb_key, &mdb_value, 0), 0);
  }
  ASSERT_EQ(mdb_txn_commit(transaction), 0);
  mdb_env_close(made);
}

TEST_F(ForeignDatabase, OfLmdbComesOverWhole) {
  MakeLmdb(foreign_, nullptr, 0);
  ExpectAllComesOver("--from-lmdb");
}

TEST_F(ForeignDatabase, OfLmdbBringsItsNamedDatabasesAsFamilies) {
  MakeLmdb(foreign_, nullptr, 0, 3);
  MakeLmdb(foreign_, "empty", MDB_CREATE, 0);
  MakeLmdb(foreign_, "numbers", MDB_CREATE | MDB_REVERSEKEY, 5);
  for (int i = 0; i < 40; ++i) MakeLmdb(foreign_, ("n" + std::to_string(i)).c_str(), MDB_CREATE, i);
  const Answer answer = Amethyst({"import", "--from-lmdb", foreign_});
  EXPECT_EQ(answer.code, ExitCode::kOk) << answer.err;
  EXPECT_THAT(answer.err, AllOf(HasSubstr("imported 788 entries"), HasSubstr("\n  default: 3 entries"),
                                HasSubstr("\n  empty: 0 entries"), HasSubstr("\n  numbers: 5 entries"),
                                HasSubstr("\n  n39: 39 entries")));
  EXPECT_EQ(Amethyst({"count"}).out, "3\n");
  EXPECT_EQ(Amethyst({"count", "--family", "empty"}).out, "0\n");
  EXPECT_EQ(Amethyst({"count", "--family", "n17"}).out, "17\n");
  EXPECT_EQ(Amethyst({"scan", "--keys-only", "--family", "n2"}).out, Key(0) + "\n" + Key(1) + "\n");

  EXPECT_EQ(
      Run({"--db", directory_.File("main"), "import", "--from-lmdb", foreign_, "--column-family", "default"}).code,
      ExitCode::kOk);
  EXPECT_EQ(Run({"--db", directory_.File("main"), "count"}).out, "3\n") << "the main database alone";
}

// LMDB has no checksums: it would follow what stands there, out of the file, and the process would end.
TEST_F(ForeignDatabase, OfLmdbThatIsDamagedIsRefusedByThePage) {
  MakeLmdb(foreign_, nullptr, 0, 400);
  std::ifstream in(foreign_, std::ios::binary);
  const std::string whole(std::istreambuf_iterator<char>(in), {});
  constexpr size_t kPageBytes = 4096;
  int told = 0;
  for (size_t page = 0; page < whole.size(); page += kPageBytes) {
    for (const size_t at : {10, 12, 16, 18}) {  // The kind, the bounds, the places of the first two entries.
      std::string bytes = whole;
      bytes[page + at] = '\xf1';
      bytes[page + at + 1] = '\xff';
      std::ofstream(foreign_, std::ios::binary) << bytes;
      std::filesystem::remove_all(database_);
      const Answer answer = Amethyst({"import", "--from-lmdb", foreign_});
      if (answer.err.find(foreign_ + ": it is damaged, page ") != std::string::npos) ++told;
    }
  }
  EXPECT_GT(told, 20) << "but where nothing is that is in use";
  std::ofstream(foreign_, std::ios::binary) << whole;
  std::filesystem::resize_file(foreign_, whole.size() / 2);
  EXPECT_THAT(Amethyst({"import", "--from-lmdb", foreign_}).err, HasSubstr("it says that the last page is"));
}

TEST_F(ForeignDatabase, OfLmdbWithSeveralValuesForAKeyIsRefusedByName) {
  MakeLmdb(foreign_, nullptr, 0);
  MakeLmdb(foreign_, "within", MDB_CREATE);
  MakeLmdb(foreign_, "zoo", MDB_CREATE | MDB_DUPSORT);
  const Answer named = Amethyst({"import", "--from-lmdb", foreign_});
  EXPECT_EQ(named.code, ExitCode::kError);
  EXPECT_THAT(named.err, AllOf(HasSubstr("zoo keeps several values for a key"), HasSubstr("--column-family NAME")));
  EXPECT_FALSE(std::filesystem::exists(database_)) << "refused before anything was written";
  EXPECT_THAT(Amethyst({"import", "--from-lmdb", foreign_, "--column-family", "zoo"}).err,
              HasSubstr("zoo keeps several values for a key"));
  EXPECT_THAT(Amethyst({"import", "--from-lmdb", foreign_, "--column-family", "none"}).err,
              HasSubstr("no database none"));
  EXPECT_EQ(Amethyst({"import", "--from-lmdb", foreign_, "--column-family", "within"}).code, ExitCode::kOk);

  MakeLmdb(directory_.File("several"), nullptr, MDB_DUPSORT);
  EXPECT_THAT(Amethyst({"import", "--from-lmdb", directory_.File("several")}).err,
              HasSubstr("its main database keeps several values for a key"));
}

TEST_F(ForeignDatabase, OfLmdbWithOneNamedDefaultIsTakenUnlessTheMainOneHasEntriesToo) {
  MakeLmdb(foreign_, "default", MDB_CREATE, 7);
  MakeLmdb(foreign_, "another", MDB_CREATE, 2);
  EXPECT_EQ(Amethyst({"import", "--from-lmdb", foreign_}).code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"count"}).out + Amethyst({"count", "--family", "another"}).out, "7\n2\n");

  MakeLmdb(foreign_, nullptr, 0, 1);
  const Answer answer = Run({"--db", directory_.File("other"), "import", "--from-lmdb", foreign_});
  EXPECT_EQ(answer.code, ExitCode::kError);
  EXPECT_THAT(answer.err, AllOf(HasSubstr("both would be the family default"), HasSubstr("--family OTHER")));
  EXPECT_FALSE(std::filesystem::exists(directory_.File("other")));
}

TEST_F(ForeignDatabase, LmdbsNewerFormatIsNamedWithTheCommandThatReadsIt) {
  std::string head(4096, '\0');
  head.replace(24, 4, "\xDE\xC0\xEF\xBE");
  std::ofstream(foreign_, std::ios::binary) << head;
  const Answer answer = Amethyst({"import", "--from-lmdb", foreign_});
  EXPECT_EQ(answer.code, ExitCode::kError);
  EXPECT_THAT(answer.err, AllOf(HasSubstr("data format 2"), HasSubstr("npx amethyst-level import " + foreign_)));
}

TEST_F(ForeignDatabase, OneOfLmdbsNamedDatabasesComesOverWhole) {
  MakeLmdb(foreign_, "first", MDB_CREATE);
  MakeLmdb(foreign_, "second", MDB_CREATE);
  const Answer answer = Amethyst({"import", "--from-lmdb", foreign_, "--column-family", "second"});
  EXPECT_EQ(answer.code, ExitCode::kOk) << answer.err;
  EXPECT_EQ(Amethyst({"count"}).out, "5000\n");
}
#endif

TEST_F(ForeignDatabase, WhatIsNoneIsNamedAndNothingIsCreated) {
  const std::string empty = directory_.File("empty");
  const std::string text = directory_.File("text");
  std::filesystem::create_directory(empty);
  std::ofstream(text) << "neither this nor anything else";
  for (const std::string option : {"--from-leveldb", "--from-rocksdb", "--from-lmdb"}) {
    for (const std::string& path : {foreign_, empty, text}) {
      const Answer answer = Amethyst({"import", option, path});
      EXPECT_EQ(answer.code, ExitCode::kError) << option;
      EXPECT_THAT(answer.err, AnyOf(HasSubstr(path), HasSubstr("built"))) << option;
    }
  }
  const std::filesystem::directory_iterator left(directory_.path());
  EXPECT_EQ(std::distance(begin(left), end(left)), 2) << "the directory and the text";
  EXPECT_TRUE(std::filesystem::is_empty(empty));
}

TEST_F(ForeignDatabase, OneSourceCanBeNamed) {
  EXPECT_EQ(Amethyst({"import", "--from-leveldb", foreign_, "file.tsv"}).code, ExitCode::kUsage);
  EXPECT_EQ(Amethyst({"import", "--from-leveldb", foreign_, "--from-lmdb", foreign_}).code, ExitCode::kUsage);
  EXPECT_EQ(Amethyst({"import", "--from-lmdb", ""}).code, ExitCode::kUsage);
}

}  // namespace
}  // namespace amethyst::cli
