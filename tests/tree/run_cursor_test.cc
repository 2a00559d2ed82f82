#include "tree/run_cursor.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "merge/merge_cursor.h"
#include "support/fault_file_system.h"
#include "support/rounds.h"
#include "support/seek_over.h"
#include "tree/tables.h"
#include "tree/version.h"

namespace amethyst::tree {
namespace {

using key::Cursor;
using support::Own;
using support::OwnedEntry;

std::string KeyOf(uint64_t i) { return "key" + std::to_string(100000 + i); }

class RunCursorTest : public testing::Test {
 protected:
  // Tables of `per_table` keys each with one to three versions; those of table t in `dead` are tombstones.
  void Build(uint64_t tables, uint64_t per_table, const std::vector<uint64_t>& dead = {}) {
    base::Random random(tables);
    uint64_t sequence = 1;
    for (uint64_t t = 0; t < tables; ++t) {
      const bool is_dead = std::find(dead.begin(), dead.end(), t) != dead.end();
      std::vector<OwnedEntry> entries;
      for (uint64_t i = 0; i < per_table; ++i) {
        const uint64_t versions = 1 + random.Below(3);
        for (uint64_t v = versions; v > 0; --v) {
          entries.push_back({KeyOf(2 * (t * per_table + i)), key::SequenceNumber{sequence + v},
                             is_dead || random.OneIn(10) ? key::EntryKind::kDelete : key::EntryKind::kPut, "value"});
        }
        sequence += 4;
      }
      const AddedTable added = WriteTable(*store_, 1, key::FileNumber{t + 1}, entries, 512);
      tables_.push_back(std::make_shared<const Table>(store_, added.number, added.info));
      all_.insert(all_.end(), entries.begin(), entries.end());
    }
  }
  std::unique_ptr<Cursor> NewCursor(const sstable::CursorOptions& options = {}) const {
    return NewRunCursor(tables_, key::Order(), options);
  }
  [[nodiscard]] uint64_t OpenTables() const {
    return static_cast<uint64_t>(std::count_if(tables_.begin(), tables_.end(),
                                               [](const TablePtr& table) { return table->reader() != nullptr; }));
  }

