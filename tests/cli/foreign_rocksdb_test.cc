// Covers: import_command, foreign_import
// What RocksDB's databases hold beside plain entries: brought over by its column families, told, or refused before
// anything is written.
#include <gmock/gmock.h>

#include <ctime>
#include <filesystem>
#include <vector>

#include "amethyst/options.h"
#include "cli/shell_fixture.h"

#ifdef AMETHYST_FROM_ROCKSDB
#include <rocksdb/c.h>

#include "cli/foreign/rocksdb_ttl.h"

namespace amethyst::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// An open database of RocksDB's, with a merge operator that joins operands, as its own program would have it.
class Made {
 public:
  explicit Made(const std::string& directory, const std::vector<std::string>& families = {"default"}, int ttl = 0)
      : options_(rocksdb_options_create()), writing_(rocksdb_writeoptions_create()) {
    rocksdb_options_set_create_if_missing(options_, 1);
    rocksdb_options_set_merge_operator(
        options_,
        rocksdb_mergeoperator_create(nullptr, [](void*) {}, Join, JoinPart, nullptr, [](void*) { return "join"; }));
    char* error = nullptr;
    database_ = ttl != 0 ? rocksdb_open_with_ttl(options_, directory.c_str(), ttl, &error)
                         : rocksdb_open(options_, directory.c_str(), &error);
    Expect(error);
    for (size_t i = 1; i < families.size(); ++i) {
      families_.push_back(rocksdb_create_column_family(database_, options_, families[i].c_str(), &error));
      Expect(error);
    }
  }
  ~Made() {
    for (auto* const family : families_) rocksdb_column_family_handle_destroy(family);
    rocksdb_close(database_);
    rocksdb_writeoptions_destroy(writing_);
    rocksdb_options_destroy(options_);
    for (auto* const comparator : comparators_) rocksdb_comparator_destroy(comparator);
  }
  Made(const Made&) = delete;
  Made& operator=(const Made&) = delete;

  void Put(const std::string& key, const std::string& value) {
    char* error = nullptr;
    rocksdb_put(database_, writing_, key.data(), key.size(), value.data(), value.size(), &error);
    Expect(error);
  }
  // One whose keys are in descending order, whatever its comparator is called.
  void AddFamily(const std::string& name, const char* comparator) {
    static const auto compare = [](void*, const char* a, size_t a_bytes, const char* b, size_t b_bytes) {
      return std::string_view(b, b_bytes).compare(std::string_view(a, a_bytes));
    };
    rocksdb_options_t* const options = rocksdb_options_create();
    comparators_.push_back(rocksdb_comparator_create(
        const_cast<char*>(comparator), [](void*) {}, compare,
        [](void* state) { return static_cast<const char*>(state); }));
    rocksdb_options_set_comparator(options, comparators_.back());
    char* error = nullptr;
    families_.push_back(rocksdb_create_column_family(database_, options, name.c_str(), &error));
    Expect(error);
    rocksdb_options_destroy(options);
  }
  // Into the n-th family, from 1.
  void PutInto(size_t n, const std::string& key, const std::string& value) {
    char* error = nullptr;
    rocksdb_put_cf(database_, writing_, families_[n - 1], key.data(), key.size(), value.data(), value.size(), &error);
    Expect(error);
  }
  void Merge(const std::string& key, const std::string& operand) {
    char* error = nullptr;
    rocksdb_merge(database_, writing_, key.data(), key.size(), operand.data(), operand.size(), &error);
    Expect(error);
  }
  void Flush() {
    char* error = nullptr;
    rocksdb_flushoptions_t* const options = rocksdb_flushoptions_create();
    rocksdb_flush(database_, options, &error);
    Expect(error);
    for (auto* const family : families_) {
      rocksdb_flush_cf(database_, options, family, &error);
      Expect(error);
    }
    rocksdb_flushoptions_destroy(options);
  }

 private:
  static void Expect(const char* error) { ASSERT_EQ(error, nullptr) << error; }
  static char* Join(void*, const char*, size_t, const char*, size_t, const char* const*, const size_t*, int,
                    unsigned char* success, size_t* bytes) {
    *success = 1;
    *bytes = 0;
    return static_cast<char*>(std::malloc(1));
  }
  static char* JoinPart(void*, const char*, size_t, const char* const*, const size_t*, int, unsigned char* success,
                        size_t* bytes) {
    *success = 0;
    *bytes = 0;
    return nullptr;
  }

