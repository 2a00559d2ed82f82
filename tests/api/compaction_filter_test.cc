// The compaction filter as a caller meets it: each row of what it is asked, and what comes of its answers, by name.
#include "amethyst/compaction_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "io/memory_file_system.h"
#include "simulation/serial_environment.h"
#include "support/database.h"

namespace amethyst {
namespace {

using std::chrono::seconds;
using support::Text;
using testing::ElementsAre;
using testing::UnorderedElementsAre;
using FilterContent = std::map<std::string, std::string>;

// Drops values that begin with "drop", and replaces others that begin with "old". Notes what it is asked.
class ByValue final : public CompactionFilter {
 public:
  [[nodiscard]] std::string_view Name() const override { return "by value"; }
  [[nodiscard]] FilterDecision FilterKey(std::string_view key, seconds age) const noexcept override {
    const std::lock_guard lock(mutex_);
    asked_.emplace_back(key);
    age_ = age;
    return key.starts_with("key alone") ? FilterDecision::kDrop : FilterDecision::kNeedValue;
  }
  [[nodiscard]] FilterDecision FilterValue(std::string_view key, std::string_view value, seconds age,
                                           std::string* replacement) const noexcept override {
    EXPECT_FALSE(key.starts_with("key alone"));
    EXPECT_EQ(age, age_);
    if (value.starts_with("drop")) return FilterDecision::kDrop;
    if (!value.starts_with("old")) return FilterDecision::kKeep;
    *replacement = "new" + std::string(value.substr(3));
    return FilterDecision::kReplace;
  }
  [[nodiscard]] seconds age() const { return age_; }
  std::vector<std::string> TakeAsked() {
    const std::lock_guard lock(mutex_);
    return std::exchange(asked_, {});
  }

 private:
  mutable std::mutex mutex_;
  mutable std::vector<std::string> asked_;
  mutable seconds age_{-1};
};

class Filtering : public testing::Test {
 protected:
  void SetUp() override { Open(); }
  void Open() {
    Options options = support::SmallOptions();
    options.families["default"] = {.merge_operator = Append(","), .compaction_filter = filter_};
    options.families["second"].compaction_filter = filter_;
    db_ = support::OpenOrFail("/db", options, support::Over(environment_));
  }
  void Settle() {
    ASSERT_TRUE(db_->Flush());
    ASSERT_EQ(Text(db_->CompactRange()), "");
  }
  [[nodiscard]] FilterContent All() { return support::ContentOf(*db_); }

