// What opening and closing do to a directory: who may, what is refused, what is left. Covers: db, iterator
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "base/coding.h"
#include "base/hash.h"
#include "base/random.h"
#include "support/database.h"
#include "support/temp_directory.h"

namespace amethyst {
namespace {

using support::CodeOf;
using support::ContentOf;
using support::Key;
using support::OpenOrFail;
using support::SmallOptions;
using support::TempDirectory;
using support::Text;
using testing::HasSubstr;

using Files = std::map<std::string, std::string>;

// Names and contents of everything below `directory`.
Files FilesOf(const std::string& directory) {
  Files files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file()) {
      files[entry.path().string()] = "(directory)";
      continue;
    }
    std::ostringstream content;
    content << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    files[entry.path().string()] = content.str();
  }
  return files;
}

size_t OpenDescriptors() {
  const std::filesystem::directory_iterator descriptors("/proc/self/fd");
  return static_cast<size_t>(std::distance(begin(descriptors), end(descriptors)));
}

void Fill(DB& db, int entries, uint64_t seed = 1) {
  base::Random random(seed);
  for (int i = 0; i < entries; ++i) ASSERT_TRUE(db.Put(Key(random.Below(5000)), std::string(100, 'v')));
}

Options ReadOnly() {
  Options options = SmallOptions();
  options.read_only = true;
  return options;
}

TEST(Open, CreatesADirectoryWithItsParents) {
  const TempDirectory directory;
  const std::string path = directory.File("a/b/c");
  auto db = OpenOrFail(path);
  ASSERT_TRUE(db->Put("k", "v"));
  db.reset();
  EXPECT_EQ(ContentOf(*OpenOrFail(path)).size(), 1);
}

TEST(Open, WithoutCreateIfMissingLeavesNothingBehind) {
  const TempDirectory directory;
  Options options;
  options.create_if_missing = false;
  const auto opened = DB::Open(directory.path(), options);
  EXPECT_EQ(CodeOf(opened), ErrorCode::kInvalidArgument);
  EXPECT_THAT(opened.error().message(), HasSubstr(directory.path()));
  EXPECT_TRUE(FilesOf(directory.path()).empty());
  EXPECT_EQ(CodeOf(DB::Open(directory.File("missing"), options)), ErrorCode::kInvalidArgument);
  EXPECT_FALSE(std::filesystem::exists(directory.File("missing")));
  EXPECT_EQ(CodeOf(DB::Open(directory.File("missing"), ReadOnly())), ErrorCode::kInvalidArgument);
  EXPECT_FALSE(std::filesystem::exists(directory.File("missing")));
}

TEST(Open, RefusesADirectoryOfOtherFilesAndCreatesNothingInIt) {
  const TempDirectory directory;
  std::ofstream(directory.File("letter.txt")) << "dear";
  const Files before = FilesOf(directory.path());
  const auto opened = DB::Open(directory.path());
  EXPECT_EQ(CodeOf(opened), ErrorCode::kInvalidArgument);
  EXPECT_THAT(opened.error().message(), HasSubstr("letter.txt"));
  EXPECT_EQ(FilesOf(directory.path()), before);
}

TEST(Open, RefusesAFileInPlaceOfADirectory) {
  const TempDirectory directory;
  std::ofstream(directory.File("file")) << "x";
  EXPECT_FALSE(DB::Open(directory.File("file")));
  EXPECT_FALSE(DB::Open(directory.File("file/below")));
}

