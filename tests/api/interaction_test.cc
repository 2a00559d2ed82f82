// Features of the data model two by two, where the tests of neither show what happens: in the default family, and in
// one with an order and a merge operator of its own. docs/interactions.md names a test for each pair.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/range_delete_fixture.h"
#include "support/backwards.h"
#include "support/copy_live.h"
#include "support/temp_directory.h"

namespace amethyst {
namespace {

using std::chrono::seconds;
using std::chrono::system_clock;
using support::CodeOf;
using support::Key;
using support::Text;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
using Entries = std::vector<std::pair<std::string, std::string>>;

const support::Backwards kBackwards;
constexpr system_clock::time_point kFarMoment = std::chrono::sys_days(std::chrono::year(2200) / 1 / 1);
constexpr system_clock::time_point kPastMoment(seconds(1));

// All entries of a family in its order, which each way to read must agree on.
Entries EntriesOf(const Family& family, const ReadOptions& options = {}) {
  Entries entries, backward;
  Iterator it = family.NewIterator(options);
  for (it.SeekToFirst(); it.Valid(); it.Next()) entries.emplace_back(it.key(), it.value());
  EXPECT_EQ(Text(it.status()), "");
  for (it.SeekToLast(); it.Valid(); it.Prev()) backward.emplace_back(it.key(), it.value());
  EXPECT_EQ(Text(it.status()), "");
  std::ranges::reverse(backward);
  EXPECT_EQ(backward, entries);
  for (const auto& [key, value] : entries) EXPECT_EQ(family.Get(key, options).value(), value) << key;
  return entries;
}

class Interaction : public RangeDelete {
 protected:
  void SetUp() override {
    options_.families["default"].merge_operator = Append(",");
    options_.families["other"] = {.comparator = &kBackwards, .merge_operator = Append("+")};
    RangeDelete::SetUp();
    MakeOther();
  }
  void MakeOther() { ASSERT_TRUE(db_->CreateFamily("other", options_.families["other"])); }
  [[nodiscard]] Family Default() { return db_->OpenFamily("default").value(); }
  [[nodiscard]] Family Other() { return db_->OpenFamily("other").value(); }
  // Keys of the other family are in the order of their last letters.
  void PutOther(const std::vector<std::string>& keys) {
    for (const std::string& key : keys) ASSERT_EQ(Text(Other().Put(key, "1")), "");
  }
  void Compact() {
    ASSERT_EQ(Text(db_->CompactRange()), "");
    ASSERT_EQ(Text(Other().CompactRange()), "");
  }
  void Pass(seconds by) { environment_->clock().Advance(by); }
  // The process dies, and the next one may only read.
  void KillAndOpenReadOnly() {
    options_.read_only = true;
    Kill();
  }
  [[nodiscard]] std::map<std::string, std::string> Files() {
    std::map<std::string, std::string> files;
    const std::vector<std::string> names = environment_->files().List("/db").value();
    for (const std::string& name : names) {
      files[name] = io::ReadFile(environment_->files(), io::JoinPath("/db", name)).value();
    }
    return files;
  }
  // Some of all that there is. The first entry of each family expires after ten seconds.
  void WriteAllKinds(Durability durability = Durability::kBuffered) {
    WriteBatch batch;
    batch.Put("a", "1", ExpiresAfter(seconds(10)));
    for (const std::string key : {"b", "c", "d"}) batch.Put(key, "1");
    batch.Merge("d", "2");
    batch.DeleteRange("b", "c");
    batch.Put(Other(), "za", "1", ExpiresAfter(seconds(10)));
    for (const std::string key : {"yb", "xc", "wd"}) batch.Put(Other(), key, "1");
    batch.Merge(Other(), "wd", "2");
    batch.DeleteRange(Other(), "yb", "xc");
    ASSERT_EQ(Text(db_->Write(batch, {.durability = durability})), "");
  }
  const Entries all_in_default_ = {{"a", "1"}, {"c", "1"}, {"d", "1,2"}};
  const Entries all_in_other_ = {{"za", "1"}, {"xc", "1"}, {"wd", "1+2"}};
  const Entries left_in_default_ = {{"c", "1"}, {"d", "1,2"}};  // Ten seconds later.
  const Entries left_in_other_ = {{"xc", "1"}, {"wd", "1+2"}};

