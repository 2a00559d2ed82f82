#include "amethyst/family.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/family_fixture.h"
#include "support/backwards.h"

namespace amethyst {
namespace {

using support::CodeOf;
using support::Key;
using support::OpenOrFail;
using support::Text;
using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(FamilyTest, EachTellsItsSettings) {
  const Family users = Make("users");
  const Family counters =
      db_->CreateFamily("counters", {.merge_operator = Int64Add(), .ttl = std::chrono::minutes(5)}).value();
  EXPECT_EQ(counters.merge_operator(), "int64.add");
  EXPECT_EQ(counters.ttl(), std::chrono::minutes(5));
  EXPECT_EQ(users.merge_operator(), "");
  EXPECT_EQ(users.ttl(), std::chrono::milliseconds(0));
  Reopen();
  EXPECT_EQ(Find("counters").merge_operator(), "int64.add");
  EXPECT_EQ(Find("counters").ttl(), std::chrono::minutes(5));
  EXPECT_EQ(Find("default").merge_operator(), "");
  const Family dropped = Find("counters");
  ASSERT_TRUE(db_->DropFamily(dropped));
  EXPECT_EQ(dropped.merge_operator(), "");
  EXPECT_EQ(dropped.ttl(), std::chrono::milliseconds(0));
}

TEST_F(FamilyTest, EachTellsWhatItHasInTables) {
  const Family users = Make("users");
  const Family idle = Make("idle");
  for (const std::string key : {"a", "b", "c"}) ASSERT_TRUE(users.Put(key, "1"));
  ASSERT_TRUE(db_->Put("k", "1"));
  ASSERT_TRUE(db_->Flush());
  const Snapshot keeps = db_->GetSnapshot();  // What is deleted, and so the deletes.
  ASSERT_TRUE(users.Delete("c"));
  ASSERT_TRUE(users.DeleteRange("b", "c"));
  ASSERT_TRUE(db_->Flush());
  ASSERT_TRUE(db_->WaitForIdle());
  const FamilyStats stats = users.GetStats().value();
  EXPECT_EQ(stats.Total().entries, 4u);
  EXPECT_EQ(stats.Total().deletes, 1u);
  EXPECT_EQ(stats.range_deletes, 1u);
  EXPECT_GT(stats.range_delete_bytes, 0u);
  EXPECT_EQ(idle.GetStats().value().Total().tables, 0u);
  const FamilyStats default_family = Find("default").GetStats().value();
  EXPECT_EQ(default_family.Total().entries, 1u);
  const Stats all = db_->GetStats();
  uint64_t bytes = 0;
  for (const LevelStats& level : all.levels) bytes += level.bytes;
  EXPECT_EQ(bytes, stats.Total().bytes + default_family.Total().bytes);
  EXPECT_EQ(all.range_deletes, 1u);
  EXPECT_EQ(all.range_delete_bytes, stats.range_delete_bytes);
  ASSERT_TRUE(db_->DropFamily(users));
  EXPECT_EQ(CodeOf(users.GetStats()), ErrorCode::kInvalidArgument);
  ASSERT_TRUE(db_->Close());
  EXPECT_EQ(CodeOf(idle.GetStats()), ErrorCode::kClosed);
}

TEST_F(FamilyTest, KeysOfTwoFamiliesHaveNothingToDoWithEachOther) {
  const Family users = Make("users");
  const Family posts = Make("posts");
  for (int round = 0; round < 3; ++round) {  // In memory, in tables, after another open.
    if (round == 1) {
      ASSERT_EQ(Text(db_->Flush()), "");
    }
    if (round == 2) Reopen();
    const Family one = round == 2 ? Find("users") : users;
    const Family two = round == 2 ? Find("posts") : posts;
    if (round == 0) {
      ASSERT_TRUE(db_->Put("key", "default"));
      ASSERT_TRUE(one.Put("key", "user"));
      ASSERT_TRUE(one.Put("alone", "user"));
      ASSERT_TRUE(two.Put("key", "post"));
      ASSERT_TRUE(two.Delete("alone"));
    }
    EXPECT_EQ(db_->Get("key").value(), "default");
    EXPECT_EQ(db_->Get("alone").value(), std::nullopt);
    EXPECT_EQ(ValueOf(one, "key"), "user");
    EXPECT_EQ(ValueOf(two, "key"), "post");
    EXPECT_EQ(ValueOf(two, "alone"), "nothing");
    EXPECT_THAT(KeysOf(one), ElementsAre("alone", "key"));
    EXPECT_THAT(KeysOf(two), ElementsAre("key"));
    EXPECT_EQ(support::ContentOf(*db_).size(), 1u);
    std::string value;
    EXPECT_TRUE(one.GetInto("key", &value).value());
    EXPECT_EQ(value, "user");
    EXPECT_EQ(one.GetPinned("key").value()->view(), "user");
    value.clear();
    EXPECT_EQ(one.TryGetInto("key", &value).value(), std::optional(true)) << "a read of it was before";
    EXPECT_EQ(value, "user");
    const std::vector<std::string_view> keys = {"key", "alone", "none"};
    const auto values = one.MultiGet(keys);
    EXPECT_EQ(values[0].value(), "user");
    EXPECT_EQ(values[1].value(), "user");
    EXPECT_EQ(values[2].value(), std::nullopt);
  }
}

TEST_F(FamilyTest, ABatchOverSeveralIsOneWriteAndASnapshotShowsAllOfThem) {
  const Family users = Make("users");
  const Family posts = Make("posts");
  WriteBatch batch;
  batch.Put("key", "1");
  batch.Put(users, "key", "1");
  batch.Put(posts, "key", "1");
  const uint64_t before = db_->GetSnapshot().sequence();
  ASSERT_EQ(Text(db_->Write(batch)), "");
  const Snapshot snapshot = db_->GetSnapshot();
  EXPECT_EQ(snapshot.sequence(), before + 3);
  batch.Clear();
  batch.Put(users, "key", "2");
  batch.Delete(posts, "key");
  batch.Put("key", "2");
  ASSERT_EQ(Text(db_->Write(batch)), "");
  ReadOptions as_of;
  as_of.snapshot = &snapshot;
  EXPECT_EQ(db_->Get("key", as_of).value(), "1");
  EXPECT_EQ(ValueOf(users, "key", as_of), "1");
  EXPECT_EQ(ValueOf(posts, "key", as_of), "1");
  EXPECT_THAT(KeysOf(posts, as_of), ElementsAre("key"));
  EXPECT_EQ(ValueOf(users, "key"), "2");
  EXPECT_EQ(ValueOf(posts, "key"), "nothing");
}

TEST_F(FamilyTest, ANameIsUniqueAndHasOneTo255Bytes) {
  const Family longest = Make(std::string(255, 'n'));
  EXPECT_EQ(longest.name(), std::string(255, 'n'));
  EXPECT_EQ(CodeOf(db_->CreateFamily("")), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(db_->CreateFamily(std::string(256, 'n'))), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(db_->CreateFamily(longest.name())), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(db_->CreateFamily("default")), ErrorCode::kInvalidArgument);
  EXPECT_EQ(db_->FamilyNames().size(), 2u);
}

TEST_F(FamilyTest, OptionsOutOfRangeAreRefusedAndMakeNothing) {
  FamilyOptions options;
  options.block_bytes = 1;
  EXPECT_EQ(CodeOf(db_->CreateFamily("a", options)), ErrorCode::kInvalidArgument);
  options = {};
  options.comparator = nullptr;
  EXPECT_EQ(CodeOf(db_->CreateFamily("a", options)), ErrorCode::kInvalidArgument);
  EXPECT_THAT(db_->FamilyNames(), ElementsAre("default"));
}

TEST_F(FamilyTest, TheDefaultIsOneAsOthersThatStays) {
  const Family family = Find("default");
  EXPECT_EQ(family.id(), 0u);
  EXPECT_EQ(family.name(), "default");
  ASSERT_TRUE(family.Put("key", "value"));
  EXPECT_EQ(db_->Get("key").value(), "value");
  EXPECT_EQ(CodeOf(db_->DropFamily(family)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(db_->RenameFamily(family, "other")), ErrorCode::kInvalidArgument);
}

TEST_F(FamilyTest, AllAreThereAfterAnOpenThatListsNone) {
  FamilyOptions options;
  options.compression = Compression::kNone;
  options.block_bytes = 1024;
  Fill(Make("one", options), 2000, "first");
  Fill(Make("two"), 100, "second");
  Make("empty");
  Reopen();
  EXPECT_THAT(db_->FamilyNames(), ElementsAre("default", "one", "two", "empty"));
  EXPECT_EQ(KeysOf(Find("one")).size(), 2000u);
  EXPECT_EQ(ValueOf(Find("two"), Key(99)), "second");
  const Result<Family> unknown = db_->OpenFamily("three");
  ASSERT_EQ(CodeOf(unknown), ErrorCode::kInvalidArgument);
  EXPECT_THAT(unknown.error().message(), HasSubstr("\"empty\""));
}

TEST_F(FamilyTest, EachHasAnOrderOfItsOwnWhichEachOpenIsGivenAgain) {
  static const support::Backwards backwards;
  FamilyOptions options;
  options.comparator = &backwards;
  const auto fill = [](const Family& family) {
    for (const std::string key : {"ab", "ba", "ca"}) ASSERT_TRUE(family.Put(key, "v"));
  };
  fill(Make("reversed", options));
  fill(Make("plain"));
  ASSERT_TRUE(db_->Put("ab", "v"));
  EXPECT_THAT(KeysOf(Find("reversed")), ElementsAre("ba", "ca", "ab"));
  ASSERT_TRUE(db_->Flush());
  EXPECT_THAT(KeysOf(Find("reversed")), ElementsAre("ba", "ca", "ab"));
  EXPECT_THAT(KeysOf(Find("plain")), ElementsAre("ab", "ba", "ca"));
  db_.reset();
  const auto without = DB::Open(directory_.path(), options_);
  ASSERT_EQ(CodeOf(without), ErrorCode::kInvalidArgument);
  EXPECT_THAT(without.error().message(), HasSubstr("\"reversed\" is in the order of comparator 'test.backwards'"));
  options_.families["reversed"] = options;
  options_.families["unknown"] = options;
  Reopen();
  EXPECT_THAT(KeysOf(Find("reversed")), ElementsAre("ba", "ca", "ab"));
  db_.reset();
  options_.families["plain"] = options;
  EXPECT_EQ(CodeOf(DB::Open(directory_.path(), options_)), ErrorCode::kInvalidArgument);
}

TEST_F(FamilyTest, RenameKeepsAllButTheName) {
  const Family family = Make("a");
  const Family other = Make("b");
  Fill(family, 100, "v");
  EXPECT_EQ(CodeOf(db_->RenameFamily(family, "b")), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(db_->RenameFamily(family, "")), ErrorCode::kInvalidArgument);
  ASSERT_EQ(Text(db_->RenameFamily(family, "c")), "");
  EXPECT_EQ(family.name(), "c");
  EXPECT_EQ(KeysOf(family).size(), 100u);
  Reopen();
  EXPECT_THAT(db_->FamilyNames(), ElementsAre("default", "c", "b"));
  EXPECT_EQ(KeysOf(Find("c")).size(), 100u);
  EXPECT_EQ(Find("c").id(), family.id());
}

TEST_F(FamilyTest, CallsAfterCloseSayThatTheDatabaseIsClosed) {
  const Family family = Make("a");
  ASSERT_TRUE(db_->Close());
  EXPECT_EQ(CodeOf(family.Put("key", "value")), ErrorCode::kClosed);
  EXPECT_EQ(CodeOf(family.Get("key")), ErrorCode::kClosed);
  EXPECT_EQ(CodeOf(db_->CreateFamily("b")), ErrorCode::kClosed);
  EXPECT_EQ(CodeOf(db_->DropFamily(family)), ErrorCode::kClosed);
  db_.reset();
  EXPECT_EQ(CodeOf(family.Get("key")), ErrorCode::kClosed);
}

TEST_F(FamilyTest, OfAnotherDatabaseIsRefused) {
  const support::TempDirectory elsewhere;
  const auto other = OpenOrFail(elsewhere.path());
  const Family family = other->CreateFamily("a").value();
  Make("a");
  EXPECT_EQ(CodeOf(db_->DropFamily(family)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(db_->RenameFamily(family, "b")), ErrorCode::kInvalidArgument);
  EXPECT_THAT(db_->FamilyNames(), ElementsAre("default", "a"));
}

TEST_F(FamilyTest, OneThatIsSeldomWrittenDoesNotHoldTheLog) {
  const Family cold = Make("cold");
  const Family hot = Make("hot");
  ASSERT_TRUE(cold.Put("key", "value"));
  for (int i = 0; i < 20'000; ++i) ASSERT_TRUE(hot.Put(Key(i), std::string(500, 'v')));
  ASSERT_TRUE(db_->WaitForIdle());
  EXPECT_LE(Files(".wal"), 4u);
  EXPECT_EQ(ValueOf(cold, "key"), "value");
}

TEST_F(FamilyTest, EachIsCompactedByItself) {
  const Family one = Make("one");
  const Family two = Make("two");
  for (int round = 0; round < 12; ++round) {
    for (int i = 0; i < 500; ++i) {
      ASSERT_TRUE(one.Put(Key(i), std::string(100, static_cast<char>('a' + round))));
      ASSERT_TRUE(two.Put(Key(i), std::string(100, 'z')));
    }
    ASSERT_TRUE(db_->Flush());
  }
  ASSERT_TRUE(one.CompactRange());
  ASSERT_TRUE(two.CompactRange());
  ASSERT_TRUE(db_->WaitForIdle());
  EXPECT_EQ(ValueOf(one, Key(250)), std::string(100, 'l'));
  EXPECT_EQ(ValueOf(two, Key(250)), std::string(100, 'z'));
  EXPECT_EQ(db_->GetStats().levels.back().runs, 2u);
  EXPECT_GT(one.ApproximateSize(Key(0), Key(500)).value(), 0u);
  Reopen();
  EXPECT_EQ(KeysOf(Find("one")).size(), 500u);
  EXPECT_EQ(ValueOf(Find("two"), Key(250)), std::string(100, 'z'));
}

TEST_F(FamilyTest, ManyAreMadeAndOpenedAndAllAreFlushedTogether) {
  constexpr int kFamilies = 200;
  std::vector<Family> families;
  for (int i = 0; i < kFamilies; ++i) families.push_back(Make("family" + std::to_string(i)));
  WriteBatch batch;
  for (const Family& family : families) batch.Put(family, "key", family.name());
  ASSERT_EQ(Text(db_->Write(batch)), "");
  Reopen();
  EXPECT_EQ(db_->FamilyNames().size(), kFamilies + 1u);
  for (int i = 0; i < kFamilies; ++i) {
    const std::string name = "family" + std::to_string(i);
    EXPECT_EQ(ValueOf(Find(name), "key"), name);
  }
}

TEST_F(FamilyTest, ABatchsHandlerThatTakesNoneIsToldSo) {
  struct Old : WriteBatch::Handler {
    void Put(std::string_view, std::string_view) override { ++puts; }
    void Delete(std::string_view) override {}
    int puts = 0;
  };
  struct New : Old {
    Status PutIn(uint32_t family, std::string_view key, std::string_view) override {
      seen += std::to_string(family) + "+" + std::string(key) + " ";
      return {};
    }
    Status DeleteIn(uint32_t family, std::string_view key) override {
      seen += std::to_string(family) + "-" + std::string(key) + " ";
      return {};
    }
    std::string seen;
  };
  const Family family = Make("a");
  WriteBatch batch;
  batch.Put("a", "1");
  batch.Put(family, "b", "2");
  batch.Delete(family, "c");
  Old old;
  EXPECT_EQ(CodeOf(batch.Iterate(old)), ErrorCode::kNotSupported);
  New fresh;
  EXPECT_EQ(Text(batch.Iterate(fresh)), "");
  EXPECT_EQ(fresh.puts, 1);
  EXPECT_EQ(fresh.seen, "1+b 1-c ");
}

}  // namespace
}  // namespace amethyst
