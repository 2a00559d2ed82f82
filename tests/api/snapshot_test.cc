#include "amethyst/snapshot.h"

#include <gtest/gtest.h>

#include <optional>

#include "support/database.h"
#include "support/temp_directory.h"

namespace amethyst {
namespace {

using support::ContentOf;
using support::OpenOrFail;

TEST(Snapshot, IsUnaffectedByLaterWrites) {
  const support::TempDirectory directory;
  const auto db = OpenOrFail(directory.path());
  ASSERT_TRUE(db->Put("a", "1"));
  const Snapshot snapshot = db->GetSnapshot();
  ASSERT_TRUE(db->Put("a", "2"));
  ASSERT_TRUE(db->Put("b", "2"));
  ReadOptions options;
  options.snapshot = &snapshot;
  EXPECT_EQ(db->Get("a", options).value(), "1");
  EXPECT_EQ(db->Get("b", options).value(), std::nullopt);
  EXPECT_EQ(db->GetPinned("a", options).value()->view(), "1");
  const std::vector<std::string_view> keys = {"a", "b"};
  EXPECT_EQ(db->MultiGet(keys, options)[0].value(), "1");
  EXPECT_EQ(ContentOf(*db, options).size(), 1);
  EXPECT_EQ(db->Get("a").value(), "2");
}

TEST(Snapshot, NumbersGrowWithEveryWrite) {
  const support::TempDirectory directory;
  const auto db = OpenOrFail(directory.path());
  uint64_t last = db->GetSnapshot().sequence();
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(db->Put("a", "1"));
    EXPECT_EQ(db->GetSnapshot().sequence(), last + 1);
    last = db->GetSnapshot().sequence();
  }
}

TEST(Snapshot, MayDieBeforeItsIterator) {
  const support::TempDirectory directory;
  const auto db = OpenOrFail(directory.path());
  ASSERT_TRUE(db->Put("a", "1"));
  std::optional<Snapshot> snapshot = db->GetSnapshot();
  ReadOptions options;
  options.snapshot = &*snapshot;
  Iterator it = db->NewIterator(options);
  snapshot.reset();
  ASSERT_TRUE(db->Put("a", "2"));
  ASSERT_TRUE(db->CompactRange());
  it.SeekToFirst();
  EXPECT_EQ(it.value(), "1");
}

TEST(Snapshot, ItsAgeIsToldAndThatOfATransaction) {
  simulation::SerialEnvironment environment(std::make_shared<io::MemoryFileSystem>(), 1);
  auto db = OpenOrFail("/db", support::SmallOptions(), support::Over(environment));
  const auto age_ms = [&] { return db->GetStats().oldest_snapshot_ms; };
  const Iterator iterator = db->NewIterator();
  environment.clock().Advance(std::chrono::seconds(1));
  EXPECT_EQ(age_ms(), 0) << "an iterator's does not count";
  std::optional<Transaction> transaction = db->Begin();
  environment.clock().Advance(std::chrono::milliseconds(1500));
  const Snapshot snapshot = db->GetSnapshot();
  environment.clock().Advance(std::chrono::milliseconds(200));
  EXPECT_EQ(age_ms(), 1700);
  EXPECT_NE(db->GetStats().ToJson().find("\"oldest_snapshot_ms\":1700,"), std::string::npos);
  ASSERT_TRUE(transaction->Rollback());
  EXPECT_EQ(age_ms(), 200);
}

TEST(Snapshot, MayOutliveItsDatabaseAndBeMoved) {
  const support::TempDirectory directory;
  auto db = OpenOrFail(directory.path());
  ASSERT_TRUE(db->Put("a", "1"));
  Snapshot first = db->GetSnapshot();
  Snapshot second = std::move(first);
  EXPECT_EQ(db->GetStats().snapshots, 1);
  second = db->GetSnapshot();
  EXPECT_EQ(second.sequence(), 1);
  db.reset();
}

}  // namespace
}  // namespace amethyst