  rocksdb_options_t* const options_;
  rocksdb_writeoptions_t* const writing_;
  rocksdb_t* database_ = nullptr;
  std::vector<rocksdb_column_family_handle_t*> families_;
  std::vector<rocksdb_comparator_t*> comparators_;
};

class ForeignRocksDb : public ShellTest {
 protected:
  Answer Import(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"import", "--from-rocksdb", foreign_};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Amethyst(arguments);
  }
  const std::string foreign_ = directory_.File("foreign");
};

TEST_F(ForeignRocksDb, EachColumnFamilyBecomesAFamilyOfItsNameTheEmptyOnesToo) {
  {
    Made made(foreign_, {"default", "corestore", "empty", "two words"});
    made.Put("k", "1");
    made.PutInto(1, "k", "2");
    made.PutInto(3, "k", "3");
    made.Flush();
    made.PutInto(3, "in the log", "4");
  }
  const Answer answer = Import();
  EXPECT_EQ(answer.code, ExitCode::kOk) << answer.err;
  EXPECT_THAT(answer.err,
              AllOf(HasSubstr("imported 4 entries"),
                    HasSubstr("\n  default: 1 entry, 2 B\n  corestore: 1 entry, 2 B\n  empty: 0 entries, 0 B\n"
                              "  two words: 2 entries, 13 B\n")));
  EXPECT_THAT(Amethyst({"families"}).out, AllOf(HasSubstr("default\t"), HasSubstr("\ncorestore\t"),
                                                HasSubstr("\nempty\t0 B\n"), HasSubstr("two words")));
  EXPECT_EQ(Amethyst({"scan"}).out, "k\t1\n");
  EXPECT_EQ(Amethyst({"scan", "--family", "corestore"}).out, "k\t2\n");
  EXPECT_EQ(Amethyst({"scan", "--family", "empty"}).out, "");
  EXPECT_EQ(Amethyst({"scan", "--family", "two words"}).out, "in the log\t4\nk\t3\n");

  ASSERT_EQ(Amethyst({"put", "--family", "empty", "k", "stays"}).code, ExitCode::kOk);
  const Answer again = Import({"--json"});
  EXPECT_EQ(again.code, ExitCode::kOk) << again.err;
  EXPECT_THAT(again.err, HasSubstr("{\"family\":\"two words\",\"imported\":2,\"bytes\":13}\n"));
  EXPECT_EQ(Amethyst({"scan", "--family", "empty"}).out, "k\tstays\n");
}

TEST_F(ForeignRocksDb, OneColumnFamilyAloneGoesIntoTheFamilyThatTheCommandActsOn) {
  {
    Made made(foreign_, {"default", "corestore", "empty"});
    made.Put("in default", "1");
    made.PutInto(1, "in corestore", "2");
  }
  EXPECT_EQ(Import({"--column-family", "default"}).code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"scan"}).out, "in default\t1\n");
  EXPECT_EQ(Import({"--column-family", "corestore"}).code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"scan"}).out, "in corestore\t2\nin default\t1\n");
  EXPECT_THAT(Import({"--column-family", "another"}).err,
              AllOf(HasSubstr("no column family another"), HasSubstr("default, corestore, empty")));

  ASSERT_EQ(Amethyst({"family", "create", "users"}).code, ExitCode::kOk);
  const Answer unclear = Import({"--family", "users"});
  EXPECT_EQ(unclear.code, ExitCode::kUsage);
  EXPECT_THAT(unclear.err, AllOf(HasSubstr("several families: default, corestore, empty"), HasSubstr("for users")));
  EXPECT_EQ(Import({"--family", "users", "--column-family", "corestore"}).code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"scan", "--family", "users"}).out, "in corestore\t2\n");
}

TEST_F(ForeignRocksDb, KeysInReverseOrderComeOverWithANote) {
  {
    Made made(foreign_, {"default", "plain"});
    made.AddFamily("reverse", "rocksdb.ReverseBytewiseComparator");
    for (const std::string key : {"a", "b", "c"}) made.PutInto(2, key, "of " + key);
    made.Flush();
    made.PutInto(2, "d", "in the log");
    made.PutInto(1, "p", "1");
  }
  const Answer answer = Import();
  EXPECT_EQ(answer.code, ExitCode::kOk) << answer.err;
  EXPECT_THAT(answer.err, HasSubstr("note: column family reverse: its keys were in descending order"));
  EXPECT_EQ(Amethyst({"scan", "--family", "reverse"}).out, "a\tof a\nb\tof b\nc\tof c\nd\tin the log\n");
  EXPECT_EQ(Amethyst({"scan", "--family", "plain"}).out, "p\t1\n");
}

