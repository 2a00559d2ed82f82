// The check of a commit, with other commits before, between and after its two steps. Covers: validation, newer_entries
#include "transactions/validation.h"

#include <gtest/gtest.h>

#include "engine/engine.h"
#include "support/backwards.h"
#include "transactions/transaction_fixture.h"

namespace amethyst::transactions {
namespace {

using support::Key;
using support::Text;

class ValidationTest : public TransactionTest {
 protected:
  ValidationTest() : users_(db_->CreateFamily("users").value()) {
    for (const std::string key : {"b", "d", "f"}) {
      EXPECT_TRUE(db_->Put(key, "1"));
      EXPECT_TRUE(users_.Put(key, "1"));
    }
  }
  [[nodiscard]] const engine::ReadContext& reads() const { return *db_->engine()->database().reads; }
  [[nodiscard]] key::SequenceNumber Now() const { return key::SequenceNumber{reads().visible.load()}; }

  // Both steps, as a commit takes them, with nobody writing meanwhile.
  static Status Finish(Validation& validation) {
    for (;;) {
      Status recent = validation.CheckRecent();
      if (recent || !validation.fell_behind()) return recent;
      if (Status all = validation.CheckAll(); !all) return all;
    }
  }
  // What comes between the two steps; then the second one, after it was told where to begin.
  template <typename Between>
  Status CheckAfter(const ReadSet& set, Between between) {
    Validation validation(reads(), set, nullptr, Now());
    EXPECT_EQ(Text(validation.CheckAll()), "");
    EXPECT_TRUE(db_->Put("other", "1"));
    const Status first = validation.CheckRecent();
    EXPECT_EQ(validation.fell_behind(), !set.ranges().empty());
    if (validation.fell_behind()) EXPECT_EQ(Text(validation.CheckAll()), "");
    between();
    return Finish(validation);
  }

