// Finished tables that a database takes in, beside what else there is: families, transactions, the feed, copies.
#include "api/ingest_fixture.h"
#include "support/backwards.h"

namespace amethyst {
namespace {

using support::CodeOf;
using support::ContentOf;
using support::OpenOrFail;
using support::Text;

TEST_F(Ingest, OneCallOverSeveralFamiliesIsOneMoment) {
  Family other = db_->CreateFamily("other", {.merge_operator = Append("+")}).value();
  ASSERT_TRUE(other.Put("a", "old"));
  ASSERT_TRUE(db_->Put("a", "old"));
  const Snapshot before = db_->GetSnapshot();
  const std::vector<IngestedFile> files{{.path = WritePuts({{"a", "in"}, {"b", "in"}})},
                                        {.path = WritePuts({{"a", "other"}, {"c", "other"}}), .family = other}};
  ASSERT_EQ(Text(db_->Ingest(files, {.replace = KeyRange{}})), "");
  ASSERT_TRUE(other.Put("c", "newer"));
  EXPECT_EQ(*other.Get("a"), "other");
  EXPECT_EQ(*other.Get("a", {.snapshot = &before}), "old");
  EXPECT_EQ(*other.Get("c"), "newer");
  ExpectContentForGood({{"a", "in"}, {"b", "in"}});
  other = db_->OpenFamily("other").value();
  EXPECT_EQ(*other.Get("a"), "other");
  EXPECT_EQ(*other.Get("c"), "newer");
}

TEST_F(Ingest, IsAnEventOfTheFeedAndLeavesNoGap) {
  ASSERT_EQ(Text(db_->CreateCursor("reader")), "");
  ASSERT_TRUE(db_->Put("a", "1"));
  const Family other = db_->CreateFamily("other", {}).value();
  const std::vector<IngestedFile> files{{.path = WritePuts({{"b", "in"}, {"c", "in"}})},
                                        {.path = Write([](TableWriter& table) {
                                           ASSERT_TRUE(table.DeleteRange("x", "y"));
                                           ASSERT_TRUE(table.Delete("d"));
                                         }),
                                         .family = other}};
  ASSERT_EQ(Text(db_->Ingest(files, {.replace = KeyRange{.begin = "m", .end = "n"}})), "");
  ASSERT_TRUE(db_->Put("e", "2", {.durability = Durability::kSync}));
  for (int round = 0; round < 2; ++round) {
    Feed feed = db_->OpenFeed("reader").value();
    std::vector<FeedEvent> events;
    for (auto event = feed.Next(std::chrono::milliseconds(0)); event && *event;
         event = feed.Next(std::chrono::milliseconds(0))) {
      events.push_back(**event);
    }
    ASSERT_EQ(events.size(), 4u) << round;
    EXPECT_EQ(events[1].kind, FeedEventKind::kFamilyCreated);
    const FeedEvent& ingest = events[2];
    EXPECT_EQ(ingest.kind, FeedEventKind::kIngest);
    EXPECT_EQ(ingest.first_sequence, events[0].last_sequence + 1);
    EXPECT_EQ(events[3].first_sequence, ingest.last_sequence + 1);
    ASSERT_EQ(ingest.entries.size(), 1u);
    EXPECT_EQ(ingest.entries[0].begin, "m");
    ASSERT_EQ(ingest.tables.size(), 2u);
    EXPECT_EQ(ingest.tables[0].family, "default");
    EXPECT_EQ(ingest.tables[0].smallest, "b");
    EXPECT_EQ(ingest.tables[0].largest, "c");
    EXPECT_EQ(ingest.tables[0].entries, 2u);
    EXPECT_EQ(ingest.tables[1].family, "other");
    EXPECT_EQ(ingest.tables[1].deletes, 1u);
    ASSERT_EQ(Text(db_->Flush()), "");
    if (round == 0) Reopen();
  }
}

TEST_F(Ingest, FollowsTheOrderOfTheFamily) {
  static const support::Backwards kFromTheEnd;
  const FamilyOptions options{.comparator = &kFromTheEnd};
  const Family family = db_->CreateFamily("from the end", options).value();
  for (const char* const key : {"za", "yb", "xc", "wd"}) ASSERT_TRUE(family.Put(key, "old"));
  EXPECT_EQ(CodeOf(db_->Ingest(WritePuts({{"a", "in"}}), {.family = family})), ErrorCode::kInvalidArgument);
  const auto path = Write(
      [](TableWriter& table) {
        ASSERT_TRUE(table.Put("za", "in"));
        ASSERT_TRUE(table.Put("xc", "in"));
        ASSERT_EQ(CodeOf(table.Put("zzb", "in")), ErrorCode::kInvalidArgument);
      },
      options);
  ASSERT_EQ(Text(db_->Ingest(path, {.family = family, .replace = KeyRange{.begin = "za", .end = "xc"}})), "");
  for (int round = 0; round < 2; ++round) {
    std::string content;
    Iterator iterator = family.NewIterator();
    for (iterator.SeekToFirst(); iterator.Valid(); iterator.Next()) {
      content += std::string(iterator.key()) + "=" + std::string(iterator.value()) + " ";
    }
    EXPECT_EQ(content, "za=in xc=in wd=old ");
    ASSERT_EQ(Text(family.CompactRange()), "");
  }
}

TEST_F(Ingest, IsAConflictForATransactionThatReadItsKeys) {
  ASSERT_TRUE(db_->Put("a", "1"));
  for (const bool settles : {false, true}) {
    Transaction point = db_->Begin();
    ASSERT_TRUE(point.Get("a"));
    ASSERT_TRUE(point.Put("x", "1"));
    Transaction range = db_->Begin();
    {
      Iterator iterator = range.NewIterator({.lower_bound = "a", .upper_bound = "c"});
      for (iterator.SeekToFirst(); iterator.Valid(); iterator.Next()) continue;
    }
    ASSERT_TRUE(range.Put("y", "1"));
    Transaction elsewhere = db_->Begin();
    ASSERT_TRUE(elsewhere.Get("q"));
    ASSERT_TRUE(elsewhere.Put("z", "1"));
    ASSERT_EQ(Text(db_->Ingest(WritePuts({{"a", "in"}, {"b", "in"}}))), "");
    if (settles) ASSERT_EQ(Text(db_->Flush()), "");
    EXPECT_EQ(CodeOf(point.Commit()), ErrorCode::kConflict);
    EXPECT_EQ(CodeOf(range.Commit()), ErrorCode::kConflict);
    EXPECT_EQ(Text(elsewhere.Commit()), "");
  }
}

TEST_F(Ingest, ADroppedFamilyTakesItsTablesAlong) {
  Family other = db_->CreateFamily("other", {}).value();
  ASSERT_TRUE(other.Put("a", "1"));
  ASSERT_EQ(Text(db_->Ingest(Write([](TableWriter& table) { ASSERT_TRUE(table.Put("a", "in")); }), {.family = other})),
            "");
  Iterator iterator = other.NewIterator();
  ASSERT_EQ(Text(db_->DropFamily(other)), "");
  EXPECT_EQ(CodeOf(db_->Ingest(WritePuts({{"a", "in"}}), {.family = other})), ErrorCode::kInvalidArgument);
  ASSERT_EQ(Text(db_->Flush()), "");
  iterator.SeekToFirst();
  ASSERT_TRUE(iterator.Valid()) << Text(iterator.status());
  EXPECT_EQ(iterator.value(), "in");
  Reopen();
  EXPECT_EQ(ContentOf(*db_), Content());
}

TEST_F(Ingest, IsInCheckpointsAndBackups) {
  ASSERT_TRUE(db_->Put("a", "memtable"));
  ASSERT_EQ(Text(db_->Ingest(WritePuts({{"a", "in"}, {"b", "in"}}))), "");
  ASSERT_EQ(Text(db_->Checkpoint(directory_.path() + "/copy")), "");
  auto store = BackupStore::Open(directory_.path() + "/store").value();
  const auto id = store.Create(*db_);
  ASSERT_TRUE(id) << id.error().ToString();
  EXPECT_EQ(Text(store.Verify(*id)), "");
  ASSERT_EQ(Text(store.Restore(*id, directory_.path() + "/restored")), "");
  for (const char* name : {"/copy", "/restored"}) {
    const auto copy = OpenOrFail(directory_.path() + name, options_);
    EXPECT_EQ(ContentOf(*copy), (Content{{"a", "in"}, {"b", "in"}}));
    ASSERT_TRUE(copy->Put("b", "newer"));
    ASSERT_EQ(Text(copy->CompactRange()), "");
    EXPECT_EQ(ContentOf(*copy), (Content{{"a", "in"}, {"b", "newer"}}));
  }
}

}  // namespace
}  // namespace amethyst
