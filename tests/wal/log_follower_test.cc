// Reading a log that another process writes, by its files alone. Covers: record_window
#include "wal/log_follower.h"

#include <gtest/gtest.h>

#include "support/database.h"
#include "wal/log_harness.h"

namespace amethyst::wal {
namespace {

using support::CodeOf;
using support::Text;

LogFollower::Place PlaceOf(io::FileSystem& files) {
  return {.files = &files, .directory = "/db", .database_uid = LogHarness::kUid};
}

LogFollower FromStartOf(LogHarness& harness) {
  return LogFollower(PlaceOf(harness.memory()), {.segment = harness.first_segment(), .offset = kSegmentHeaderBytes});
}

// All there is now; fails the test on an error.
std::vector<Logged> ReadOn(LogFollower& follower) {
  std::vector<Logged> read;
  follower.LookAgain();
  for (;;) {
    const auto record = follower.Peek();
    if (!record || !record->has_value()) {
      EXPECT_TRUE(record) << record.error().ToString();
      return read;
    }
    read.push_back({.first = key::Raw((*record)->header.first),
                    .count = (*record)->header.count,
                    .payload = std::string((*record)->payload)});
    EXPECT_EQ(Text(follower.Pass()), "");
  }
}

TEST(LogFollower, SeesEachRecordOnceAsItIsWritten) {
  LogHarness harness(16 << 10);
  ASSERT_TRUE(harness.Open());
  LogFollower follower = FromStartOf(harness);
  base::Random random(1);
  std::vector<Logged> read;
  for (int i = 0; i < 400; ++i) {
    ASSERT_TRUE(harness.Append(SomeBatch(random, random.Below(i % 50 == 0 ? 200'000 : 500))));
    if (random.Below(5) == 0) ASSERT_TRUE(harness.Tick());
    if (random.Below(3) != 0) continue;
    for (Logged& logged : ReadOn(follower)) read.push_back(std::move(logged));
    ASSERT_EQ(read.size(), harness.logged().size());
  }
  for (Logged& logged : ReadOn(follower)) read.push_back(std::move(logged));
  EXPECT_TRUE(read == harness.logged());
  EXPECT_GT(harness.log().segments().size(), 5u);
}

TEST(LogFollower, StopsBeforeARecordInTheMaking) {
  LogHarness harness(64 << 10);
  ASSERT_TRUE(harness.Open());
  base::Random random(2);
  ASSERT_TRUE(harness.Append(SomeBatch(random, 100)));
  const uint64_t begin = harness.log().end().offset;
  ASSERT_TRUE(harness.Append(SomeBatch(random, 300)));
  const uint64_t end = harness.log().end().offset;
  const std::string whole = io::ReadFile(harness.memory(), "/db/" + SegmentFileName(harness.first_segment())).value();
  io::MemoryFileSystem files;
  ASSERT_TRUE(files.CreateDirectories("/db"));
  for (uint64_t written = begin; written <= end; ++written) {
    const std::string path = "/db/" + SegmentFileName(harness.first_segment());
    if (written > begin) ASSERT_TRUE(files.Remove(path));
    auto file = files.Create(path).value();
    ASSERT_TRUE(file->Append(whole.substr(0, written) + std::string(whole.size() - written, '\0')));
    LogFollower follower(PlaceOf(files), {.segment = harness.first_segment(), .offset = kSegmentHeaderBytes});
    const size_t seen = ReadOn(follower).size();
    ASSERT_TRUE(seen == 1 ||
                (seen == 2 && whole.substr(written, end - written).find_first_not_of('\0') == std::string::npos))
        << written;
  }
}

TEST(LogFollower, GoesOnWhereANewWriterDoes) {
  LogHarness harness(64 << 10);
  ASSERT_TRUE(harness.Open());
  LogFollower follower = FromStartOf(harness);
  base::Random random(3);
  ASSERT_TRUE(harness.Append(SomeBatch(random, 100)));
  EXPECT_EQ(ReadOn(follower).size(), 1u);
  const Recovered recovered = harness.Recover(harness.TakeImage());
  harness.Abandon();
  EXPECT_EQ(ReadOn(follower).size(), 0u);
  ASSERT_TRUE(harness.Open(recovered.report.cut));
  ASSERT_TRUE(harness.Append(SomeBatch(random, 100)));
  EXPECT_EQ(ReadOn(follower).size(), 1u);
}

TEST(LogFollower, DoesNotGoOnBehindARecordThatWasTakenBack) {
  LogHarness harness(64 << 10);
  ASSERT_TRUE(harness.Open());
  base::Random random(4);
  ASSERT_TRUE(harness.Append(SomeBatch(random, 100)));
  const LogCut before = harness.log().end_cut();
  ASSERT_TRUE(harness.Append(SomeBatch(random, 100)));
  LogFollower follower = FromStartOf(harness);
  EXPECT_EQ(ReadOn(follower).size(), 2u);
  harness.Abandon();
  ASSERT_TRUE(harness.Open(before));
  follower.LookAgain();
  EXPECT_EQ(CodeOf(follower.Peek()), ErrorCode::kTooOld);
}

TEST(LogFollower, TellsOfALogThatIsGoneRatherThanOfItsEnd) {
  LogHarness harness(4 << 10);
  ASSERT_TRUE(harness.Open());
  base::Random random(5);
  ASSERT_TRUE(harness.Append(SomeBatch(random, 100)));
  LogFollower late = FromStartOf(harness);
  LogFollower with_a_file = FromStartOf(harness);
  EXPECT_EQ(ReadOn(with_a_file).size(), 1u);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(harness.Append(SomeBatch(random, 1000)));
  ASSERT_TRUE(harness.log().RemoveBefore(harness.log().current_segment()));
  EXPECT_EQ(CodeOf(late.Peek()), ErrorCode::kTooOld);
  with_a_file.LookAgain();
  Result<std::optional<WholeRecord>> record = with_a_file.Peek();
  while (record && *record) {
    ASSERT_TRUE(with_a_file.Pass());
    record = with_a_file.Peek();
  }
  EXPECT_EQ(CodeOf(record), ErrorCode::kTooOld);
}

TEST(LogFollower, DamageThatALaterSegmentProvesIsNoEnd) {
  LogHarness harness(4 << 10);
  ASSERT_TRUE(harness.Open());
  base::Random random(6);
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(harness.Append(SomeBatch(random, 1000)));
  io::MemoryFileSystem files;
  ASSERT_TRUE(files.CreateDirectories("/db"));
  for (auto [number, bytes] : harness.TakeImage()) {
    if (number == harness.first_segment()) bytes[kSegmentHeaderBytes + 40] ^= 1;
    ASSERT_TRUE(files.Create("/db/" + SegmentFileName(number)).value()->Append(bytes));
  }
  LogFollower follower(PlaceOf(files), {.segment = harness.first_segment(), .offset = kSegmentHeaderBytes});
  EXPECT_EQ(CodeOf(follower.Peek()), ErrorCode::kCorruption);
}

}  // namespace
}  // namespace amethyst::wal
