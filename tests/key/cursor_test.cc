#include "key/cursor.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/random.h"

namespace amethyst::key {
namespace {

// Over a vector of keys, in windows of up to three.
class VectorCursor final : public Cursor {
 public:
  explicit VectorCursor(const std::vector<std::string>& keys) {
    for (const std::string& key : keys) entries_.emplace_back(key, Tag(SequenceNumber{1}, EntryKind::kPut), "");
  }

  void SeekToFirst() override { Show(0, 0); }
  void SeekToLast() override { Show(entries_.size() - 1, entries_.size() - 1); }
  void Seek(std::string_view target) override {
    size_t at = 0;
    while (at < entries_.size() && entries_[at].key() < target) ++at;
    Show(at, at);
  }
  void SeekForPrev(std::string_view target) override {
    size_t at = 0;
    while (at < entries_.size() && entries_[at].key() <= target) ++at;
    Show(at - 1, at - 1);
  }
  Status status() const override { return {}; }
  [[nodiscard]] size_t fetches() const { return fetches_; }

 private:
  static constexpr size_t kWindow = 3;

  void NextWindow() override { Show(end_, end_); }
  void PrevWindow() override { Show(begin_ < kWindow ? 0 : begin_ - kWindow, begin_ - 1); }

  // The window from `begin` on, positioned at `at`; the end if that is no entry (before the first it wraps around).
  void Show(size_t begin, size_t at) {
    ++fetches_;
    if (at >= entries_.size()) return Clear();
    begin_ = begin;
    end_ = std::min(entries_.size(), begin + kWindow);
    SetWindow(std::span(entries_).subspan(begin_, end_ - begin_), at - begin_);
  }

  std::vector<Entry> entries_;
  size_t begin_ = 0;
  size_t end_ = 0;
  size_t fetches_ = 0;
};

std::vector<std::string> Letters(size_t count) {
  std::vector<std::string> letters;
  for (size_t i = 0; i < count; ++i) letters.emplace_back(1, static_cast<char>('a' + i));
  return letters;
}

TEST(Cursor, WalksForwardAcrossWindows) {
  const std::vector<std::string> keys = Letters(8);
  VectorCursor cursor(keys);
  EXPECT_FALSE(cursor.Valid());
  size_t at = 0;
  for (cursor.SeekToFirst(); cursor.Valid(); cursor.Next()) EXPECT_EQ(cursor.entry().key(), keys[at++]);
  EXPECT_EQ(at, keys.size());
  EXPECT_EQ(cursor.fetches(), 4u) << "three windows and the end: steps inside a window cost no call";
}

TEST(Cursor, WalksBackwardAcrossWindows) {
  const std::vector<std::string> keys = Letters(8);
  VectorCursor cursor(keys);
  size_t at = keys.size();
  for (cursor.SeekToLast(); cursor.Valid(); cursor.Prev()) EXPECT_EQ(cursor.entry().key(), keys[--at]);
  EXPECT_EQ(at, 0u);
}

TEST(Cursor, ShowsWhatLiesAheadAndBehindInItsWindow) {
  const std::vector<std::string> keys = Letters(8);
  VectorCursor cursor(keys);
  EXPECT_TRUE(cursor.Ahead().empty());
  EXPECT_TRUE(cursor.Behind().empty());
  cursor.SeekToFirst();
  cursor.Next();
  ASSERT_EQ(cursor.Ahead().size(), 2u);
  EXPECT_EQ(cursor.Ahead().front().key(), "b");
  ASSERT_EQ(cursor.Behind().size(), 2u);
  EXPECT_EQ(cursor.Behind().back().key(), "b");
}

TEST(Cursor, SkippingIsAsManySteps) {
  base::Random random(1);
  const std::vector<std::string> keys = Letters(20);
  VectorCursor cursor(keys);
  VectorCursor stepper(keys);
  for (int round = 0; round < 2000; ++round) {
    if (!cursor.Valid()) {
      const std::string target(1, static_cast<char>('a' + random.Below(20)));
      cursor.Seek(target);
      stepper.Seek(target);
    }
    const bool forward = random.OneIn(2);
    const size_t most = forward ? cursor.Ahead().size() : cursor.Behind().size();
    const size_t n = random.Below(most + 1);
    forward ? cursor.Skip(n) : cursor.SkipBack(n);
    for (size_t i = 0; i < n; ++i) forward ? stepper.Next() : stepper.Prev();
    ASSERT_EQ(cursor.Valid(), stepper.Valid());
    if (cursor.Valid()) {
      ASSERT_EQ(cursor.entry().key(), stepper.entry().key());
    }
  }
}

TEST(Cursor, PromisesNothingAboutItsWindowUnlessTold) {
  const std::vector<std::string> keys = Letters(2);
  VectorCursor cursor(keys);
  cursor.SeekToFirst();
  EXPECT_FALSE(cursor.WindowIsPlain());
  EXPECT_EQ(cursor.WindowMaxSequence(), kSequenceMax);
  EXPECT_EQ(cursor.SkipDead(kSequenceMax, {}), 0u);
  EXPECT_EQ(cursor.entry().key(), "a");
}

}  // namespace
}  // namespace amethyst::key