  simulation::SerialEnvironment environment_{std::make_shared<io::MemoryFileSystem>(), 1};
  const std::shared_ptr<ByValue> filter_ = std::make_shared<ByValue>();
  std::unique_ptr<DB> db_;
};

TEST_F(Filtering, KeepsDropsAndReplaces) {
  ASSERT_TRUE(db_->Put("a", "keep"));
  ASSERT_TRUE(db_->Put("b", "drop"));
  ASSERT_TRUE(db_->Put("c", "old one"));
  Settle();
  EXPECT_EQ(All(), (FilterContent{{"a", "keep"}, {"c", "new one"}}));
  EXPECT_FALSE(db_->Get("b").value());
  EXPECT_EQ(db_->GetStats().entries_filtered, 1u);
  Iterator walk = db_->NewIterator();
  walk.SeekToLast();
  EXPECT_EQ(walk.value(), "new one");
  walk.Prev();
  EXPECT_EQ(walk.key(), "a");
}

TEST_F(Filtering, AsksWithTheKeyAloneFirst) {
  ASSERT_TRUE(db_->Put("key alone", "keep"));
  ASSERT_TRUE(db_->Put("other", "keep"));
  Settle();
  EXPECT_EQ(All(), (FilterContent{{"other", "keep"}}));
}

// At least so old: what a merge brings together is as old as the youngest of it.
TEST_F(Filtering, IsToldHowLongAgoTheDataWasWritten) {
  ASSERT_TRUE(db_->Put("a", "1"));
  ASSERT_TRUE(db_->Flush());
  environment_.clock().Advance(seconds(100));
  ASSERT_TRUE(db_->CompactRange());
  EXPECT_EQ(filter_->age(), seconds(100));
  ASSERT_EQ(Text(db_->Close()), "");
  db_.reset();
  environment_.clock().Advance(seconds(50));
  Open();
  ASSERT_TRUE(db_->CompactRange());
  EXPECT_EQ(filter_->age(), seconds(150)) << "the manifest keeps it";
  ASSERT_TRUE(db_->Put("a", "2"));
  Settle();
  EXPECT_EQ(filter_->age(), seconds(0));
}

TEST_F(Filtering, KnowsNoAgeOfWhatWasWrittenWithoutIt) {
  ASSERT_EQ(Text(db_->Close()), "");
  db_.reset();
  db_ = support::OpenOrFail("/db", support::SmallOptions(), support::Over(environment_));
  ASSERT_TRUE(db_->Put("a", "1"));
  ASSERT_EQ(Text(db_->Close()), "");
  db_.reset();
  environment_.clock().Advance(seconds(100));
  Open();
  ASSERT_TRUE(db_->CompactRange());
  EXPECT_EQ(filter_->age(), seconds(0));
}

TEST_F(Filtering, AsksNothingAtAFlush) {
  ASSERT_TRUE(db_->Put("a", "drop"));
  ASSERT_TRUE(db_->Flush());
  EXPECT_THAT(filter_->TakeAsked(), ElementsAre());
  EXPECT_EQ(db_->Get("a").value(), "drop");
}

TEST_F(Filtering, NeverBringsAnOlderVersionBack) {
  ASSERT_TRUE(db_->Put("a", "first"));
  ASSERT_TRUE(db_->Put("z", "first"));
  Settle();
  ASSERT_TRUE(db_->Put("a", "drop this"));
  Settle();
  EXPECT_EQ(All(), (FilterContent{{"z", "first"}}));
  Settle();
  EXPECT_EQ(All(), (FilterContent{{"z", "first"}}));
}

TEST_F(Filtering, AsksOnceForAKeyAboutItsNewestVersion) {
  ASSERT_TRUE(db_->Put("a", "drop, but old"));
  ASSERT_TRUE(db_->Flush());
  ASSERT_TRUE(db_->Put("a", "keep"));
  Settle();
  EXPECT_THAT(filter_->TakeAsked(), ElementsAre("a"));
  EXPECT_EQ(All(), (FilterContent{{"a", "keep"}}));
}

TEST_F(Filtering, LeavesAloneWhatASnapshotDoesNotSee) {
  ASSERT_TRUE(db_->Put("a", "keep"));
  {
    const Snapshot snapshot = db_->GetSnapshot();
    ASSERT_TRUE(db_->Put("a", "drop"));
    Settle();
    EXPECT_EQ(db_->Get("a", {.snapshot = &snapshot}).value(), "keep");
    EXPECT_EQ(db_->Get("a").value(), "drop") << "not every snapshot sees it";
    EXPECT_THAT(filter_->TakeAsked(), ElementsAre());
  }
  Settle();
  EXPECT_FALSE(db_->Get("a").value());
}

TEST_F(Filtering, AsksNeitherAboutOperandsNorAboutWhatIsDeleted) {
  ASSERT_TRUE(db_->Put("merged", "drop"));
  ASSERT_TRUE(db_->Merge("merged", "1"));
  ASSERT_TRUE(db_->Put("deleted", "drop"));
  ASSERT_TRUE(db_->Delete("deleted"));
  ASSERT_TRUE(db_->Put("range deleted", "drop"));
  ASSERT_TRUE(db_->DeleteRange("range", "rangf"));
  ASSERT_TRUE(db_->Put("plain", "keep"));
  const Snapshot holds = db_->GetSnapshot();  // So that a flush folds nothing away.
  ASSERT_TRUE(db_->Merge("merged", "2"));
  Settle();
  EXPECT_THAT(filter_->TakeAsked(), ElementsAre("plain"));
  EXPECT_EQ(All(), (FilterContent{{"merged", "drop,1,2"}, {"plain", "keep"}}));
}

TEST_F(Filtering, AsksNothingAboutWhatHasExpiredAndKeepsTheMomentOfWhatItReplaces) {
  ASSERT_TRUE(db_->Put("expires soon", "keep", {.ttl = seconds(10)}));
  ASSERT_TRUE(db_->Put("expires late", "old", {.ttl = seconds(1000)}));
  ASSERT_TRUE(db_->Put("expires late, too", "drop", {.ttl = seconds(1000)}));
  ASSERT_TRUE(db_->Flush());
  environment_.clock().Advance(seconds(100));
  Settle();
  EXPECT_THAT(filter_->TakeAsked(), UnorderedElementsAre("expires late", "expires late, too"));
  EXPECT_EQ(All(), (FilterContent{{"expires late", "new"}}));
  environment_.clock().Advance(seconds(1000));
  EXPECT_EQ(All(), (FilterContent{}));
}

TEST_F(Filtering, IsAFunctionOfTheFamilyAndOfTheOpen) {
  const Family second = db_->CreateFamily("second", {.compaction_filter = filter_}).value();
  const Family third = db_->CreateFamily("third").value();
  for (const bool reopened : {false, true}) {
    if (reopened) {
      ASSERT_EQ(Text(db_->Close()), "");
      db_.reset();
      Open();
    }
    for (const auto* name : {"second", "third"}) {
      const Family family = db_->OpenFamily(name).value();
      ASSERT_TRUE(family.Put("a", "drop"));
      ASSERT_TRUE(db_->Flush());
      ASSERT_EQ(Text(family.CompactRange()), "");
      EXPECT_EQ(family.Get("a").value().has_value(), family.name() == "third") << reopened;
    }
  }
}

TEST_F(Filtering, OfManyEntriesAnswersForEach) {
  constexpr int kEntries = 20'000;
  for (int i = 0; i < kEntries; ++i) {
    ASSERT_TRUE(db_->Put(support::Key(static_cast<uint64_t>(i)), i % 3 == 0 ? "drop" : i % 3 == 1 ? "old" : "keep"));
  }
  Settle();
  const FilterContent left = All();
  EXPECT_EQ(left.size(), size_t{kEntries} - (kEntries + 2) / 3);
  for (const auto& [key, value] : left) ASSERT_TRUE(value == "new" || value == "keep") << key;
  std::vector<std::string> asked = filter_->TakeAsked();
  std::ranges::sort(asked);
  asked.erase(std::ranges::unique(asked).begin(), asked.end());
  EXPECT_EQ(asked.size(), size_t{kEntries});
}

}  // namespace
}  // namespace amethyst