  std::shared_ptr<io::Environment> memory_ = NewInMemoryEnvironment();
  support::FaultFileSystem files_{memory_->files()};
  std::shared_ptr<TableStore> store_ = NewStore(std::make_shared<support::FaultEnvironment>(*memory_, files_));
  std::vector<TablePtr> tables_;
  std::vector<OwnedEntry> all_;
};

TEST_F(RunCursorTest, AgreesWithASortedVectorUnderRandomPrograms) {
  Build(8, 60);
  const auto size = static_cast<ptrdiff_t>(all_.size());
  for (uint64_t seed = 0; seed < support::Rounds(60); ++seed) {
    base::Random random(seed);
    const auto cursor = NewCursor();
    support::VectorCursor oracle(all_, key::Order(), {static_cast<size_t>(size), {}, false});
    for (int step = 0; step < 400; ++step) {
      const std::string target = KeyOf(random.Below(2 * 8 * 60 + 10));
      if (!oracle.Valid() || random.OneIn(15)) {
        switch (random.Below(5)) {
          case 0: cursor->SeekToFirst(), oracle.SeekToFirst(); break;
          case 4:
            if (!cursor->TrySeek(target)) cursor->Seek(target);
            oracle.Seek(target);
            break;
          case 1: cursor->SeekToLast(), oracle.SeekToLast(); break;
          case 2: cursor->Seek(target), oracle.Seek(target); break;
          default: cursor->SeekForPrev(target), oracle.SeekForPrev(target);
        }
      } else if (random.OneIn(4)) {
        const bool forward = random.OneIn(2);
        const size_t n = forward ? cursor->Ahead().size() : cursor->Behind().size();
        forward ? cursor->Skip(n) : cursor->SkipBack(n);
        for (size_t i = 0; i < n; ++i) forward ? oracle.Next() : oracle.Prev();
      } else if (seed % 2 == 0) {
        cursor->Next(), oracle.Next();
      } else {
        cursor->Prev(), oracle.Prev();
      }
      ASSERT_EQ(cursor->Valid(), oracle.Valid());
      ASSERT_TRUE(cursor->status());
      if (!oracle.Valid()) continue;
      ASSERT_EQ(Own(cursor->entry()), Own(oracle.entry()));
    }
  }
}

TEST_F(RunCursorTest, TriesASeekWithoutOpeningATable) {
  Build(10, 30);
  const auto cursor = NewCursor();
  EXPECT_FALSE(cursor->TrySeek(KeyOf(2 * 95)));
  EXPECT_EQ(OpenTables(), 0u);
  ASSERT_TRUE(tables_[3]->Open());
  const uint64_t reads = files_.calls(support::Operation::kRead);
  EXPECT_FALSE(cursor->TrySeek(KeyOf(2 * 95)));
  EXPECT_EQ(files_.calls(support::Operation::kRead), reads);
  EXPECT_EQ(files_.calls(support::Operation::kPrefetch), 1u);
  cursor->Seek(KeyOf(2 * 95));
  EXPECT_TRUE(cursor->TrySeek(KeyOf(2 * 95)));
  EXPECT_EQ(cursor->entry().key(), KeyOf(2 * 95));
  EXPECT_TRUE(cursor->TrySeek("z")) << "there is nothing to read";
  EXPECT_FALSE(cursor->Valid());
}

TEST_F(RunCursorTest, OpensTheOneTableThatASeekNeeds) {
  Build(10, 30);
  const auto cursor = NewCursor();
  EXPECT_EQ(OpenTables(), 0u);
  cursor->Seek(KeyOf(2 * 95));
  ASSERT_TRUE(cursor->Valid());
  EXPECT_EQ(OpenTables(), 1u);
  EXPECT_NE(tables_[3]->reader(), nullptr);
  cursor->Seek(tables_[3]->info().largest);
  cursor->SeekForPrev(KeyOf(2 * 119 + 1));  // Between tables 3 and 4: the last entry of 3.
  EXPECT_EQ(cursor->entry().key(), tables_[3]->info().largest);
  EXPECT_EQ(OpenTables(), 1u);
  cursor->Seek("z");
  EXPECT_FALSE(cursor->Valid());
  cursor->SeekForPrev("a");
  EXPECT_FALSE(cursor->Valid());
  EXPECT_EQ(OpenTables(), 1u);
  cursor->Seek(KeyOf(2 * 119 + 1));
  EXPECT_EQ(cursor->entry().key(), tables_[4]->info().smallest);
  EXPECT_EQ(OpenTables(), 2u);
}

TEST_F(RunCursorTest, DoesNotOpenATableBeyondTheUpperBound) {
  Build(10, 30);
  const std::string bound = tables_[4]->info().smallest;
  const auto cursor = NewCursor({.upper_bound = bound});
  uint64_t entries = 0;
  for (cursor->SeekToFirst(); cursor->Valid() && cursor->entry().key() < bound; cursor->Next()) ++entries;
  EXPECT_TRUE(cursor->status());
  EXPECT_EQ(OpenTables(), 4u);
  EXPECT_EQ(entries, static_cast<uint64_t>(std::count_if(all_.begin(), all_.end(),
                                                         [&](const OwnedEntry& entry) { return entry.key < bound; })));
}

TEST_F(RunCursorTest, PassesOverDeadTablesWithoutOpeningThem) {
  Build(12, 30, {0, 1, 2, 3, 4, 5, 6, 7, 8});
  const auto cursor = NewCursor();
  cursor->SeekToFirst();
  EXPECT_EQ(OpenTables(), 1u);
  EXPECT_GT(cursor->SkipDead(key::kSequenceMax, {}), 8 * 30u);
  EXPECT_EQ(cursor->entry().key(), tables_[9]->info().smallest);
  EXPECT_EQ(OpenTables(), 2u);
  // A limit stops it in or before the table that holds it; so does a reader who does not see all of a table.
  cursor->SeekToFirst();
  cursor->SkipDead(key::kSequenceMax, tables_[5]->info().largest);
  EXPECT_LE(cursor->entry().key(), tables_[5]->info().largest);
  EXPECT_GE(cursor->entry().key(), tables_[5]->info().smallest);
  cursor->SeekToFirst();
  const key::SequenceNumber old{key::Raw(tables_[2]->info().largest_sequence) - 1};
  cursor->SkipDead(old, {});
  EXPECT_LE(cursor->entry().key(), tables_[2]->info().largest);
}

TEST_F(RunCursorTest, AfterTheLastDeadTableEnds) {
  Build(3, 20, {0, 1, 2});
  const auto cursor = NewCursor();
  cursor->SeekToFirst();
  EXPECT_GT(cursor->SkipDead(key::kSequenceMax, {}), 0u);
  EXPECT_FALSE(cursor->Valid());
  EXPECT_TRUE(cursor->status());
}

TEST_F(RunCursorTest, AFailureBehindDeadTablesIsNoStandingStill) {
  Build(4, 30, {0, 1});
  for (const bool dead_table : {true, false}) {
    const auto cursor = NewCursor();
    // From within a table the reader does not see whole, the table's own cursor has to skip.
    const key::SequenceNumber visible{key::Raw(tables_[0]->info().largest_sequence) - (dead_table ? 0 : 1)};
    cursor->SeekToFirst();
    files_.Fail({.operation = support::Operation::kRead,
                 .call = files_.calls(support::Operation::kRead) + 1,
                 .for_good = true});
    while (cursor->Valid()) {
      if (cursor->SkipDead(visible, {}) == 0) cursor->Next();
    }
    EXPECT_EQ(cursor->status().error().code(), ErrorCode::kIo);
    files_.ClearFaults();
  }
}

TEST_F(RunCursorTest, DoesNotSkipIntoATableBeyondTheUpperBound) {
  Build(4, 30, {0, 1});
  const std::string bound = tables_[2]->info().smallest;
  const auto cursor = NewCursor({.upper_bound = bound});
  cursor->SeekToFirst();
  EXPECT_GT(cursor->SkipDead(key::kSequenceMax, bound), 0u);
  EXPECT_FALSE(cursor->Valid());
  EXPECT_TRUE(cursor->status());
  EXPECT_EQ(OpenTables(), 1u);
}

TEST_F(RunCursorTest, EndsWithTheErrorOfATableAndRecoversByASeek) {
  Build(5, 30);
  for (const bool forward : {true, false}) {
    const auto cursor = NewCursor();
    forward ? cursor->SeekToFirst() : cursor->SeekToLast();
    ASSERT_TRUE(cursor->Valid());
    files_.Fail({.operation = support::Operation::kRead,
                 .call = files_.calls(support::Operation::kRead) + 1,
                 .for_good = true});
    while (cursor->Valid()) forward ? cursor->Next() : cursor->Prev();
    ASSERT_FALSE(cursor->status());
    EXPECT_EQ(cursor->status().error().code(), ErrorCode::kIo);
    files_.ClearFaults();
    uint64_t entries = 0;
    for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) ++entries;
    EXPECT_TRUE(cursor->status());
    EXPECT_EQ(entries, all_.size());
    for (const TablePtr& table : tables_) EXPECT_NE(table->reader(), nullptr);
    tables_.clear();
    all_.clear();
    store_ = NewStore(std::make_shared<support::FaultEnvironment>(*memory_, files_));
    for (uint64_t t = 1; t <= 5; ++t) EXPECT_TRUE(files_.Remove(store_->Path(key::FileNumber{t})));
    Build(5, 30);
  }
}

TEST_F(RunCursorTest, KeepsItsTablesAliveWithoutTheVersion) {
  Build(3, 20);
  auto version = std::make_shared<const Version>(key::Order());
  VersionEdit edit;
  for (const TablePtr& table : tables_)
    edit.added.push_back({.level = 1, .number = table->number(), .info = table->info()});
  edit.added[0].level = 0;
  edit.added[1].level = 0;
  version = *version->Apply(edit, MakerFor(store_));
  std::vector<std::unique_ptr<Cursor>> cursors;
  AppendCursors(*version, {}, &cursors);
  EXPECT_EQ(cursors.size(), 3u);
  const auto merged = merge::NewMergeCursor(std::move(cursors), key::Order());
  for (const auto& table : version->tables(1)) table->MarkObsolete();
  version.reset();
  size_t i = 0;
  for (merged->SeekToFirst(); merged->Valid(); merged->Next()) ASSERT_EQ(Own(merged->entry()), all_[i++]);
  EXPECT_EQ(i, all_.size());
  EXPECT_FALSE(store_->HasObsolete());
}

TEST_F(RunCursorTest, SeeksOverWhatIsHiddenAlone) {
  Build(8, 60);
  const uint64_t newest = key::Raw(tables_.back()->info().largest_sequence);
  uint64_t passed = 0;
  base::Random random(7);
  for (uint64_t round = 0; round < support::Rounds(300); ++round) {
    const auto cursor = NewCursor();
    std::string first = KeyOf(random.Below(2 * 8 * 60 + 10)), end = KeyOf(random.Below(2 * 8 * 60 + 10));
    if (end < first) std::swap(first, end);
    const std::string behind = end + "x";
    key::Cover cover{.sequence = key::SequenceNumber{random.Below(newest + 2)},
                     .stretch = {.begin = first, .end = behind}};
    const std::string target = random.OneIn(2) ? first : end;
    if (random.OneIn(6)) cover.stretch.begin.reset();
    if (random.OneIn(6)) cover.stretch.end.reset();
    passed += support::PassedBySeekOver(*cursor, all_, key::Order(), cover, target, random.OneIn(2));
    ASSERT_FALSE(HasFailure()) << "round " << round;
  }
  EXPECT_GT(passed, 1'000u);
}

TEST_F(RunCursorTest, SeeksOverHiddenTablesWithoutOpeningThem) {
  Build(10, 30);
  const std::string begin = tables_[2]->info().smallest, end = tables_[7]->info().largest;
  const key::Cover cover{.sequence = key::kSequenceMax, .stretch = {.begin = begin, .end = end}};
  NewCursor()->SeekOver(tables_[4]->info().smallest, cover, true);
  EXPECT_EQ(OpenTables(), 1u);
  EXPECT_NE(tables_[7]->reader(), nullptr);
  const auto back = NewCursor();
  back->SeekOver(tables_[4]->info().smallest, cover, false);
  EXPECT_EQ(back->entry().key(), tables_[1]->info().largest);
  EXPECT_EQ(OpenTables(), 2u);
  // Beyond the upper bound nothing is opened.
  const auto bounded = NewCursor({.upper_bound = begin});
  bounded->SeekOver(tables_[1]->info().largest, {.sequence = key::kSequenceMax, .stretch = {}}, true);
  EXPECT_FALSE(bounded->Valid());
  EXPECT_EQ(OpenTables(), 2u);
}

}  // namespace
}  // namespace amethyst::tree
