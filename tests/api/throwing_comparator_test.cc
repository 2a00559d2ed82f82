// A comparator that throws, or calls different keys equal, fails what asked it and loses nothing.
#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>

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

class Moody final : public Comparator {
 public:
  enum class Mood { kFine, kThrows, kThrowsNoException, kEqual };

  int Compare(std::string_view a, std::string_view b) const override {
    switch (mood.load()) {
      case Mood::kFine: break;
      case Mood::kThrows: throw std::runtime_error("no order today");
      case Mood::kThrowsNoException: throw 3;
      case Mood::kEqual: return 0;
    }
    return b.compare(a);
  }
  std::string_view Name() const override { return "moody"; }

  std::atomic<Mood> mood{Mood::kFine};
};

class ThrowingComparator : public testing::TestWithParam<Moody::Mood> {
 protected:
  static constexpr uint64_t kKeys = 500;

  ThrowingComparator() { options_.comparator = &order_; }

  void Fill() {
    db_ = OpenOrFail(directory_.path(), options_);
    for (uint64_t i = 0; i < kKeys; ++i) ASSERT_EQ(Text(db_->Put(Key(i), "v")), "");
  }
  // All that was acknowledged; `also` may be there.
  void ExpectAll(const std::string& also = {}) {
    auto content = ContentOf(*db_);
    content.erase(also);
    EXPECT_EQ(content.size(), kKeys);
    for (uint64_t i = 0; i < kKeys; ++i) EXPECT_EQ(db_->Get(Key(i)).value(), "v");
  }

  const TempDirectory directory_;
  Moody order_;
  Options options_ = SmallOptions();
  std::unique_ptr<DB> db_;
};

TEST_P(ThrowingComparator, FailsAWriteAndAllAfterIt) {
  Fill();
  order_.mood = GetParam();
  const Status failed = db_->Put("new", "v");
  EXPECT_EQ(CodeOf(failed), ErrorCode::kInvalidArgument);
  EXPECT_NE(Text(failed).find("'moody'"), std::string::npos) << Text(failed);
  order_.mood = Moody::Mood::kFine;
  // The lock is free, and what another thread asks for is refused, for the log holds what the memtable does not.
  std::thread([&] { EXPECT_EQ(CodeOf(db_->Put("another", "v")), ErrorCode::kInvalidArgument); }).join();
  EXPECT_FALSE(db_->Get("new").value().has_value());
  ExpectAll();
  EXPECT_FALSE(db_->Close());
  db_ = OpenOrFail(directory_.path(), options_);
  ExpectAll("new");
  EXPECT_EQ(Text(db_->Put("another", "v")), "");
}

TEST_P(ThrowingComparator, FailsAReadAndNoOtherAfterIt) {
  Fill();
  ASSERT_EQ(Text(db_->Flush()), "");
  for (uint64_t i = 0; i < 10; ++i) ASSERT_EQ(Text(db_->Put(Key(i), "v")), "");
  Iterator walk = db_->NewIterator();
  walk.Seek(Key(5));
  EXPECT_TRUE(walk.Valid());
  order_.mood = GetParam();
  EXPECT_EQ(CodeOf(db_->Get(Key(3))), ErrorCode::kInvalidArgument);
  walk.Seek(Key(7));
  EXPECT_FALSE(walk.Valid());
  EXPECT_EQ(CodeOf(walk.status()), ErrorCode::kInvalidArgument);
  order_.mood = Moody::Mood::kFine;
  walk.Seek(Key(7));
  EXPECT_TRUE(walk.Valid() && walk.key() == Key(7) && walk.status());
  ExpectAll();
  EXPECT_EQ(Text(db_->Put(Key(1), "v")), "");
}

TEST_P(ThrowingComparator, FailsACompactionAndTheWritesAfterIt) {
  Fill();
  ASSERT_EQ(Text(db_->Flush()), "");
  for (uint64_t i = 0; i < kKeys; i += 2) ASSERT_EQ(Text(db_->Put(Key(i), "v")), "");
  ASSERT_EQ(Text(db_->Flush()), "");
  order_.mood = GetParam();
  EXPECT_EQ(CodeOf(db_->CompactRange()), ErrorCode::kInvalidArgument);
  order_.mood = Moody::Mood::kFine;
  ExpectAll();
  EXPECT_FALSE(db_->Close());
  db_ = OpenOrFail(directory_.path(), options_);
  ExpectAll();
  EXPECT_EQ(Text(db_->CompactRange()), "");
}

TEST_P(ThrowingComparator, FailsAnOpenAndHarmsNothing) {
  Fill();
  ASSERT_EQ(Text(db_->Close()), "");
  db_.reset();
  order_.mood = GetParam();
  auto opened = DB::Open(directory_.path(), options_);
  EXPECT_TRUE(opened || CodeOf(opened) == ErrorCode::kInvalidArgument);
  if (opened) opened->reset();
  order_.mood = Moody::Mood::kFine;
  db_ = OpenOrFail(directory_.path(), options_);
  ExpectAll();
}

INSTANTIATE_TEST_SUITE_P(Mood, ThrowingComparator,
                         testing::Values(Moody::Mood::kThrows, Moody::Mood::kThrowsNoException, Moody::Mood::kEqual));

}  // namespace
}  // namespace amethyst
