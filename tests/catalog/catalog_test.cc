#include "catalog/catalog.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <set>
#include <thread>
#include <utility>

#include "catalog/catalog_fixture.h"

namespace amethyst::catalog {
namespace {

using support::Operation;

TEST_F(CatalogTest, CreatesADatabaseAndFindsItAgain) {
  base::Uid uid;
  std::string shape;
  {
    Opened opened = Open();
    EXPECT_TRUE(opened.tree->recovered().created);
    uid = opened.tree->recovered().database_uid;
    EXPECT_TRUE(Apply(opened, Flush(opened)));
    EXPECT_TRUE(Apply(opened, Flush(opened)));
    EXPECT_TRUE(Apply(opened, Compact(opened)));
    tree::VersionEdit last = Flush(opened);
    last.first_log_segment = key::FileNumber{4};
    last.last_sequence = key::SequenceNumber{777};
    last.clean_log_end = wal::LogCut{key::FileNumber{4}, 1234, key::SequenceNumber{777}, 8, 9};
    EXPECT_TRUE(Apply(opened, last));
    shape = Shape(*opened.tree->current());
    EXPECT_TRUE(opened.tree->Close());
    EXPECT_TRUE(opened.tree->Close());
    EXPECT_EQ(Apply(opened, {}).error().code(), ErrorCode::kClosed);
  }
  bool revoked = false;
  for (const bool read_only : {true, false, false}) {
    const Opened opened = Open({.read_only = read_only});
    EXPECT_FALSE(opened.tree->recovered().created);
    EXPECT_EQ(opened.tree->recovered().database_uid, uid);
    EXPECT_EQ(opened.tree->recovered().first_log_segment, key::FileNumber{4});
    EXPECT_EQ(opened.tree->recovered().last_sequence, key::SequenceNumber{777});
    EXPECT_EQ(Shape(*opened.tree->current()), shape);
    // The second writing open finds the clean end revoked.
    EXPECT_EQ(opened.tree->recovered().clean_log_end.has_value(), !revoked);
    revoked = !read_only;
  }
}

TEST_F(CatalogTest, SaysWhatIsWrongWithADirectory) {
  EXPECT_EQ(TryOpen({.create_if_missing = false}).error().code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(TryOpen({.read_only = true}).error().code(), ErrorCode::kInvalidArgument);
  EXPECT_TRUE(Names().empty());
  Write("000003.sst", "x");
  EXPECT_EQ(TryOpen().error().code(), ErrorCode::kCorruption);
  Remove("000003.sst");
  Write("LOCK", "");
  Write("MANIFEST-000009", "left by a crash while the database was made");
  Opened opened = Open();
  EXPECT_GT(key::Raw(opened.tree->NewFileNumber()), 9u);
  EXPECT_EQ(TryOpen({.error_if_exists = true}).error().code(), ErrorCode::kInvalidArgument);
  Write("holiday.jpg", "x");  // No business of an existing database.
  Open();
}

class ReverseOrder final : public Comparator {
 public:
  int Compare(std::string_view a, std::string_view b) const override { return key::CompareBytes(b, a); }
  std::string_view Name() const override { return "reverse"; }
};

TEST_F(CatalogTest, RefusesAnotherComparator) {
  Open();
  const ReverseOrder reverse;
  const auto store = tree::NewStore(memory_, 1000, key::Order(&reverse));
  const auto opened = Catalog::Open(store, {.directory = tree::kDirectory, .order = key::Order(&reverse)});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_NE(opened.error().message().find("reverse"), std::string::npos);
}

TEST_F(CatalogTest, RefusesMissingTablesOthersSizesAndADamagedCurrent) {
  {
    Opened opened = Open();
    EXPECT_TRUE(Apply(opened, Flush(opened)));
  }
  const std::string table = tree::TableFileName(key::FileNumber{2});
  const std::string bytes = Read(table);
  Remove(table);
  EXPECT_EQ(TryOpen().error().code(), ErrorCode::kCorruption);
  Write(table, bytes + "x");
  const Error error = TryOpen().error();
  EXPECT_EQ(error.code(), ErrorCode::kCorruption);
  EXPECT_NE(error.message().find(table), std::string::npos);
  Write(table, bytes);
  const std::string current = Read("CURRENT");
  for (size_t length = 0; length < current.size(); ++length) {
    Write("CURRENT", current.substr(0, length));
    EXPECT_EQ(TryOpen().error().code(), ErrorCode::kCorruption);
  }
  Write("CURRENT", EncodeCurrent(key::FileNumber{999}));
  EXPECT_EQ(TryOpen().error().code(), ErrorCode::kCorruption);
  Remove("CURRENT");
  EXPECT_EQ(TryOpen().error().code(), ErrorCode::kCorruption);
  Write("CURRENT", current);
  Open();
}

TEST_F(CatalogTest, ReadOnlyChangesNothing) {
  std::string shape;
  {
    Opened opened = Open();
    EXPECT_TRUE(Apply(opened, Flush(opened)));
    shape = Shape(*opened.tree->current());
    Write("000077.sst", "orphan");
    Write("CURRENT.tmp", "left over");
  }
  std::map<std::string, std::string> before;
  for (const std::string& name : Names()) before[name] = Read(name);
  for (const Operation operation :
       {Operation::kCreate, Operation::kRename, Operation::kRemove, Operation::kSyncDirectory, Operation::kSyncFile}) {
    files_.Fail({.operation = operation, .call = 1, .for_good = true});
  }
  const Opened opened = Open({.read_only = true});
  EXPECT_EQ(Shape(*opened.tree->current()), shape);
  EXPECT_EQ(files_.failed_calls(), 0u);
  EXPECT_TRUE(opened.tree->health());
  std::map<std::string, std::string> after;
  for (const std::string& name : Names()) after[name] = Read(name);
  EXPECT_EQ(after, before);
}

TEST_F(CatalogTest, ListsOrphansByAnAllowListOnly) {
  {
    Opened opened = Open();
    EXPECT_TRUE(Apply(opened, Flush(opened)));
  }
  for (const char* name : {"000077.sst", "MANIFEST-000050", "CURRENT.tmp", "000078.wal", "LOCK", "notes.txt", "77.sst",
                           "000079.sst.bak", "MANIFEST-x"}) {
    Write(name, "x");
  }
  const Opened opened = Open();
  // CURRENT.tmp was used up by the open itself.
  EXPECT_EQ(opened.tree->Orphans().value(), (std::vector<std::string>{"000077.sst", "MANIFEST-000050"}));
  Write("CURRENT.tmp", "x");
  EXPECT_EQ(opened.tree->Orphans().value(), (std::vector<std::string>{"000077.sst", "CURRENT.tmp", "MANIFEST-000050"}));
}

// I11
TEST_F(CatalogTest, NeverGivesANumberTwice) {
  std::set<key::FileNumber> given;
  for (int open = 0; open < 5; ++open) {
    Opened opened = Open();
    for (int i = 0; i < 3; ++i) {
      const key::FileNumber number = opened.tree->NewFileNumber();
      EXPECT_TRUE(given.insert(number).second);
      if (i == 2) Write(tree::LogFileName(number), "x");  // Known to the directory alone.
    }
    tree::VersionEdit edit = Flush(opened);
    EXPECT_TRUE(given.insert(edit.added[0].number).second);
    EXPECT_TRUE(Apply(opened, edit));
    EXPECT_TRUE(given.insert(ManifestNumber()).second);  // Which the first edit has begun.
  }
}

TEST_F(CatalogTest, RefusesADirectoryInWhichFileNumbersAreNearlyUsedUp) {
  Open();
  Write(tree::ManifestFileName(tree::kFileNumberMax), "x");
  EXPECT_EQ(TryOpen().error().code(), ErrorCode::kCorruption);
  Remove(tree::ManifestFileName(tree::kFileNumberMax));
  Open();
}

// I16
TEST_F(CatalogTest, DeletesAFileExactlyWhenTheLastReferenceGoes) {
  Opened opened = Open();
  std::vector<std::shared_ptr<const tree::Version>> held;
  base::Random random(3);
  std::set<std::string> listed;
  for (int step = 0; step < 300; ++step) {
    EXPECT_TRUE(Apply(opened, random.OneIn(4) ? Compact(opened) : Flush(opened)));
    if (random.OneIn(3)) held.push_back(opened.tree->current());
    if (!held.empty() && random.OneIn(3)) held.erase(held.begin() + static_cast<ptrdiff_t>(random.Below(held.size())));
    EXPECT_TRUE(opened.store->DeleteObsolete());
    std::set<std::string> expected;
    held.push_back(opened.tree->current());
    for (const auto& version : held) {
      for (const key::Level level : {0u, 1u}) {
        for (const tree::TablePtr& table : version->tables(level))
          expected.insert(tree::TableFileName(table->number()));
      }
    }
    held.pop_back();
    std::set<std::string> found;
    for (const std::string& name : Names()) {
      if (name.ends_with(".sst")) found.insert(name);
    }
    ASSERT_EQ(found, expected);
  }
}

TEST_F(CatalogTest, AMovedTableKeepsItsFile) {
  Opened opened = Open();
  EXPECT_TRUE(Apply(opened, Flush(opened)));
  const tree::TablePtr table = opened.tree->current()->level0()[0];
  tree::VersionEdit move;
  move.removed = {{0, table->number()}};
  move.added = {{.level = 4, .number = table->number(), .info = table->info()}};
  EXPECT_TRUE(Apply(opened, move));
  EXPECT_EQ(opened.tree->current()->tables(4)[0], table);
  EXPECT_FALSE(opened.store->HasObsolete());
  opened = Open();
  EXPECT_EQ(opened.tree->current()->tables(4).size(), 1u);
}

TEST_F(CatalogTest, RewritesAManifestThatHasGrownAndRemovesTheOldOne) {
  Opened opened = Open();
  const std::string first = Manifest();
  uint64_t largest = 0;
  for (int i = 0; i < 3000; ++i) {
    ASSERT_TRUE(Apply(opened, i % 10 == 9 ? Compact(opened) : Flush(opened)));
    largest = std::max<uint64_t>(largest, Read(Manifest()).size());
  }
  EXPECT_NE(Manifest(), first);
  EXPECT_LT(largest, 300u << 10);
  const auto names = Names();
  EXPECT_EQ(std::count_if(names.begin(), names.end(), [](const auto& name) { return name.starts_with("MANIFEST"); }),
            1);
  const std::string shape = Shape(*opened.tree->current());
  opened = Open();
  EXPECT_EQ(Shape(*opened.tree->current()), shape);
}

TEST_F(CatalogTest, NeverWritesAManifestThatAnOpenRefuses) {
  constexpr uint64_t kBytesMax = 40'000;
  Opened opened = Open({.manifest_bytes_max = kBytesMax});
  const auto flush_long_keys = [&] {
    tree::VersionEdit edit = Flush(opened);
    edit.added.front().info.smallest = "a" + std::string(1000, 'k');
    edit.added.front().info.largest = "z" + std::string(1000, 'k');
    return Apply(opened, std::move(edit));
  };
  const auto check = [&] { EXPECT_LE(Read(Manifest()).size(), kBytesMax); };
  Status flushed;
  int tables = 0;
  for (; (flushed = flush_long_keys()); ++tables) ASSERT_LE(Read(Manifest()).size(), kBytesMax);
  EXPECT_GT(tables, 8);
  EXPECT_EQ(flushed.error().code(), ErrorCode::kNoSpace) << "the list itself is too long";
  check();
  EXPECT_TRUE(opened.tree->health()) << "nothing is latched";
  EXPECT_EQ(opened.tree->current()->tables(0).size(), tables);
  for (int round = 0; round < 2; ++round) {
    ASSERT_TRUE(opened.tree->Close());
    opened = Open({.manifest_bytes_max = kBytesMax});
    EXPECT_EQ(opened.tree->current()->tables(0).size(), tables);
    check();
  }
  ASSERT_TRUE(Apply(opened, Compact(opened))) << "a shorter one is written";
  EXPECT_TRUE(flush_long_keys());
  opened = Open({.manifest_bytes_max = kBytesMax});
  EXPECT_EQ(opened.tree->current()->tables(1).size(), 1u);
}

// I10
TEST_F(CatalogTest, CallsInstalledWithTheNewVersionOnceItIsDurable) {
  Opened opened = Open();
  tree::VersionEdit edit = Flush(opened);
  std::shared_ptr<const tree::Version> seen;
  EXPECT_TRUE(opened.tree->Apply(edit, [&](std::shared_ptr<const tree::Forest> forest) {
    seen = forest->default_family().version;
    EXPECT_EQ(Open({.read_only = true}).tree->current()->level0().size(), 1u);
  }));
  EXPECT_EQ(seen, opened.tree->current());
  tree::VersionEdit bad;
  bad.removed = {{3, key::FileNumber{1}}};
  EXPECT_EQ(opened.tree->Apply(bad, [](const auto&) { FAIL(); }).error().code(), ErrorCode::kCorruption);
  EXPECT_TRUE(opened.tree->health());
  EXPECT_EQ(opened.tree->current(), seen);
}

TEST_F(CatalogTest, SyncsTheDirectoryOnceForAnEditThatAddsTables) {
  Opened opened = Open();
  const auto syncs_of = [&](tree::VersionEdit edit) {
    const uint64_t directory = files_.calls(Operation::kSyncDirectory);
    const uint64_t file = files_.calls(Operation::kSync);
    EXPECT_TRUE(Apply(opened, std::move(edit)));
    return std::pair(files_.calls(Operation::kSyncDirectory) - directory, files_.calls(Operation::kSync) - file);
  };
  EXPECT_EQ(syncs_of(Flush(opened)), std::pair(uint64_t{1}, uint64_t{1}));
  tree::VersionEdit no_tables;
  no_tables.last_sequence = key::SequenceNumber{9};
  EXPECT_EQ(syncs_of(no_tables), std::pair(uint64_t{0}, uint64_t{1}));
}

TEST_F(CatalogTest, ServesManyThreads) {
  Opened opened = Open();
  std::atomic<bool> done = false;
  std::thread reader([&] {
    size_t tables = 0;
    while (!done.load()) {
      const size_t now = opened.tree->current()->level0().size();
      EXPECT_GE(now, tables);
      tables = now;
    }
  });
  std::vector<std::thread> writers;
  for (int i = 0; i < 3; ++i) {
    writers.emplace_back([&] {
      for (int n = 0; n < 40; ++n) EXPECT_TRUE(Apply(opened, Flush(opened)));
    });
  }
  for (std::thread& writer : writers) writer.join();
  done = true;
  reader.join();
  EXPECT_EQ(opened.tree->current()->level0().size(), 120u);
  EXPECT_EQ(Open().tree->current()->level0().size(), 120u);
}

}  // namespace
}  // namespace amethyst::catalog