TEST_F(ForeignRocksDb, AnOrderOfItsOwnIsRefusedByNameBeforeAnythingIsWritten) {
  {
    Made made(foreign_, {"default", "plain"});
    made.AddFamily("by length", "shop.ByLength");
    made.PutInto(1, "p", "1");
    made.PutInto(2, "k", "2");
  }
  const Answer answer = Import();
  EXPECT_EQ(answer.code, ExitCode::kError);
  EXPECT_THAT(answer.err, AllOf(HasSubstr("column family by length (shop.ByLength)"), HasSubstr("is not here"),
                                HasSubstr("--column-family NAME imports one of the others")));
  EXPECT_FALSE(std::filesystem::exists(database_));
  EXPECT_THAT(Import({"--column-family", "by length"}).err, HasSubstr("by length (shop.ByLength)"));
  EXPECT_FALSE(std::filesystem::exists(database_));
  EXPECT_EQ(Import({"--column-family", "plain"}).code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"scan"}).out, "p\t1\n");
}

TEST_F(ForeignRocksDb, ANameThatNoFamilyCanHaveIsRefusedBeforeAnythingIsWritten) {
  const std::string longest(255, 'n');
  {
    Made made(foreign_, {"default", longest, longest + "x"});
    made.PutInto(1, "k", "1");
    made.PutInto(2, "k", "2");
  }
  const Answer answer = Import();
  EXPECT_EQ(answer.code, ExitCode::kError);
  EXPECT_THAT(answer.err, AllOf(HasSubstr(longest + "x has 256 bytes"), HasSubstr("--family OTHER")));
  EXPECT_FALSE(std::filesystem::exists(database_));
  ASSERT_EQ(Amethyst({"family", "create", "other"}).code, ExitCode::kOk);
  EXPECT_EQ(Import({"--column-family", longest + "x", "--family", "other"}).code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"scan", "--family", "other"}).out, "k\t2\n");
}

TEST_F(ForeignRocksDb, WhatStandsBeforeARecordThatEndsTheImportStaysAndTheRecordIsNamedWithItsFamily) {
  {
    Made made(foreign_, {"default", "users", "last"});
    made.Put("k", "1");
    made.PutInto(1, "a", "1");
    made.PutInto(1, std::string(kKeyBytesMax + 1, 'b'), "2");
    made.PutInto(1, "c", "3");
    made.PutInto(2, "k", "4");
  }
  const Answer answer = Import();
  EXPECT_EQ(answer.code, ExitCode::kError);
  EXPECT_THAT(answer.err, AllOf(HasSubstr(foreign_ + ", family users:2: the key has 8388609 bytes"),
                                HasSubstr("imported 2 entries"), HasSubstr("\n  users: 1 entry")));
  EXPECT_EQ(Amethyst({"scan"}).out + Amethyst({"scan", "--family", "users"}).out, "k\t1\na\t1\n");
  EXPECT_EQ(Import({"--skip-bad"}).code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"scan", "--family", "users"}).out, "a\t1\nc\t3\n");
  EXPECT_EQ(Amethyst({"scan", "--family", "last"}).out, "k\t4\n");
}

TEST_F(ForeignRocksDb, EntriesWithPendingMergesAreLeftOutByNameAndAllOthersComeOver) {
  for (const bool in_tables : {false, true}) {
    const std::string path = foreign_ + (in_tables ? "-tables" : "-log");
    {
      Made made(path);
      made.Put("a", "1");
      made.Merge("b", "x");
      made.Put("c", "base");
      if (in_tables) made.Flush();
      made.Merge("c", "y");
      made.Put("d", "4");
      made.Merge("e", "replaced");
      made.Put("e", "5");
      made.Merge("f", "z");
      if (in_tables) made.Flush();
    }
    const std::string to = path + "-to";
    const Answer answer = Run({"--db", to, "import", "--from-rocksdb", path});
    EXPECT_EQ(answer.code, ExitCode::kError);
    EXPECT_THAT(answer.err,
                AllOf(HasSubstr("left out: b has merge operands"), HasSubstr("left out: c has merge operands"),
                      HasSubstr("imported 3 entries"), HasSubstr("3 entries were left out")));
    EXPECT_EQ(Run({"--db", to, "scan"}).out, "a\t1\nd\t4\ne\t5\n");

    const Answer skipped = Run({"--db", to, "import", "--skip-bad", "--from-rocksdb", path});
    EXPECT_EQ(skipped.code, ExitCode::kOk);
    EXPECT_THAT(skipped.err, HasSubstr("skipped 3 bad records"));
  }
}

