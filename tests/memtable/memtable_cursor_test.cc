#include "memtable/memtable_cursor.h"

#include <gtest/gtest.h>

#include <string>

#include "support/backwards.h"
#include "support/seek_over.h"
#include "twin.h"

namespace amethyst::memtable {
namespace {

using Position = MemtableModel::Entries::const_iterator;

// What a read that sees no merge operands wants of the model: the newest version of each key that it sees.
MemtableModel ShownTo(key::ReadPoint read, const MemtableModel& model, const key::Order& order) {
  MemtableModel shown(order);
  for (auto entry = model.entries().begin(); entry != model.entries().end();) {
    const std::string& key = entry->first.first;
    if (const auto newest = model.Find(key, read.visible); newest != model.entries().end()) {
      shown.Insert(key::Entry(key, newest->first.second, newest->second));
    }
    entry = model.After(key);
  }
  return shown;
}

// Walks a cursor and the model together, in steps, jumps and seeks drawn at random.
class Walk {
 public:
  Walk(const MemtableModel& model, std::unique_ptr<key::Cursor> cursor, KeyShape shape, uint64_t seed)
      : model_(model), shape_(shape), random_(seed), cursor_(std::move(cursor)) {}

  void Run(int moves) {
    for (int move = 0; move < moves && !testing::Test::HasFatalFailure(); ++move) {
      if (!cursor_->Valid() || random_.OneIn(8)) {
        Seek();
      } else if (random_.OneIn(2)) {
        Forward();
      } else {
        Backward();
      }
      Compare();
    }
  }

 private:
  [[nodiscard]] const MemtableModel::Entries& entries() const { return model_.entries(); }

  void Seek() {
    const std::string key = RandomKey(shape_, random_);
    switch (random_.Below(6)) {
      case 0:
        cursor_->SeekToFirst();
        position_ = entries().begin();
        break;
      case 1:
        cursor_->SeekToLast();
        position_ = entries().end();
        StepBack();
        break;
      case 2:
      case 3:
        cursor_->SeekForPrev(key);
        position_ = model_.After(key);
        StepBack();
        break;
      default: cursor_->Seek(key); position_ = model_.AtOrAfter(key);
    }
  }
  // The end of the map stands for both ends.
  void StepBack() { position_ = position_ == entries().begin() ? entries().end() : std::prev(position_); }

  void Forward() {
    if (random_.OneIn(4)) {
      const size_t count = random_.Below(cursor_->Ahead().size() + 1);
      cursor_->Skip(count);
      std::advance(position_, count);
      return;
    }
    for (uint64_t steps = 1 + random_.Below(random_.OneIn(5) ? 200 : 5); steps > 0 && position_ != entries().end();
         --steps) {
      cursor_->Next();
      ++position_;
      Compare();
    }
  }
  void Backward() {
    if (random_.OneIn(4)) {
      const size_t count = random_.Below(cursor_->Behind().size() + 1);
      cursor_->SkipBack(count);
      for (size_t i = 0; i < count; ++i) StepBack();
      return;
    }
    for (uint64_t steps = 1 + random_.Below(random_.OneIn(5) ? 200 : 5); steps > 0 && position_ != entries().end();
         --steps) {
      cursor_->Prev();
      StepBack();
      Compare();
    }
  }

  void Compare() {
    ASSERT_EQ(cursor_->Valid(), position_ != entries().end());
    ASSERT_TRUE(cursor_->status());
    if (!cursor_->Valid()) return;
    ASSERT_EQ(cursor_->entry().key(), position_->first.first);
    ASSERT_EQ(cursor_->entry().tag, position_->first.second);
    ASSERT_EQ(cursor_->entry().value(), position_->second);
    CheckWindow();
  }
  void CheckWindow() {
    const auto ahead = cursor_->Ahead();
    const auto behind = cursor_->Behind();
    ASSERT_FALSE(ahead.empty() || behind.empty());
    const std::span<const key::Entry> window(behind.data(), behind.size() + ahead.size() - 1);
    for (const key::Entry& entry : window) {
      ASSERT_LE(entry.tag.sequence(), cursor_->WindowMaxSequence());
      if (!cursor_->WindowIsPlain()) continue;
      const auto first = model_.AtOrAfter(entry.key());
      ASSERT_EQ(first->first.second, entry.tag);
      ASSERT_EQ(entry.tag.kind(), key::EntryKind::kPut);
      ASSERT_EQ(std::next(first), model_.After(entry.key())) << "a second version";
    }
  }

