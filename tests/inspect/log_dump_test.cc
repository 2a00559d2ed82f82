#include "inspect/log_dump.h"

#include <gmock/gmock.h>

#include "inspect/database_fixture.h"

namespace amethyst::inspect {
namespace {

using LogDump = DatabaseTest;

TEST_F(LogDump, ShowsEveryEntryWithItsSequence) {
  std::vector<std::string> keys;
  uint64_t last = 0;
  const auto summary = DumpLog(files(), Log(), [&](const ShownEntry& entry) {
    EXPECT_GT(key::Raw(entry.tag.sequence()), last);
    last = key::Raw(entry.tag.sequence());
    keys.emplace_back(entry.key);
    return true;
  });
  ASSERT_TRUE(summary) << summary.error().message();
  EXPECT_EQ(summary->damage, "");
  EXPECT_EQ(last, key::Raw(summary->end.last_sequence));
  ASSERT_GE(keys.size(), static_cast<size_t>(kUnflushed));
  EXPECT_EQ(keys.back(), "late" + std::to_string(kUnflushed - 1));
}

TEST_F(LogDump, EndsAtDamageAndSaysSo) {
  uint64_t whole = 0;
  const auto before = DumpLog(files(), Log(), [&](const ShownEntry&) { return ++whole > 0; });
  ASSERT_TRUE(before);
  Flip(Log(), before->end.offset - 10);
  uint64_t count = 0;
  const auto summary = DumpLog(files(), Log(), [&](const ShownEntry&) { return ++count > 0; });
  ASSERT_TRUE(summary);
  EXPECT_EQ(count, whole - 1);
  EXPECT_NE(summary->damage, "");
}

TEST_F(LogDump, StopsWhenTold) {
  uint64_t count = 0;
  ASSERT_TRUE(DumpLog(files(), Log(), [&](const ShownEntry&) { return ++count < 3; }));
  EXPECT_EQ(count, 3u);
}

TEST_F(LogDump, AFileThatIsNoSegmentIsToldNotFailed) {
  Write(Log(), "no segment");
  const auto summary = DumpLog(files(), Log(), [](const ShownEntry&) { return true; });
  ASSERT_TRUE(summary);
  EXPECT_FALSE(summary->header);
  EXPECT_NE(summary->damage, "");
}

}  // namespace
}  // namespace amethyst::inspect