TEST_F(ForeignRocksDb, TheWriteTimesOfATtlAreLeftOutWhereTheDatabaseTellsOfThem) {
  {
    Made made(foreign_, {"default"}, 1'000'000);
    made.Put("a", "1");
    made.Put("b", "");
  }
  const Answer answer = Import();
  EXPECT_EQ(answer.code, ExitCode::kOk) << answer.err;
  EXPECT_THAT(answer.err, AllOf(HasSubstr("note: "), HasSubstr("--ttl-suffix keep")));
  EXPECT_EQ(Amethyst({"scan"}).out, "a\t1\nb\t\"\"\n");

  const Answer kept = Import({"--ttl-suffix", "keep"});
  EXPECT_THAT(kept.err, Not(HasSubstr("note: ")));
  EXPECT_EQ(Amethyst({"get", "--raw", "b"}).out.size(), kTtlSuffixBytes);
}

TEST_F(ForeignRocksDb, AValueWithoutAWriteTimeAmongThoseOfATtlIsLeftOutByName) {
  {
    Made(foreign_, {"default"}, 1'000'000).Put("a", "1");
  }
  {
    Made(foreign_).Put("b", "12");
  }
  const Answer answer = Import();
  EXPECT_EQ(answer.code, ExitCode::kError);
  EXPECT_THAT(answer.err,
              AllOf(HasSubstr("the value of b does not end in a write time"), HasSubstr("1 entry was left out")));
  EXPECT_EQ(Amethyst({"scan"}).out, "a\t1\n");
}

TEST_F(ForeignRocksDb, ValuesThatLookLikeThoseOfATtlAreTakenWholeWithANote) {
  {
    Made made(foreign_);
    for (char key = 'a'; key < 'f'; ++key) made.Put({key}, std::string("1") + key + "\x01\x02\x70\x60");
  }
  const Answer answer = Import();
  EXPECT_EQ(answer.code, ExitCode::kOk);
  EXPECT_THAT(answer.err, HasSubstr("import anew with --ttl-suffix strip"));
  EXPECT_EQ(Amethyst({"get", "--raw", "a"}).out, "1a\x01\x02\x70\x60");
  EXPECT_EQ(Import({"--ttl-suffix", "strip"}).code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"get", "a"}).out, "1a\n");
  EXPECT_THAT(Import({"--ttl-suffix=keep"}).err, Not(HasSubstr("note")));
}

TEST_F(ForeignRocksDb, OptionsThatAreForAnotherSourceAreRefused) {
  for (const std::string option : {"--column-family", "--ttl-suffix"}) {
    EXPECT_EQ(Amethyst({"import", "--from-leveldb", foreign_, option, "strip"}).code, ExitCode::kUsage) << option;
    EXPECT_EQ(Amethyst({"import", "x.tsv", option, "strip"}).code, ExitCode::kUsage) << option;
  }
  EXPECT_EQ(Import({"--ttl-suffix", "shorten"}).code, ExitCode::kUsage);
  EXPECT_EQ(Import({"--column-family", ""}).code, ExitCode::kUsage);
}

TEST(RocksDbTtl, OnlyTheFamilysOwnSectionTellsOfIt) {
  const std::string text =
      "[Version]\n  rocksdb_version=7.8.3\n\n[CFOptions \"default\"]\n  compaction_filter=nullptr\n\n"
      "[TableOptions/BlockBasedTable \"default\"]\n\n[CFOptions \"cache\"]\n"
      "  compaction_filter_factory=TtlCompactionFilterFactory\n";
  EXPECT_FALSE(NamesTtl(text, "default"));
  EXPECT_TRUE(NamesTtl(text, "cache"));
  EXPECT_FALSE(NamesTtl(text, "absent"));
}

TEST(RocksDbTtl, TextIsNotTakenForTimes) {
  TtlSuspicion words;
  for (int i = 0; i < 100; ++i) words.Add("it is true");
  EXPECT_FALSE(words.Holds());
  TtlSuspicion mixed;
  for (int i = 0; i < 100; ++i) mixed.Add(std::string("v\x01\x02\x70\x60", 5));
  EXPECT_TRUE(mixed.Holds());
  mixed.Add("");
  EXPECT_FALSE(mixed.Holds());
}

}  // namespace
}  // namespace amethyst::cli
#endif