  const MemtableModel& model_;
  const KeyShape shape_;
  base::Random random_;
  const std::unique_ptr<key::Cursor> cursor_;
  Position position_;
};

void CheckWalks(KeyShape shape, key::Order order, size_t count) {
  SCOPED_TRACE(static_cast<int>(shape));
  base::Random random(static_cast<uint64_t>(shape));
  Twin twin(size_t{8} << 20, order);
  twin.InsertRandom(shape, count, 4, random);
  Walk(twin.model, Memtable::NewCursor(twin.memtable), shape, 7).Run(400);
  for (int reads = 0; reads < 4; ++reads) {
    const key::ReadPoint read(reads == 0 ? twin.visible : twin.SomeSequence(random));
    const MemtableModel shown = ShownTo(read, twin.model, order);
    Walk(shown, Memtable::NewCursor(twin.memtable, key::kDefaultFamily, read), shape, 8).Run(300);
  }
}

TEST(MemtableCursor, WalksBothWaysAsAModelDoes) {
  for (const KeyShape shape : kKeyShapes) {
    for (const size_t count : {1, 14, 15, 100, 4000}) CheckWalks(shape, key::Order(), count);
  }
}

TEST(MemtableCursor, WalksACustomOrder) {
  static const support::Backwards reversed;
  for (const KeyShape shape : {KeyShape::kDecimal, KeyShape::kBinaryWithZeros, KeyShape::kUrl, KeyShape::kFewHot}) {
    CheckWalks(shape, key::Order(&reversed), 3000);
  }
}

TEST(MemtableCursor, IsInvalidOnAnEmptyMemtable) {
  const auto cursor = Memtable::NewCursor(std::make_shared<Memtable>(1 << 20, key::Order()));
  EXPECT_FALSE(cursor->Valid());
  cursor->SeekToFirst();
  EXPECT_FALSE(cursor->Valid());
  cursor->SeekToLast();
  EXPECT_FALSE(cursor->Valid());
  cursor->Seek("");
  EXPECT_FALSE(cursor->Valid());
  cursor->SeekForPrev("z");
  EXPECT_FALSE(cursor->Valid());
  EXPECT_TRUE(cursor->status());
}

TEST(MemtableCursor, SeeksOverWhatIsHiddenIfNothingIsNewer) {
  auto memtable = std::make_shared<Memtable>(1 << 20, key::Order());
  std::vector<support::OwnedEntry> all;
  for (uint64_t i = 0; i < 26; ++i) {
    all.push_back({std::string(1, static_cast<char>('a' + i)), key::SequenceNumber{i + 1}, key::EntryKind::kPut, "v"});
    memtable->Insert(all.back().View());
  }
  const auto cursor = Memtable::NewCursor(memtable);
  const auto passed = [&](uint64_t sequence, const key::Range& stretch, bool forward) {
    const key::Cover cover{.sequence = key::SequenceNumber{sequence}, .stretch = stretch};
    return support::PassedBySeekOver(*cursor, all, key::Order(), cover, "k", forward);
  };
  EXPECT_EQ(passed(27, {.begin = "d", .end = "t"}, true), 9u);
  EXPECT_EQ(passed(27, {.begin = "d", .end = "t"}, false), 8u);
  EXPECT_EQ(passed(27, {.begin = "k", .end = "kk"}, true), 1u);
  EXPECT_EQ(passed(27, {}, true), 16u);
  EXPECT_EQ(passed(27, {}, false), 11u);
  EXPECT_EQ(passed(26, {.begin = "d", .end = "t"}, true), 0u) << "the newest entry of all is no older";
}

TEST(MemtableCursor, KeepsTheMemtableAlive) {
  auto memtable = std::make_shared<Memtable>(1 << 20, key::Order());
  memtable->Insert(key::Entry("a", key::Tag(key::SequenceNumber{1}, key::EntryKind::kPut), "1"));
  const auto cursor = Memtable::NewCursor(std::move(memtable));
  cursor->SeekToFirst();
  ASSERT_TRUE(cursor->Valid());
  EXPECT_EQ(cursor->entry().value(), "1");
}

TEST(MemtableCursor, StaysInOrderWhileEntriesAreAddedAroundIt) {
  for (const KeyShape shape : {KeyShape::kDecimal, KeyShape::kFewHot, KeyShape::kUrl}) {
    base::Random random(3);
    Twin twin(size_t{8} << 20);
    twin.InsertRandom(shape, 1000, 4, random);
    const key::SequenceNumber visible = twin.visible;
    const MemtableModel before = twin.model;
    const auto cursor = Memtable::NewCursor(twin.memtable);
    for (const bool forward : {true, false}) {
      forward ? cursor->SeekToFirst() : cursor->SeekToLast();
      size_t seen = 0;
      while (cursor->Valid()) {
        if (cursor->entry().tag.sequence() <= visible) {
          auto expected = forward ? before.entries().begin() : std::prev(before.entries().end());
          std::advance(expected, forward ? static_cast<ptrdiff_t>(seen) : -static_cast<ptrdiff_t>(seen));
          ASSERT_EQ(cursor->entry().key(), expected->first.first);
          ASSERT_EQ(cursor->entry().tag, expected->first.second);
          ++seen;
        }
        if (twin.model.entries().size() < 6000) twin.InsertRandom(shape, 3, 4, random);
        forward ? cursor->Next() : cursor->Prev();
      }
      EXPECT_EQ(seen, before.entries().size());
    }
  }
}

TEST(MemtableCursor, WalksAHundredThousandVersionsBackwardInLittleTime) {
  Twin twin(size_t{16} << 20);
  twin.Put("a");
  for (int i = 0; i < 100'000; ++i) twin.Put("hot", "");
  twin.Put("z");
  const auto cursor = Memtable::NewCursor(twin.memtable);
  cursor->SeekToLast();
  for (auto expected = twin.model.entries().rbegin(); expected != twin.model.entries().rend();
       ++expected, cursor->Prev()) {
    ASSERT_TRUE(cursor->Valid());
    ASSERT_EQ(cursor->entry().tag, expected->first.second);
  }
  EXPECT_FALSE(cursor->Valid());
}

}  // namespace
}  // namespace amethyst::memtable