  void ExpectBoth(const Entries& in_default, const Entries& in_other) {
    EXPECT_EQ(EntriesOf(Default()), in_default);
    EXPECT_EQ(EntriesOf(Other()), in_other);
  }
};

// Operands, expiries and range deletes under a custom order, for readers from before and from now.
TEST_F(Interaction, OfAllKindsFollowsTheOrderOfTheFamily) {
  PutOther({"za", "yb", "xc", "wd"});
  ASSERT_TRUE(Other().Merge("yb", "old", {.ttl = seconds(10)}));
  ASSERT_TRUE(Other().Put("ue", "1", {.ttl = seconds(10)}));
  ASSERT_TRUE(db_->Flush());
  const Entries before = {{"za", "1"}, {"yb", "1+old"}, {"xc", "1"}, {"wd", "1"}, {"ue", "1"}};
  const Entries after = {{"za", "1"}, {"yb", "1+2"}, {"wd", "3"}};
  {
    const Snapshot snapshot = db_->GetSnapshot();
    ASSERT_TRUE(Other().Merge("yb", "2"));
    ASSERT_EQ(Text(Other().DeleteRange("xc", "ue")), "");
    ASSERT_TRUE(Other().Merge("wd", "3"));
    Pass(seconds(10));
    for (const std::string_view stage : {"in memory", "flushed", "compacted", "long after"}) {
      SCOPED_TRACE(stage);
      if (stage == "flushed") {
        ASSERT_TRUE(db_->Flush());
      }
      if (stage == "long after") Pass(seconds(1'000));
      if (stage != "in memory" && stage != "flushed") {
        ASSERT_NO_FATAL_FAILURE(Compact());
      }
      EXPECT_EQ(EntriesOf(Other(), {.snapshot = &snapshot}), before);
      EXPECT_EQ(EntriesOf(Other()), after);
    }
  }
  ASSERT_NO_FATAL_FAILURE(Compact());
  EXPECT_EQ(EntriesOf(Other()), after);
  ASSERT_NO_FATAL_FAILURE(Kill());
  EXPECT_EQ(EntriesOf(Other()), after);
}

TEST_F(Interaction, InABatchOverFamiliesActsInOrderOrNotAtAll) {
  Put("a");
  PutOther({"za"});
  WriteBatch batch;
  batch.Merge("a", "gone");
  batch.DeleteRange("a", "b");
  batch.Merge("a", "2");
  batch.Merge(Other(), "za", "gone");
  batch.DeleteRange(Other(), std::nullopt, std::nullopt);
  batch.Merge(Other(), "za", "2", ExpiresAfter(seconds(10)));
  batch.Merge(Other(), "za", "3");
  WriteBatch refused = batch;
  refused.DeletePrefix(Other(), "z");
  const uint64_t newest = Newest();
  EXPECT_EQ(CodeOf(db_->Write(refused)), ErrorCode::kNotSupported) << "keys of that order have no prefixes";
  EXPECT_EQ(Newest(), newest);
  ASSERT_NO_FATAL_FAILURE(ExpectBoth({{"a", "a"}}, {{"za", "1"}}));
  ASSERT_EQ(Text(db_->Write(batch)), "");
  ASSERT_NO_FATAL_FAILURE(ExpectBoth({{"a", "2"}}, {{"za", "2+3"}}));
  ASSERT_NO_FATAL_FAILURE(Kill());
  ASSERT_NO_FATAL_FAILURE(ExpectBoth({{"a", "2"}}, {{"za", "2+3"}}));
  Pass(seconds(10));
  ASSERT_NO_FATAL_FAILURE(ExpectBoth({{"a", "2"}}, {{"za", "3"}}));
  ASSERT_TRUE(db_->Flush());
  ASSERT_NO_FATAL_FAILURE(Compact());
  ASSERT_NO_FATAL_FAILURE(ExpectBoth({{"a", "2"}}, {{"za", "3"}}));
}

// It merges, passes range deletes and keeps its time, though nobody else can reach the family.
TEST_F(Interaction, OfADroppedFamilyIsStillShownByAnIterator) {
  ASSERT_NO_FATAL_FAILURE(WriteAllKinds());
  ASSERT_TRUE(db_->Flush());
  ASSERT_TRUE(Other().Merge("wd", "3"));
  Iterator it = Other().NewIterator();
  Iterator placed = Other().NewIterator();
  placed.Seek("xc");
  const Family family = Other();
  ASSERT_TRUE(family.DeleteRange("za", "wd"));
  ASSERT_TRUE(db_->DropFamily(family));
  EXPECT_EQ(CodeOf(family.Merge("wd", "4")), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(family.Put("wd", "4", {.ttl = seconds(1)})), ErrorCode::kInvalidArgument);
  Pass(seconds(1'000));
  ASSERT_NO_FATAL_FAILURE(MakeOther());
  ASSERT_TRUE(db_->Flush());
  ASSERT_TRUE(db_->CompactRange());
  Entries forward, backward;
  for (it.SeekToFirst(); it.Valid(); it.Next()) forward.emplace_back(it.key(), it.value());
  EXPECT_EQ(Text(it.status()), "");
  EXPECT_EQ(forward, (Entries{{"za", "1"}, {"xc", "1"}, {"wd", "1+2+3"}}));
  for (; placed.Valid(); placed.Prev()) backward.emplace_back(placed.key(), placed.value());
  EXPECT_EQ(Text(placed.status()), "");
  EXPECT_EQ(backward, (Entries{{"xc", "1"}, {"za", "1"}}));
  ASSERT_NO_FATAL_FAILURE(ExpectBoth(left_in_default_, {}));
}

TEST_F(Interaction, OfADropAndUnloggedWritesLeavesTheOtherFamilies) {
  ASSERT_NO_FATAL_FAILURE(WriteAllKinds(Durability::kNone));
  ASSERT_TRUE(db_->DropFamily(Other()));
  ASSERT_NO_FATAL_FAILURE(MakeOther());
  ASSERT_TRUE(db_->Flush());
  ASSERT_NO_FATAL_FAILURE(ExpectBoth(all_in_default_, {}));
  ASSERT_NO_FATAL_FAILURE(Kill());
  ASSERT_NO_FATAL_FAILURE(ExpectBoth(all_in_default_, {}));
}

// Read at once by all; after a crash they are there from the last flush, in each family alike.
TEST_F(Interaction, OfUnloggedWritesIsThereUpToAFlush) {
  Put("e");
  PutOther({"ue"});
  const Entries before = {{"e", "e"}}, before_in_other = {{"ue", "1"}};
  Entries in_default = all_in_default_, in_other = all_in_other_;
  in_default.emplace_back("e", "e");
  in_other.emplace_back("ue", "1");
  {
    const Snapshot snapshot = db_->GetSnapshot();
    ASSERT_NO_FATAL_FAILURE(WriteAllKinds(Durability::kNone));
    const Snapshot behind = db_->GetSnapshot();
    ASSERT_NO_FATAL_FAILURE(ExpectBoth(in_default, in_other));
    EXPECT_EQ(EntriesOf(Default(), {.snapshot = &snapshot}), before);
    EXPECT_EQ(EntriesOf(Other(), {.snapshot = &snapshot}), before_in_other);
    EXPECT_EQ(EntriesOf(Other(), {.snapshot = &behind}), in_other);
  }
  ASSERT_NO_FATAL_FAILURE(Kill());
  ASSERT_NO_FATAL_FAILURE(ExpectBoth(before, before_in_other));
  ASSERT_NO_FATAL_FAILURE(WriteAllKinds(Durability::kNone));
  ASSERT_TRUE(db_->Flush());
  ASSERT_TRUE(db_->Merge("d", "lost", {.durability = Durability::kNone}));
  ASSERT_NO_FATAL_FAILURE(Kill());
  ASSERT_NO_FATAL_FAILURE(ExpectBoth(in_default, in_other));
  Pass(seconds(10));
  in_default.erase(in_default.begin());
  in_other.erase(in_other.begin());
  ASSERT_NO_FATAL_FAILURE(ExpectBoth(in_default, in_other));
}

TEST_F(Interaction, InACopyOfAClosedDirectoryIsAsInTheOriginal) {
  ASSERT_TRUE(db_->CreateFamily("gone").value().Put("a", "1"));
  ASSERT_NO_FATAL_FAILURE(WriteAllKinds(Durability::kNone));
  ASSERT_TRUE(db_->DropFamily(db_->OpenFamily("gone").value()));
  ASSERT_NO_FATAL_FAILURE(Close());
  ASSERT_TRUE(environment_->files().CreateDirectories("/copy"));
  for (const auto& [name, bytes] : Files()) {
    ASSERT_TRUE(io::ReplaceFile(environment_->files(), io::JoinPath("/copy", name), bytes));
  }
  {
    const auto copy = support::OpenOrFail("/copy", options_, support::Over(*environment_));
    ASSERT_NE(copy, nullptr);
    EXPECT_THAT(copy->FamilyNames(), ElementsAre("default", "other"));
    const Family in_default = copy->OpenFamily("default").value();
    const Family in_other = copy->OpenFamily("other").value();
    EXPECT_EQ(EntriesOf(in_default), all_in_default_);
    EXPECT_EQ(EntriesOf(in_other), all_in_other_);
    Pass(seconds(10));
    EXPECT_EQ(EntriesOf(in_default), left_in_default_);
    EXPECT_EQ(EntriesOf(in_other), left_in_other_);
    ASSERT_TRUE(in_default.DeleteRange(std::nullopt, std::nullopt));
    ASSERT_TRUE(in_other.Merge("wd", "3"));
    ASSERT_EQ(Text(copy->Close()), "");
  }
  Open();
  ASSERT_NO_FATAL_FAILURE(ExpectBoth(left_in_default_, left_in_other_));
}

TEST_F(Interaction, InAReadOnlyOpenIsReadFromTheLogAndNotWritten) {
  ASSERT_TRUE(db_->CreateFamily("gone").value().Put("a", "1"));
  PutOther({"yb"});
  ASSERT_TRUE(db_->Flush());
  ASSERT_NO_FATAL_FAILURE(WriteAllKinds());
  ASSERT_TRUE(db_->DropFamily(db_->OpenFamily("gone").value()));
  ASSERT_NO_FATAL_FAILURE(KillAndOpenReadOnly());
  const auto files = Files();
  EXPECT_THAT(db_->FamilyNames(), ElementsAre("default", "other"));
  ASSERT_NO_FATAL_FAILURE(ExpectBoth(all_in_default_, all_in_other_));
  {
    const Snapshot snapshot = db_->GetSnapshot();
    Pass(seconds(10));
    ASSERT_NO_FATAL_FAILURE(ExpectBoth(left_in_default_, left_in_other_));
    EXPECT_EQ(EntriesOf(Default(), {.snapshot = &snapshot}), all_in_default_);
    EXPECT_EQ(EntriesOf(Other(), {.snapshot = &snapshot}), all_in_other_);
  }
  WriteBatch batch;
  batch.Merge("a", "2");
  batch.Put(Other(), "za", "2", ExpiresAfter(seconds(10)));
  batch.DeleteRange("a", "b");
  for (const Family& family : {Default(), Other()}) {
    EXPECT_EQ(CodeOf(family.Merge("a", "2")), ErrorCode::kNotSupported);
    EXPECT_EQ(CodeOf(family.Put("a", "2", {.ttl = seconds(10)})), ErrorCode::kNotSupported);
    EXPECT_EQ(CodeOf(family.Put("a", "2", {.durability = Durability::kNone})), ErrorCode::kNotSupported);
    EXPECT_EQ(CodeOf(family.DeleteRange("a", "b")), ErrorCode::kNotSupported);
  }
  EXPECT_EQ(CodeOf(db_->Write(batch)), ErrorCode::kNotSupported);
  EXPECT_EQ(CodeOf(db_->CreateFamily("new")), ErrorCode::kNotSupported);
  EXPECT_EQ(CodeOf(db_->DropFamily(Other())), ErrorCode::kNotSupported);
  EXPECT_EQ(CodeOf(db_->RenameFamily(Other(), "new")), ErrorCode::kNotSupported);
  ASSERT_NO_FATAL_FAILURE(ExpectBoth(left_in_default_, left_in_other_));
  ASSERT_NO_FATAL_FAILURE(Close());
  EXPECT_EQ(Files(), files);
}

class InteractionRepair : public testing::Test {
 protected:
  void CopyLive() { support::CopyLive(directory_.File("live"), directory_.File("broken")); }
  [[nodiscard]] Result<RepairReport> Repair() {
    return DB::Repair(directory_.File("broken"), directory_.File("repaired"));
  }

  const support::TempDirectory directory_;
};

// In tables and in the log, whose batches are over both families.
TEST_F(InteractionRepair, OfASecondFamilyKeepsAllKinds) {
  {
    const auto db = support::OpenOrFail(directory_.File("live"));
    const Family second = db->CreateFamily("second", {.merge_operator = Append("+")}).value();
    for (const std::string key : {"a", "b", "c", "d", "e"}) {
      ASSERT_TRUE(db->Put(key, "default"));
      ASSERT_TRUE(second.Put(key, "1"));
    }
    ASSERT_TRUE(db->Flush());
    const Snapshot snapshot = db->GetSnapshot();  // So that nothing goes.
    ASSERT_TRUE(second.DeleteRange("b", "c"));
    ASSERT_TRUE(second.Merge("a", "2"));
    ASSERT_TRUE(second.Put("e", "expired", {.expires_at = kPastMoment}));
    ASSERT_TRUE(db->Flush());
    WriteBatch batch;
    batch.DeleteRange(second, "c", "d");
    batch.DeleteRange("b", "d");
    batch.Merge(second, "c", "3");
    batch.Put(second, "d", "later", ExpiresAt(kFarMoment));
    ASSERT_EQ(Text(db->Write(batch)), "");
    CopyLive();
  }
  const auto report = Repair();
  ASSERT_TRUE(report) << report.error().ToString();
  EXPECT_THAT(report->dropped, IsEmpty());
  const auto db = support::OpenOrFail(directory_.File("repaired"));
  const Family second = db->OpenFamily("second").value();
  EXPECT_EQ(EntriesOf(second), (Entries{{"a", "1+2"}, {"c", "3"}, {"d", "later"}}));
  EXPECT_EQ(second.GetPinned("d").value()->expires_at(), kFarMoment);
  EXPECT_EQ(EntriesOf(db->OpenFamily("default").value()),
            (Entries{{"a", "default"}, {"d", "default"}, {"e", "default"}}));
}

// Only the program knows such an order: what is in tables of it is named, and all else comes back.
TEST_F(InteractionRepair, LeavesOutAFamilyOfACustomOrderAndNamesIt) {
  {
    const auto db = support::OpenOrFail(directory_.File("live"));
    const Family other = db->CreateFamily("other", {.comparator = &kBackwards}).value();
    ASSERT_TRUE(other.Put("za", "1"));
    ASSERT_TRUE(db->Put("a", "1"));
    ASSERT_TRUE(db->Flush());
    ASSERT_TRUE(other.Put("zb", "in the log"));
    CopyLive();
  }
  const auto report = Repair();
  ASSERT_TRUE(report) << report.error().ToString();
  EXPECT_THAT(report->dropped, Each(HasSubstr("family other is in the order 'test.backwards'")));
  EXPECT_THAT(report->dropped, Contains(StartsWith("log:")));
  const auto db = support::OpenOrFail(directory_.File("repaired"));
  EXPECT_THAT(db->FamilyNames(), ElementsAre("default"));
  EXPECT_EQ(EntriesOf(db->OpenFamily("default").value()), (Entries{{"a", "1"}}));
}

TEST_F(InteractionRepair, OfAWholeDatabaseOfACustomOrderIsNotSupported) {
  Options options = support::SmallOptions();
  options.comparator = &kBackwards;
  ASSERT_TRUE(support::OpenOrFail(directory_.File("live"), options)->Put("za", "1"));
  CopyLive();
  EXPECT_EQ(CodeOf(Repair()), ErrorCode::kNotSupported);
  EXPECT_FALSE(std::filesystem::exists(directory_.File("repaired")));
}

TEST_F(InteractionRepair, NamesATableOfRangeDeletesThatIsLost) {
  std::string lost;
  {
    const auto db = support::OpenOrFail(directory_.File("live"));
    for (uint64_t i = 0; i < 100; ++i) ASSERT_TRUE(db->Put(Key(i), "value"));
    ASSERT_TRUE(db->Flush());
    const Snapshot snapshot = db->GetSnapshot();  // So that nothing goes.
    ASSERT_TRUE(db->DeleteRange(Key(10), Key(20)));
    ASSERT_TRUE(db->Flush());
    for (const auto& file : std::filesystem::directory_iterator(directory_.File("live"))) {
      const std::string name = file.path().filename().string();
      if (name.ends_with(".sst")) lost = std::max(lost, name);  // The newest has the greatest number.
    }
    CopyLive();
  }
  ASSERT_TRUE(std::filesystem::remove(directory_.File("broken") + "/" + lost));
  const auto report = Repair();
  ASSERT_TRUE(report) << report.error().ToString();
  EXPECT_THAT(report->dropped, Contains(HasSubstr(lost)));
  const auto db = support::OpenOrFail(directory_.File("repaired"));
  const auto content = support::ContentOf(*db);
  for (uint64_t i = 0; i < 100; i = i == 9 ? 20 : i + 1) EXPECT_TRUE(content.contains(Key(i))) << i;
}

}  // namespace
}  // namespace amethyst