  const Family users_;
};

TEST_F(ValidationTest, KeysThatAreWrittenBetweenTheSteps) {
  ReadSet set(reads(), 1 << 20);
  set.AddPoint({key::kDefaultFamily, "b", false});
  set.AddPoint({key::kDefaultFamily, "c", true});
  EXPECT_EQ(Text(CheckAfter(set, [this] { EXPECT_TRUE(db_->Put("d", "2")); })), "");
  EXPECT_EQ(Text(CheckAfter(set, [this] { EXPECT_TRUE(users_.Put("b", "2")); })), "");
  ExpectConflict(CheckAfter(set, [this] { EXPECT_TRUE(db_->Put("b", "2")); }));
  ExpectConflict(CheckAfter(set, [this] { EXPECT_TRUE(db_->DeleteRange("a", "c")); }));
  ExpectConflict(CheckAfter(set, [this] { EXPECT_TRUE(db_->Put("c", "2")); }));
}

TEST_F(ValidationTest, RangesThatAreWrittenBetweenTheSteps) {
  ReadSet set(reads(), 1 << 20);
  set.AddRange(key::kDefaultFamily, {.begin = "c", .end = "e", .holds_end = true});
  EXPECT_EQ(Text(CheckAfter(set, [this] { EXPECT_TRUE(db_->Put("b", "2")); })), "");
  EXPECT_EQ(Text(CheckAfter(set, [this] { EXPECT_TRUE(db_->Put("f", "2")); })), "");
  EXPECT_EQ(Text(CheckAfter(set, [this] { EXPECT_TRUE(users_.Put("d", "2")); })), "");
  EXPECT_EQ(Text(CheckAfter(set, [this] { EXPECT_TRUE(db_->DeleteRange("f", "g")); })), "");
  ExpectConflict(CheckAfter(set, [this] { EXPECT_TRUE(db_->Put("c", "2")); }));
  ExpectConflict(CheckAfter(set, [this] { EXPECT_TRUE(db_->Put("e", "2")); }));
  ExpectConflict(CheckAfter(set, [this] { EXPECT_TRUE(db_->Merge("d", Number(1))); }));
  ExpectConflict(CheckAfter(set, [this] { EXPECT_TRUE(db_->DeleteRange("a", "cc")); }));
}

TEST_F(ValidationTest, OpenRangesOfAFamily) {
  ReadSet set(reads(), 1 << 20);
  set.AddRange(key::FamilyId{users_.id()}, {.begin = "e"});
  set.AddRange(key::FamilyId{users_.id()}, {.end = "c"});
  EXPECT_EQ(Text(CheckAfter(set, [this] { EXPECT_TRUE(users_.Put("d", "2")); })), "");
  EXPECT_EQ(Text(CheckAfter(set, [this] { EXPECT_TRUE(db_->Put("z", "2")); })), "");
  ExpectConflict(CheckAfter(set, [this] { EXPECT_TRUE(users_.Put("z", "2")); }));
  ExpectConflict(CheckAfter(set, [this] { EXPECT_TRUE(users_.Delete("b")); }));
}

TEST_F(ValidationTest, RangesInAFamilysOwnOrder) {
  static const support::Backwards kBackwards;
  const Family family = db_->CreateFamily("backwards", {.comparator = &kBackwards}).value();
  ReadSet set(reads(), 1 << 20);
  set.AddRange(key::FamilyId{family.id()}, {.begin = "za", .end = "ac", .holds_end = true});
  EXPECT_EQ(Text(CheckAfter(set, [&] { EXPECT_TRUE(family.Put("bd", "2")); })), "");
  EXPECT_EQ(Text(CheckAfter(set, [&] { EXPECT_TRUE(family.DeleteRange("ad", "ae")); })), "");
  ExpectConflict(CheckAfter(set, [&] { EXPECT_TRUE(family.Put("xb", "2")); }));
  ExpectConflict(CheckAfter(set, [&] { EXPECT_TRUE(family.DeleteRange("a", "zb")); }));
  ASSERT_TRUE(family.Put("bd", "3"));
  Transaction transaction = db_->Begin();
  Iterator iterator = transaction.NewIterator(family);
  iterator.Seek("xb");
  EXPECT_EQ(iterator.key(), "bd");
  ASSERT_TRUE(family.Put("ac", "2"));
  ASSERT_TRUE(transaction.Put("out", "1"));
  ExpectConflict(transaction.Commit());
}

TEST_F(ValidationTest, UnloggedCommitsAreCheckedAndSeenAsLoggedOnesAre) {
  Transaction transaction = db_->Begin();
  EXPECT_EQ(ValueOf(transaction, "b"), "1");
  ASSERT_TRUE(transaction.Put("out", "1"));
  ASSERT_TRUE(db_->Put("b", "2", {.durability = Durability::kNone}));
  ExpectConflict(transaction.Commit({.durability = Durability::kNone}));
  Transaction again = db_->Begin();
  EXPECT_EQ(ValueOf(again, "b"), "2");
  ASSERT_TRUE(again.Put("out", "1"));
  ASSERT_EQ(Text(again.Commit({.durability = Durability::kNone})), "");
  ASSERT_EQ(Text(db_->Flush()), "");
  EXPECT_EQ(ValueOf(*db_, "out"), "1");
}

TEST_F(ValidationTest, MemtablesThatAreFlushedBetweenTheSteps) {
  ReadSet set(reads(), 1 << 20);
  set.AddRange(key::kDefaultFamily, {.begin = "c", .end = "e", .holds_end = true});
  set.AddPoint({key::kDefaultFamily, "f", false});
  const auto flush = [this] { EXPECT_EQ(Text(db_->Flush()), ""); };
  EXPECT_EQ(Text(CheckAfter(set, [&] { flush(); })), "");
  const Snapshot keeps = db_->GetSnapshot();
  ExpectConflict(CheckAfter(set, [&] {
    EXPECT_TRUE(db_->Put("d", "2"));
    flush();
  }));
  ExpectConflict(CheckAfter(set, [&] {
    EXPECT_TRUE(db_->Delete("f"));
    flush();
    EXPECT_TRUE(db_->Put("a", "2"));
  }));
}

// The second step holds the commit lock, so it reads no file.
TEST_F(ValidationTest, TablesAreLookedAtOutside) {
  ReadSet set(reads(), 1 << 20);
  set.AddPoint({key::kDefaultFamily, "f", false});
  const Snapshot keeps = db_->GetSnapshot();
  Validation validation(reads(), set, nullptr, Now());
  ASSERT_TRUE(db_->Put("f", "2"));
  ASSERT_EQ(Text(db_->Flush()), "");
  EXPECT_EQ(support::CodeOf(validation.CheckRecent()), ErrorCode::kBusy);
  EXPECT_TRUE(validation.fell_behind());
  ExpectConflict(validation.CheckAll());
}

TEST_F(ValidationTest, MuchThatIsWrittenIsLookedAtOutside) {
  ReadSet set(reads(), 1 << 20);
  set.AddRange(key::kDefaultFamily, {.begin = "c", .end = "e", .holds_end = true});
  Validation validation(reads(), set, nullptr, Now());
  for (int round = 0; round < 10; ++round) {
    WriteBatch batch;
    for (int i = 0; i < 5000; ++i) batch.Put(Key(i), "");
    ASSERT_EQ(Text(db_->Write(batch)), "");
    const Status recent = validation.CheckRecent();
    ASSERT_EQ(validation.fell_behind(), round < 8) << round;  // At last it is done all the same.
    ASSERT_EQ(recent.has_value(), round >= 8);
    if (round < 8) ASSERT_EQ(Text(validation.CheckAll()), "");
  }
  ASSERT_TRUE(db_->Put("d", "2"));
  ExpectConflict(validation.CheckRecent());
}

TEST_F(ValidationTest, AFamilyThatWasReadIsDropped) {
  ReadSet set(reads(), 1 << 20);
  set.AddPoint({key::FamilyId{users_.id()}, "none", true});
  Validation validation(reads(), set, nullptr, Now());
  EXPECT_EQ(Text(validation.CheckAll()), "");
  ASSERT_TRUE(db_->DropFamily(users_));
  EXPECT_EQ(support::CodeOf(validation.CheckRecent()), ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace amethyst::transactions
