// Covers: table_cursor, block_tree
#include <algorithm>
#include <new>

#include "sstable/table_fixture.h"

namespace amethyst::sstable {
namespace {

TEST(TableCursor, TriesASeekWithoutReadingAndAsksForWhatItLacks) {
  base::Random random(9);
  const auto entries = MakeEntries({.count = 5000}, key::Order(), random);
  TableBed bed;
  auto reader = bed.Open(bed.Write(entries)).value();
  const auto cursor = reader->NewCursor({});
  uint64_t asked = 0;
  for (int i = 0; i < 300; ++i) {
    const std::string target = MakeKey(KeyKind::kDecimal, random);
    uint64_t waits = 0;
    for (; !cursor->TrySeek(target); ++waits) {
      ASSERT_FALSE(cursor->Valid());
      const uint64_t reads = bed.file().reads();
      bed.file().ForgetReach();
      ASSERT_FALSE(cursor->TrySeek(target));
      ASSERT_EQ(bed.file().reads(), reads);
      const uint64_t reach = bed.file().reach();
      ASSERT_GT(reach, 0u) << "nothing was asked for";
      cursor->Seek(target);
      ASSERT_GE(bed.file().reach(), reach);
      ASSERT_GT(bed.file().reads(), reads);
    }
    ASSERT_LE(waits, 1u) << "what a seek has read is kept";
    asked += waits;
    const auto at = std::ranges::find_if(entries, [&](const OwnedEntry& entry) { return entry.key >= target; });
    ASSERT_EQ(cursor->Valid(), at != entries.end());
    if (at != entries.end()) ASSERT_EQ(Copy(cursor->entry()), *at);
  }
  EXPECT_GT(asked, 10u);
  EXPECT_LT(asked, 290u);
}

// The bytewise order, which may be told to throw.
class ThrowingOrder final : public Comparator {
 public:
  int Compare(std::string_view a, std::string_view b) const override {
    if (throws) throw std::bad_alloc();
    return a.compare(b);
  }
  std::string_view Name() const override { return "test.throwing"; }
  bool throws = false;
};

TEST(TableCursor, ReadsAgainAfterATriedSeekThatThrew) {
  ThrowingOrder comparator;
  const key::Order order(&comparator);
  base::Random random(9);
  const auto entries = MakeEntries({.count = 5000}, order, random);
  TableBed bed;
  auto reader = bed.Open(bed.Write(entries, {.order = order}), order).value();
  const auto cursor = reader->NewCursor({});
  comparator.throws = true;
  EXPECT_THROW(static_cast<void>(cursor->TrySeek(entries[0].key)), std::bad_alloc);
  comparator.throws = false;
  cursor->Seek(entries[0].key);
  ASSERT_TRUE(cursor->Valid()) << cursor->status().error().ToString();
  EXPECT_EQ(Copy(cursor->entry()), entries[0]);
}

TEST(TableCursor, ThatMayNotWaitAsksForNothingAndSaysSo) {
  base::Random random(9);
  const auto entries = MakeEntries({.count = 5000}, key::Order(), random);
  TableBed bed;
  auto reader = bed.Open(bed.Write(entries)).value();
  const bool memory_only = true;
  const auto cursor = reader->NewCursor({.memory_only = &memory_only});
  bed.file().ForgetReach();
  EXPECT_TRUE(cursor->TrySeek(entries[0].key));
  EXPECT_EQ(cursor->status().error().code(), ErrorCode::kBusy);
  EXPECT_EQ(bed.file().reach(), 0u);
}

}  // namespace
}  // namespace amethyst::sstable
