// Finished tables that a database takes in: each row of what that means, by name.
#include "api/ingest_fixture.h"

#include <atomic>
#include <cstdio>
#include <thread>

namespace amethyst {
namespace {

using support::CodeOf;
using support::ContentOf;
using support::Key;
using support::Text;

TEST_F(Ingest, WinsOverAllThatIsOlderAndLosesToAllThatIsNewer) {
  ASSERT_TRUE(db_->Put("a", "flushed"));
  ASSERT_TRUE(db_->Put("b", "flushed"));
  ASSERT_TRUE(db_->Flush());
  ASSERT_TRUE(db_->Put("b", "memtable"));
  ASSERT_TRUE(db_->Put("c", "memtable"));
  ASSERT_EQ(Text(db_->Ingest(WritePuts({{"a", "in"}, {"b", "in"}, {"c", "in"}, {"d", "in"}}))), "");
  EXPECT_EQ(ContentOf(*db_), (Content{{"a", "in"}, {"b", "in"}, {"c", "in"}, {"d", "in"}}));
  ASSERT_TRUE(db_->Put("c", "newer"));
  ASSERT_TRUE(db_->Delete("d"));
  ExpectContentForGood({{"a", "in"}, {"b", "in"}, {"c", "newer"}});
}

TEST_F(Ingest, TakesEachKindOfEntry) {
  for (const char* const key : {"a", "b", "c", "d", "e"}) ASSERT_TRUE(db_->Put(key, "old"));
  const auto path = Write([](TableWriter& table) {
    ASSERT_EQ(Text(table.DeleteRange("c", "e")), "");
    ASSERT_EQ(Text(table.Delete("a")), "");
    ASSERT_EQ(Text(table.Merge("b", "operand")), "");
    ASSERT_EQ(Text(table.Put("d", "put")), "");  // Its own range delete does not concern it.
    ASSERT_EQ(Text(table.Put("f", "mayfly", ExpiresAt(std::chrono::system_clock::time_point()))), "");
    ASSERT_EQ(Text(table.Put("g", "put", ExpiresAfter(std::chrono::hours(1)))), "");
  });
  ASSERT_EQ(Text(db_->Ingest(path)), "");
  EXPECT_EQ(Get("b"), "old,operand");
  EXPECT_EQ(Get("c"), std::nullopt);
  ExpectContentForGood({{"b", "old,operand"}, {"d", "put"}, {"e", "old"}, {"g", "put"}});
}

// rocksdb#1463, #10051.
TEST_F(Ingest, OlderSnapshotsAndIteratorsDoNotSeeIt) {
  ASSERT_TRUE(db_->Put("a", "old"));
  const Snapshot before = db_->GetSnapshot();
  Iterator iterator = db_->NewIterator({.snapshot = &before});
  iterator.SeekToFirst();
  const auto path = Write([](TableWriter& table) {
    ASSERT_TRUE(table.Put("a", "in"));
    ASSERT_TRUE(table.Put("b", "in"));
    ASSERT_TRUE(table.DeleteRange("a", "z"));
  });
  ASSERT_EQ(Text(db_->Ingest(path)), "");
  const Snapshot after = db_->GetSnapshot();
  ASSERT_TRUE(db_->Put("b", "newer"));
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(ContentOf(*db_, {.snapshot = &before}), (Content{{"a", "old"}})) << round;
    EXPECT_EQ(ContentOf(*db_, {.snapshot = &after}), (Content{{"a", "in"}, {"b", "in"}})) << round;
    EXPECT_EQ(Get("a", {.snapshot = &before}), "old") << round;
    EXPECT_EQ(Get("b", {.snapshot = &before}), std::nullopt) << round;
    EXPECT_EQ(Get("b", {.snapshot = &after}), "in") << round;
    ASSERT_EQ(Text(round == 0 ? db_->Flush() : db_->CompactRange()), "");
  }
  ASSERT_TRUE(iterator.Valid());
  EXPECT_EQ(iterator.value(), "old");
  iterator.Next();
  EXPECT_FALSE(iterator.Valid());
  EXPECT_EQ(ContentOf(*db_), (Content{{"a", "in"}, {"b", "newer"}}));
}

TEST_F(Ingest, AllFilesOfACallAppearTogether) {
  std::vector<std::filesystem::path> paths;
  Content content;
  for (int file = 0; file < 5; ++file) {
    Content part;
    for (uint64_t i = 0; i < 500; ++i) part[Key(1'000 * file + i)] = "v";
    paths.push_back(WritePuts(part));
    content.merge(part);
  }
  std::atomic<bool> stop{false};
  std::thread reader([&] {
    while (!stop) {
      const size_t seen = ContentOf(*db_).size();
      EXPECT_TRUE(seen == 0 || seen == content.size()) << seen;
    }
  });
  ASSERT_EQ(Text(db_->Ingest(paths)), "");
  stop = true;
  reader.join();
  ExpectContentForGood(content);
}

TEST_F(Ingest, FilesOfOneCallThatOverlapAreRefusedUnlessInOrder) {
  const Paths paths{WritePuts({{"a", "1"}, {"c", "1"}}), WritePuts({{"b", "2"}, {"d", "2"}}),
                    WritePuts({{"c", "3"}, {"e", "3"}})};
  const Status refused = db_->Ingest(paths);
  EXPECT_EQ(CodeOf(refused), ErrorCode::kInvalidArgument);
  EXPECT_EQ(ContentOf(*db_), Content());
  ASSERT_EQ(Text(db_->Ingest(paths, {.in_order = true})), "");
  ExpectContentForGood({{"a", "1"}, {"b", "2"}, {"c", "3"}, {"d", "2"}, {"e", "3"}});
}

TEST_F(Ingest, ARangeDeleteOfAFileConcernsTheFilesBeforeItInOrder) {
  const auto deleting = Write([](TableWriter& table) {
    ASSERT_TRUE(table.DeleteRange("a", "c"));
    ASSERT_TRUE(table.Put("x", "2"));
  });
  const Paths paths{WritePuts({{"a", "1"}, {"b", "1"}, {"c", "1"}}), deleting, WritePuts({{"b", "3"}})};
  EXPECT_EQ(CodeOf(db_->Ingest(paths)), ErrorCode::kInvalidArgument);
  ASSERT_EQ(Text(db_->Ingest(paths, {.in_order = true})), "");
  ExpectContentForGood({{"b", "3"}, {"c", "1"}, {"x", "2"}});
}

TEST_F(Ingest, ReplaceDeletesARangeInTheSameStep) {
  for (uint64_t i = 0; i < 100; ++i) ASSERT_TRUE(db_->Put(Key(i), "old"));
  ASSERT_TRUE(db_->Flush());
  ASSERT_TRUE(db_->Put(Key(50), "memtable"));
  const Snapshot before = db_->GetSnapshot();
  const auto path = WritePuts({{Key(10), "new"}, {Key(50), "new"}});
  ASSERT_EQ(Text(db_->Ingest(path, {.replace = KeyRange{.begin = Key(10), .end = Key(60)}})), "");
  Content content;
  for (uint64_t i = 0; i < 100; ++i) {
    if (i < 10 || i >= 60) content[Key(i)] = "old";
  }
  content[Key(10)] = content[Key(50)] = "new";
  EXPECT_EQ(ContentOf(*db_, {.snapshot = &before}).size(), 100u);
  EXPECT_EQ(Get(Key(11)), std::nullopt);
  EXPECT_EQ(Get(Key(11), {.snapshot = &before}), "old");
  ExpectContentForGood(content);
}

// rocksdb#9005, #12257: numbers over families, and of what comes later.
// Its blocks say 0, so they cannot be taken over as they are stored while an older snapshot needs to tell.
TEST_F(Ingest, ACompactionKeepsItsNumber) {
  Content content;
  ASSERT_TRUE(db_->Put(Key(0), "old"));
  const Snapshot before = db_->GetSnapshot();
  for (uint64_t i = 0; i < 4'000; ++i) content[Key(i)] = std::string(40, 'v');
  ASSERT_EQ(Text(db_->Ingest(WritePuts(content))), "");
  const Snapshot after = db_->GetSnapshot();
  content[Key(4'000)] = content[Key(7)] = std::string(3'000, 'n');  // What follows begins in the middle of a block.
  for (const uint64_t i : {7, 4'000}) ASSERT_TRUE(db_->Put(Key(i), content[Key(i)]));
  for (int round = 0; round < 2; ++round) {
    ASSERT_EQ(Text(db_->CompactRange()), "");
    EXPECT_EQ(ContentOf(*db_, {.snapshot = &before}), (Content{{Key(0), "old"}}));
    EXPECT_EQ(ContentOf(*db_, {.snapshot = &after}).size(), 4'000u);
    EXPECT_EQ(Get(Key(3'000), {.snapshot = &before}), std::nullopt);
    EXPECT_EQ(ContentOf(*db_), content);
  }
}

// It need not be rewritten to come to rest.
TEST_F(Ingest, GoesToTheLowestLevelAboveWhichNothingOverlaps) {
  ASSERT_TRUE(db_->Put("b", "old"));
  ASSERT_TRUE(db_->Put("f", "old"));
  ASSERT_EQ(Text(db_->CompactRange()), "");
  const std::vector<uint64_t> before = TablesByLevel();
  ASSERT_EQ(Text(db_->Ingest(WritePuts({{"x", "in"}, {"z", "in"}}))), "");
  ASSERT_EQ(Text(db_->WaitForIdle()), "");
  std::vector<uint64_t> after = TablesByLevel();
  EXPECT_EQ(after[0], 0u);
  EXPECT_EQ(after.back(), before.back() + 1);
  ASSERT_EQ(Text(db_->Ingest(WritePuts({{"y", "in"}}))), "");
  ASSERT_EQ(Text(db_->Flush()), "");
  EXPECT_EQ(TablesByLevel()[0], 0u);
  ExpectContentForGood({{"b", "old"}, {"f", "old"}, {"x", "in"}, {"y", "in"}, {"z", "in"}});
}

TEST_F(Ingest, LinksMovesAndCopies) {
  const auto linked = WritePuts({{"a", "1"}});
  ASSERT_EQ(Text(db_->Ingest(linked)), "");
  EXPECT_EQ(std::filesystem::hard_link_count(linked), 2u);
  const auto moved = WritePuts({{"b", "1"}});
  ASSERT_EQ(Text(db_->Ingest(moved, {.mode = IngestMode::kMove})), "");
  EXPECT_FALSE(std::filesystem::exists(moved));
  const auto copied = WritePuts({{"c", "1"}});
  ASSERT_EQ(Text(db_->Ingest(copied, {.mode = IngestMode::kCopy, .verify = true})), "");
  EXPECT_EQ(std::filesystem::hard_link_count(copied), 1u);
  ExpectContentForGood({{"a", "1"}, {"b", "1"}, {"c", "1"}});
}

TEST_F(Ingest, TheSameFileMayComeTwice) {
  const auto path = WritePuts({{"a", "in"}});
  ASSERT_EQ(Text(db_->Ingest(path)), "");
  ASSERT_TRUE(db_->Put("a", "between"));
  ASSERT_EQ(Text(db_->Ingest(path)), "");
  ExpectContentForGood({{"a", "in"}});
}

TEST_F(Ingest, RefusesWhatDoesNotFitAndLeavesNothing) {
  const auto count_files = [&] {
    return std::distance(std::filesystem::directory_iterator(Directory()), std::filesystem::directory_iterator());
  };
  ASSERT_TRUE(db_->Put("a", "1"));
  ASSERT_TRUE(db_->Flush());
  ASSERT_EQ(Text(db_->Ingest(WritePuts({{"first", "1"}}))), "");
  ASSERT_TRUE(db_->WaitForIdle());
  const auto files = count_files();
  const auto operands =
      Write([](TableWriter& table) { ASSERT_TRUE(table.Merge("a", "12345678")); }, {.merge_operator = BitOr()});
  EXPECT_EQ(CodeOf(db_->Ingest(operands)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(db_->Ingest(Paths{})), ErrorCode::kInvalidArgument);
  EXPECT_FALSE(db_->Ingest(directory_.path() + "/missing"));
  for (const auto& entry : std::filesystem::directory_iterator(Directory())) {
    if (entry.path().extension() != ".sst") continue;
    const std::string name = directory_.path() + "/own" + entry.path().filename().string();
    std::filesystem::copy_file(entry.path(), name);
    EXPECT_EQ(CodeOf(db_->Ingest(entry.path(), {.mode = IngestMode::kMove})), ErrorCode::kInvalidArgument);
    const Status again = db_->Ingest(name);  // A table of the database's own, or one that was taken in.
    if (!again) EXPECT_EQ(again.error().code(), ErrorCode::kInvalidArgument);
  }
  const auto damaged = WritePuts({{"a", std::string(100, 'x')}});
  std::filesystem::resize_file(damaged, std::filesystem::file_size(damaged) - 1);
  EXPECT_EQ(CodeOf(db_->Ingest(damaged)), ErrorCode::kCorruption);
  const auto backwards = WritePuts({{"a", "1"}});
  EXPECT_EQ(CodeOf(db_->Ingest(backwards, {.replace = KeyRange{.begin = "b", .end = "a"}})),
            ErrorCode::kInvalidArgument);
  EXPECT_GE(files + 1, count_files());
  EXPECT_EQ(Get("a"), "1");
}

TEST_F(Ingest, VerifyReadsAllOfIt) {
  Content content;
  for (uint64_t i = 0; i < 2'000; ++i) content[Key(i)] = std::string(50, 'v');
  const auto path = WritePuts(content);
  {
    const auto file = std::fopen(path.c_str(), "r+b");
    ASSERT_EQ(std::fseek(file, 2'000, SEEK_SET), 0);
    std::fputc('!', file);
    std::fclose(file);
  }
  EXPECT_EQ(CodeOf(db_->Ingest(path, {.verify = true})), ErrorCode::kCorruption);
  EXPECT_EQ(ContentOf(*db_), Content());
}
}  // namespace
}  // namespace amethyst