TEST(Open, ErrorIfExistsRefusesADatabaseAndNothingElse) {
  const TempDirectory directory;
  Options options = SmallOptions();
  options.error_if_exists = true;
  ASSERT_NE(OpenOrFail(directory.path(), options), nullptr);
  const Files before = FilesOf(directory.path());
  EXPECT_EQ(CodeOf(DB::Open(directory.path(), options)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(FilesOf(directory.path()), before);
}

TEST(Open, ABadOptionTouchesNothing) {
  const TempDirectory directory;
  Options options;
  options.block_bytes = 3;
  EXPECT_EQ(CodeOf(DB::Open(directory.File("db"), options)), ErrorCode::kInvalidArgument);
  EXPECT_FALSE(std::filesystem::exists(directory.File("db")));
}

TEST(Open, ASecondOwnerIsBusyInThisProcessAndAnother) {
  const TempDirectory directory;
  const auto db = OpenOrFail(directory.path());
  EXPECT_EQ(CodeOf(DB::Open(directory.path())), ErrorCode::kBusy);
  EXPECT_EQ(CodeOf(DB::Open(directory.path(), ReadOnly())), ErrorCode::kBusy);
  EXPECT_EQ(CodeOf(DB::Open(directory.path() + "/../" + std::filesystem::path(directory.path()).filename().string())),
            ErrorCode::kBusy);
  ASSERT_TRUE(db->Put("still", "works"));
}

class ReverseComparator final : public Comparator {
 public:
  int Compare(std::string_view a, std::string_view b) const override { return b.compare(a); }
  std::string_view Name() const override { return "test.Reverse"; }
};

TEST(Open, ACustomOrderIsKeptAndAnotherIsRefused) {
  const TempDirectory directory;
  const ReverseComparator reverse;
  Options options = SmallOptions();
  options.comparator = &reverse;
  auto db = OpenOrFail(directory.path(), options);
  base::Random random(2);
  std::set<std::string> keys;
  for (int i = 0; i < 5000; ++i) {
    const std::string key = Key(random.Below(100'000)).substr(0, 4 + random.Below(8));
    keys.insert(key);
    ASSERT_TRUE(db->Put(key, "v"));
  }
  ASSERT_TRUE(db->CompactRange());
  db.reset();
  const auto refused = DB::Open(directory.path(), SmallOptions());
  EXPECT_EQ(CodeOf(refused), ErrorCode::kInvalidArgument);
  EXPECT_THAT(refused.error().message(), HasSubstr("test.Reverse"));
  db = OpenOrFail(directory.path(), options);
  Iterator it = db->NewIterator();
  it.SeekToFirst();
  for (auto key = keys.rbegin(); key != keys.rend(); ++key, it.Next()) {
    ASSERT_TRUE(it.Valid());
    ASSERT_EQ(it.key(), *key);
    ASSERT_EQ(db->Get(*key).value(), "v");
  }
  EXPECT_FALSE(it.Valid());
}

// Each of a database's files with one byte changed at a time, over its first 64. Opening must work or be refused, and
// what is read must be right.
TEST(Open, AFlippedHeaderIsRefusedByNameOrHarmless) {
  const TempDirectory directory;
  {
    const auto db = OpenOrFail(directory.File("db"));
    Fill(*db, 500);
    ASSERT_TRUE(db->Flush());
    Fill(*db, 100, 2);
  }
  const Files original = FilesOf(directory.File("db"));
  const auto expected = ContentOf(*OpenOrFail(directory.File("db")));
  for (const auto& [name, content] : original) {
    for (size_t at = 0; at < std::min<size_t>(content.size(), 64); at += 3) {
      std::filesystem::remove_all(directory.File("db"));
      std::filesystem::create_directory(directory.File("db"));
      for (const auto& [other, bytes] : original) std::ofstream(other, std::ios::binary) << bytes;
      std::string flipped = content;
      flipped[at] = static_cast<char>(flipped[at] ^ 0x40);
      std::ofstream(name, std::ios::binary) << flipped;
      auto opened = DB::Open(directory.File("db"), SmallOptions());
      if (!opened) {
        EXPECT_FALSE(opened.error().message().empty());
        continue;
      }
      Iterator it = (*opened)->NewIterator();
      std::map<std::string, std::string> found;
      for (it.SeekToFirst(); it.Valid(); it.Next()) found.emplace(it.key(), it.value());
      if (it.status()) {
        ASSERT_EQ(found, expected) << name << " at " << at;
      }
    }
  }
}

TEST(Open, ANewerFormatIsRefusedByName) {
  const TempDirectory directory;
  ASSERT_TRUE(OpenOrFail(directory.path())->Close());
  for (const auto& [name, content] : FilesOf(directory.path())) {
    if (!name.contains("MANIFEST-")) continue;
    // Version 2 at byte 8, and the checksum of the header that holds for every version.
    std::string newer = content;
    newer[8] = 2;
    base::Location location{.owner = {.low = base::LoadFixed<uint64_t>(newer.data() + 16),
                                      .high = base::LoadFixed<uint64_t>(newer.data() + 24)},
                            .offset = 0};
    location.owner.low ^= base::LoadFixed<uint64_t>(newer.data() + 32);
    base::StoreFixed(newer.data() + 40, base::Checksum(std::string_view(newer).substr(0, 40), location));
    std::ofstream(name, std::ios::binary) << newer;
  }
  const Files before = FilesOf(directory.path());
  for (const Options& options : {SmallOptions(), ReadOnly()}) {
    const auto opened = DB::Open(directory.path(), options);
    EXPECT_EQ(CodeOf(opened), ErrorCode::kNotSupported);
    EXPECT_THAT(opened.error().message(), HasSubstr("version 2"));
  }
  EXPECT_EQ(FilesOf(directory.path()), before);
}

TEST(ReadOnlyOpen, ChangesNothingOnDiskAndSeesTheLog) {
  const TempDirectory directory;
  const pid_t child = fork();
  if (child == 0) {  // Is killed, and leaves a log.
    auto db = OpenOrFail(directory.path());
    Fill(*db, 4000);
    static_cast<void>(db->WaitForIdle());
    Fill(*db, 100, 7);
    _exit(db->Put("last", "logged") ? kill(getpid(), SIGKILL) : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  const Files before = FilesOf(directory.path());
  {
    const auto db = OpenOrFail(directory.path(), ReadOnly());
    EXPECT_EQ(db->Get("last").value(), "logged");
    EXPECT_GT(ContentOf(*db).size(), 1000);
    EXPECT_EQ(CodeOf(db->Put("a", "b")), ErrorCode::kNotSupported);
    EXPECT_EQ(CodeOf(db->Delete("a")), ErrorCode::kNotSupported);
    EXPECT_EQ(CodeOf(db->Flush()), ErrorCode::kNotSupported);
    EXPECT_EQ(CodeOf(db->CompactRange()), ErrorCode::kNotSupported);
    EXPECT_EQ(CodeOf(db->SyncWal()), ErrorCode::kNotSupported);
    EXPECT_EQ(Text(db->WaitForIdle()), "");
    EXPECT_EQ(FilesOf(directory.path()), before);
    const auto second = OpenOrFail(directory.path(), ReadOnly());  // Readers share.
    EXPECT_EQ(second->Get("last").value(), "logged");
    EXPECT_EQ(CodeOf(DB::Open(directory.path(), SmallOptions())), ErrorCode::kBusy);
    EXPECT_EQ(Text(db->Close()), "");
  }
  EXPECT_EQ(FilesOf(directory.path()), before);
  EXPECT_EQ(OpenOrFail(directory.path())->Get("last").value(), "logged");
}

TEST(ReadOnlyOpen, WorksWithoutAnyRightToWrite) {
  const TempDirectory directory;
  {
    const auto db = OpenOrFail(directory.path());
    Fill(*db, 1000);
  }
  std::filesystem::remove(directory.File("LOCK"));
  const Files before = FilesOf(directory.path());
  EXPECT_GT(ContentOf(*OpenOrFail(directory.path(), ReadOnly())).size(), 500);
  EXPECT_EQ(FilesOf(directory.path()), before);
}

TEST(Close, IsIdempotentAndEverythingAfterItSaysClosed) {
  const TempDirectory directory;
  const auto db = OpenOrFail(directory.path());
  ASSERT_TRUE(db->Put("a", "1"));
  EXPECT_EQ(Text(db->Close()), "");
  EXPECT_EQ(Text(db->Close()), "");
  std::string value;
  const std::vector<std::string_view> keys = {"a"};
  EXPECT_EQ(CodeOf(db->Put("a", "1")), ErrorCode::kClosed);
  EXPECT_EQ(CodeOf(db->Delete("a")), ErrorCode::kClosed);
  EXPECT_EQ(CodeOf(db->Get("a")), ErrorCode::kClosed);
  EXPECT_EQ(CodeOf(db->GetInto("a", &value)), ErrorCode::kClosed);
  EXPECT_EQ(CodeOf(db->GetPinned("a")), ErrorCode::kClosed);
  EXPECT_EQ(CodeOf(db->MultiGet(keys)[0]), ErrorCode::kClosed);
  EXPECT_EQ(CodeOf(db->Flush()), ErrorCode::kClosed);
  EXPECT_EQ(CodeOf(db->CompactRange()), ErrorCode::kClosed);
  EXPECT_EQ(CodeOf(db->WaitForIdle()), ErrorCode::kClosed);
  EXPECT_EQ(CodeOf(db->SyncWal()), ErrorCode::kClosed);
  EXPECT_EQ(CodeOf(db->ApproximateSize("a", "b")), ErrorCode::kClosed);
  EXPECT_EQ(db->GetStats().writes, 1);
  const Snapshot snapshot = db->GetSnapshot();
  EXPECT_EQ(snapshot.sequence(), 1);
}

TEST(Close, FromManyThreadsReturnsTheSame) {
  const TempDirectory directory;
  const auto db = OpenOrFail(directory.path());
  Fill(*db, 3000);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { EXPECT_EQ(Text(db->Close()), ""); });
  for (std::thread& thread : threads) thread.join();
}

TEST(Close, GivesEveryDescriptorBack) {
  const TempDirectory directory;
  const size_t before = OpenDescriptors();
  for (int round = 0; round < 3; ++round) {
    const auto db = OpenOrFail(directory.path());
    Fill(*db, 20'000, static_cast<uint64_t>(round));
    Iterator it = db->NewIterator();
    it.SeekToFirst();
    EXPECT_GT(OpenDescriptors(), before);
    ASSERT_TRUE(db->Close());
    EXPECT_EQ(OpenDescriptors(), before);
  }
}

TEST(Close, LeavesExactlyTheLiveFiles) {
  const TempDirectory directory;
  for (int round = 0; round < 4; ++round) {
    auto db = OpenOrFail(directory.path());
    Fill(*db, 20'000, static_cast<uint64_t>(round));
    ASSERT_TRUE(db->WaitForIdle());
    Iterator held = db->NewIterator();  // Keeps tables past their compaction, and past Close.
    held.SeekToFirst();
    Fill(*db, 5000, static_cast<uint64_t>(round) + 100);
    ASSERT_TRUE(db->CompactRange());
    ASSERT_TRUE(db->Close());
    db = OpenOrFail(directory.path());
    uint64_t live = 0;
    for (const LevelStats& level : db->GetStats().levels) live += level.tables;
    std::map<std::string, uint64_t> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
      ++names[entry.path().has_extension() ? entry.path().extension().string()
                                           : entry.path().filename().string().substr(0, 8)];
    }
    EXPECT_EQ(names[".sst"], live);
    EXPECT_FALSE(names.contains(".wal"));                                   // The first write begins it.
    for (const char* const name : {"RESERVE", "STATS"}) names.erase(name);  // Of some size; at work for a second.
    for (const char* const name : {"CURRENT", "LOCK", "MANIFEST", "READERS"}) EXPECT_EQ(names[name], 1) << name;
    EXPECT_EQ(names.size(), 5) << testing::PrintToString(names);
  }
}

TEST(Close, DuringWritesFlushesAndCompactionsLosesNothingAcknowledged) {
  for (uint64_t round = 0; round < 8; ++round) {
    const TempDirectory directory;
    const auto db = OpenOrFail(directory.path());
    std::atomic<uint64_t> acknowledged[3] = {0, 0, 0};
    std::vector<std::thread> threads;
    for (uint64_t t = 0; t < 3; ++t) {
      threads.emplace_back([&, t] {
        for (uint64_t i = 1;; ++i) {
          const Status put = db->Put(fmt::format("{}/{:08}", t, i), std::string(200, 'v'));
          if (!put) {
            EXPECT_EQ(CodeOf(put), ErrorCode::kClosed) << put.error().ToString();
            return;
          }
          acknowledged[t].store(i);
        }
      });
    }
    threads.emplace_back([&] {
      for (Status status = db->Flush(); status; status = db->CompactRange()) {
      }
    });
    threads.emplace_back([&] {
      while (db->WaitForIdle()) std::this_thread::yield();
    });
    while (acknowledged[0].load() + acknowledged[1].load() < 500 + 700 * round) std::this_thread::yield();
    EXPECT_EQ(Text(db->Close()), "");
    for (std::thread& thread : threads) thread.join();
    const auto reopened = OpenOrFail(directory.path());
    const auto content = ContentOf(*reopened);
    for (uint64_t t = 0; t < 3; ++t) {
      for (uint64_t i = 1; i <= acknowledged[t].load(); ++i)
        ASSERT_TRUE(content.contains(fmt::format("{}/{:08}", t, i)));
    }
  }
}

TEST(Close, ADestructorWithoutCloseDoesTheSame) {
  const TempDirectory directory;
  {
    const auto db = OpenOrFail(directory.path());
    ASSERT_TRUE(db->Put("a", "1", {.durability = Durability::kNone}));
  }
  const auto db = OpenOrFail(directory.path());
  EXPECT_EQ(db->Get("a").value(), "1");
  EXPECT_EQ(db->GetStats().wal_torn_tails, 0);
}

}  // namespace
}  // namespace amethyst
