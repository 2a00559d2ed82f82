// Range deletes as a caller meets them: each row of what they mean, by name; in memory, from the log, in tables.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "api/range_delete_fixture.h"
#include "support/backwards.h"

namespace amethyst {
namespace {

using std::nullopt;
using support::CodeOf;
using support::OpenOrFail;
using support::Text;
using testing::HasSubstr;

TEST_F(RangeDelete, HoldsItsBeginAndNotItsEnd) {
  Put("abcdefg");
  ASSERT_EQ(Text(db_->DeleteRange("c", "f")), "");
  ExpectContentAtEachStage(Of("abfg"));
}

TEST_F(RangeDelete, OfTablesHidesWhatIsInThem) {
  Put("abcdefg");
  ASSERT_TRUE(db_->Flush());
  ASSERT_TRUE(db_->CompactRange());
  Put("bcd", "newer");
  ASSERT_TRUE(db_->Flush());
  ASSERT_EQ(Text(db_->DeleteRange("c", "f")), "");
  Content expected = Of("abfg");
  expected["b"] = "newer";
  ExpectContentAtEachStage(expected);
}

TEST_F(RangeDelete, FromAKeyToTheSameKeyIsNothingAndTakesNoNumber) {
  Put("abc");
  const uint64_t before = Newest();
  EXPECT_EQ(Text(db_->DeleteRange("b", "b")), "");
  EXPECT_EQ(Text(db_->DeleteRange("", "")), "");
  WriteBatch batch;
  batch.DeleteRange("b", "b");
  EXPECT_EQ(Text(db_->Write(batch)), "");
  EXPECT_EQ(Newest(), before);
  ExpectContent(Of("abc"));
}

TEST_F(RangeDelete, ThatEndsBeforeItBeginsIsRefused) {
  Put("abc");
  const uint64_t before = Newest();
  const Status refused = db_->DeleteRange("c", "a");
  ASSERT_EQ(CodeOf(refused), ErrorCode::kInvalidArgument);
  EXPECT_THAT(refused.error().message(), testing::AllOf(HasSubstr("\"c\""), HasSubstr("\"a\"")));
  WriteBatch batch;
  batch.Put("d", "d");
  batch.DeleteRange("c", "a");
  EXPECT_EQ(CodeOf(db_->Write(batch)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(Newest(), before) << "the batch is whole or not there";
  ExpectContent(Of("abc"));
}

TEST_F(RangeDelete, MayBeOpenAtItsBegin) {
  Put("abcdefg");
  ASSERT_TRUE(db_->Put("", "the empty key"));
  ASSERT_EQ(Text(db_->DeleteRange(nullopt, "d")), "");
  EXPECT_EQ(db_->Get("").value(), nullopt);
  ExpectContentAtEachStage(Of("defg"));
}

TEST_F(RangeDelete, MayBeOpenAtItsEnd) {
  Put("abcdefg");
  ASSERT_TRUE(db_->Put("\xff\xff\xff", "a high key"));
  ASSERT_EQ(Text(db_->DeleteRange("d", nullopt)), "");
  EXPECT_EQ(db_->Get("\xff\xff\xff").value(), nullopt);
  ExpectContentAtEachStage(Of("abc"));
}

TEST_F(RangeDelete, OfAllKeysLeavesNothing) {
  Put("abcdefg");
  ASSERT_TRUE(db_->Flush());
  Put("xyz");
  ASSERT_EQ(Text(db_->DeleteRange(nullopt, nullopt)), "");
  ExpectContentAtEachStage({});
  Put("m");
  ExpectContentAtEachStage(Of("m"));
}

TEST_F(RangeDelete, OfAPrefixTakesTheKeysThatBeginWithIt) {
  for (const std::string key : {"a", "ab", "ab\xff", "ab\xff\xff", "abc", "ac", "b"}) ASSERT_TRUE(db_->Put(key, key));
  ASSERT_EQ(Text(db_->DeletePrefix("ab")), "");
  for (const bool flushed : {false, true}) {
    if (flushed) ASSERT_TRUE(db_->Flush());
    EXPECT_EQ(support::ContentOf(*db_), Content({{"a", "a"}, {"ac", "ac"}, {"b", "b"}}));
  }
}

TEST_F(RangeDelete, OfAPrefixOfGreatestBytesTakesAllBehindIt) {
  for (const std::string key : {"a", "\xfe\xff", "\xff", "\xff\xfe", "\xff\xff", "\xff\xff\xff\xff"}) {
    ASSERT_TRUE(db_->Put(key, key));
  }
  ASSERT_EQ(Text(db_->DeletePrefix("\xff\xff")), "");
  EXPECT_EQ(support::ContentOf(*db_).size(), 4u);
  ASSERT_EQ(Text(db_->DeletePrefix("\xff")), "");
  EXPECT_EQ(support::ContentOf(*db_), Content({{"a", "a"}, {"\xfe\xff", "\xfe\xff"}}));
  ASSERT_EQ(Text(db_->DeletePrefix("\xfe\xff")), "");
  ExpectContentAtEachStage(Of("a"));
}

TEST_F(RangeDelete, OfTheEmptyPrefixTakesAll) {
  Put("abc");
  ASSERT_TRUE(db_->Put("", "the empty key"));
  ASSERT_EQ(Text(db_->DeletePrefix("")), "");
  EXPECT_EQ(db_->Get("").value(), nullopt);
  ExpectContentAtEachStage({});
}

class RangeDeleteBackwards : public RangeDelete {
 protected:
  void SetUp() override {
    options_.comparator = &backwards_;
    RangeDelete::SetUp();
  }
  // In the order of their last letters.
  void Fill() {
    for (const std::string key : {"za", "yb", "xc", "wd"}) ASSERT_TRUE(db_->Put(key, key));
  }
  [[nodiscard]] std::vector<std::string> Keys() {
    std::vector<std::string> keys;
    Iterator it = db_->NewIterator();
    for (it.SeekToFirst(); it.Valid(); it.Next()) keys.emplace_back(it.key());
    EXPECT_EQ(Text(it.status()), "");
    std::vector<std::string> reversed;
    for (it.SeekToLast(); it.Valid(); it.Prev()) reversed.emplace_back(it.key());
    std::ranges::reverse(reversed);
    EXPECT_EQ(reversed, keys);
    return keys;
  }
  void ExpectKeysAtEachStage(const std::vector<std::string>& expected) {
    EXPECT_EQ(Keys(), expected) << "in memory";
    ASSERT_NO_FATAL_FAILURE(Kill());
    EXPECT_EQ(Keys(), expected) << "from the log";
    ASSERT_TRUE(db_->Flush());
    EXPECT_EQ(Keys(), expected) << "flushed";
    ASSERT_TRUE(db_->CompactRange());
    EXPECT_EQ(Keys(), expected) << "compacted";
    ASSERT_NO_FATAL_FAILURE(Reopen());
    EXPECT_EQ(Keys(), expected) << "opened again";
  }

  const support::Backwards backwards_;
};

TEST_F(RangeDeleteBackwards, FollowsTheFamilysOrder) {
  Fill();
  ASSERT_EQ(Text(db_->DeleteRange("yb", "wd")), "");
  ExpectKeysAtEachStage({"za", "wd"});
}

TEST_F(RangeDeleteBackwards, IsRefusedIfItEndsBeforeItBeginsInThatOrder) {
  Fill();
  EXPECT_EQ(CodeOf(db_->DeleteRange("ab", "za")), ErrorCode::kInvalidArgument);
  EXPECT_EQ(Keys().size(), 4u);
}

TEST_F(RangeDeleteBackwards, WithAnOpenBeginTakesTheFirstKeys) {
  Fill();
  ASSERT_TRUE(db_->Flush());
  ASSERT_EQ(Text(db_->DeleteRange(nullopt, "xc")), "");
  ExpectKeysAtEachStage({"xc", "wd"});
}

TEST_F(RangeDeleteBackwards, WithAnOpenEndTakesTheLastKeys) {
  Fill();
  ASSERT_TRUE(db_->Flush());
  ASSERT_EQ(Text(db_->DeleteRange("xc", nullopt)), "");
  ExpectKeysAtEachStage({"za", "yb"});
}

TEST_F(RangeDeleteBackwards, OfAPrefixIsNotSupported) {
  Fill();
  const uint64_t before = Newest();
  const Status refused = db_->DeletePrefix("z");
  ASSERT_EQ(CodeOf(refused), ErrorCode::kNotSupported);
  EXPECT_THAT(refused.error().message(), HasSubstr("test.backwards"));
  WriteBatch batch;
  batch.Put("another", "value");
  batch.DeletePrefix("z");
  EXPECT_EQ(CodeOf(db_->Write(batch)), ErrorCode::kNotSupported);
  EXPECT_EQ(Newest(), before);
  EXPECT_EQ(Keys().size(), 4u);
}

TEST_F(RangeDelete, WhereNothingIsIsWrittenAndLeavesNoTable) {
  ASSERT_EQ(Text(db_->DeleteRange("a", "z")), "");
  ASSERT_EQ(Text(db_->Flush()), "");
  EXPECT_EQ(Tables().size(), 0u);
  Put("bc");
  ASSERT_EQ(Text(db_->Flush()), "");
  ASSERT_EQ(Text(db_->DeleteRange("m", "z")), "");
  ASSERT_EQ(Text(db_->Flush()), "");
  EXPECT_EQ(Tables().size(), 1u) << "nothing older lies in its range";
  ExpectContentAtEachStage(Of("bc"));
}

TEST_F(RangeDelete, OfWhatIsInTheSameMemtableLeavesNoTable) {
  Put("abcd");
  ASSERT_EQ(Text(db_->DeleteRange(nullopt, nullopt)), "");
  ASSERT_EQ(Text(db_->Flush()), "");
  EXPECT_EQ(Tables().size(), 0u);
  ExpectContentAtEachStage({});
}

TEST_F(RangeDelete, KeepsWhatIsPutBehindItInTheSameBatchAndNotWhatIsBeforeIt) {
  Put("bd");
  WriteBatch batch;
  batch.Put("b", "before");
  batch.Put("c", "before");
  batch.DeleteRange("a", "e");
  batch.Put("c", "behind");
  batch.Put("d", "behind");
  batch.DeleteRange("d", "e");
  batch.Put("e", "e");
  const uint64_t before = Newest();
  ASSERT_EQ(Text(db_->Write(batch)), "");
  EXPECT_EQ(Newest(), before + 7);
  ExpectContentAtEachStage({{"c", "behind"}, {"e", "e"}});
}

TEST_F(RangeDelete, KeepsWhatIsPutLater) {
  Put("abcdef");
  ASSERT_TRUE(db_->Flush());
  ASSERT_EQ(Text(db_->DeleteRange("b", "e")), "");
  Put("c", "later");
  Content expected = Of("aef");
  expected["c"] = "later";
  ExpectContentAtEachStage(expected);
}

// The put has the sequence number 0 after a compaction: a range delete of long ago must not be newer than it.
TEST_F(RangeDelete, NeverHidesAnEntryThatIsNewerHoweverOftenThatIsRewritten) {
  Put("abcdefg");
  ASSERT_TRUE(db_->Flush());
  ASSERT_TRUE(db_->CompactRange());
  {
    const Snapshot snapshot = db_->GetSnapshot();  // The old entries stay, and so the range delete does.
    ASSERT_EQ(Text(db_->DeleteRange("b", "f")), "");
    Put("cd", "later");
    const Content expected = {{"a", "a"}, {"c", "later"}, {"d", "later"}, {"f", "f"}, {"g", "g"}};
    for (int round = 0; round < 3; ++round) {
      ASSERT_TRUE(db_->Flush());
      ASSERT_TRUE(db_->CompactRange());
      ASSERT_NO_FATAL_FAILURE(ExpectContent(expected));
      ASSERT_NO_FATAL_FAILURE(ExpectContent(Of("abcdefg"), {.snapshot = &snapshot}));
      Put("x");
      ASSERT_TRUE(db_->DeleteRange("x", "y"));
    }
  }
  const Content expected = {{"a", "a"}, {"c", "later"}, {"d", "later"}, {"f", "f"}, {"g", "g"}};
  for (int round = 0; round < 3; ++round) {
    Put("z");
    ASSERT_TRUE(db_->Delete("z"));
    ASSERT_TRUE(db_->Flush());
    ASSERT_TRUE(db_->CompactRange());
    ASSERT_NO_FATAL_FAILURE(ExpectContent(expected));
    ASSERT_NO_FATAL_FAILURE(Reopen());
    ASSERT_NO_FATAL_FAILURE(ExpectContent(expected));
  }
}

TEST_F(RangeDelete, HidesAnEntryThatHasLostItsNumber) {
  Put("abc");
  ASSERT_TRUE(db_->Flush());
  ASSERT_TRUE(db_->CompactRange());
  ASSERT_TRUE(db_->CompactRange());
  ASSERT_EQ(Text(db_->DeleteRange("b", "c")), "");
  ExpectContentAtEachStage(Of("ac"));
}

TEST_F(RangeDelete, MayBeOneOfManyThatLieOverEachOther) {
  Content expected;
  for (int round = 0; round < 60; ++round) {
    const char begin = static_cast<char>('a' + round * 7 % 23);
    const std::string end(1, static_cast<char>(begin + 1 + round % 3));
    Put("abcdefghijklmnopqrstuvwxyz");
    for (int i = 0; i <= round % 5; ++i) ASSERT_TRUE(db_->DeleteRange(std::string(1, begin), end));
    if (round % 20 == 19) ASSERT_TRUE(db_->Flush());
    expected = Of("abcdefghijklmnopqrstuvwxyz");
    for (char key = begin; key < end[0]; ++key) expected.erase(std::string(1, key));
    ASSERT_NO_FATAL_FAILURE(ExpectContent(expected));
  }
  ExpectContentAtEachStage(expected);
}

}  // namespace
}  // namespace amethyst
