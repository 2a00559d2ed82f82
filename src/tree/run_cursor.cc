#include "tree/run_cursor.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace amethyst::tree {
namespace {

using key::Cursor;

class RunCursor final : public Cursor {
 public:
  RunCursor(RunPtr run, key::Order order, const sstable::CursorOptions& options)
      : run_(std::move(run)), order_(order), options_(options) {}

  void SeekToFirst() override { Enter(0, Side::kFirst); }
  void SeekToLast() override {
    if (table_count() == 0) return End();
    Enter(table_count() - 1, Side::kLast);
  }
  void Seek(std::string_view target) override {
    const size_t index = run_->LowerBound(target);
    if (!Open(index)) return;
    in_table_->Seek(target);
    ShowForward();
  }
  bool TrySeek(std::string_view target) override {
    const size_t index = run_->LowerBound(target);
    if (index < table_count() && options_.MayWait() && run_->tables()[index]->reader() == nullptr) return false;
    if (!Open(index)) return true;
    if (!in_table_->TrySeek(target)) return false;
    ShowForward();
    return true;
  }
  void SeekForPrev(std::string_view target) override {
    const size_t index = run_->LowerBound(target);
    if (index < table_count() && !order_.Less(target, info(index).smallest)) {
      if (!Open(index)) return;
      in_table_->SeekForPrev(target);
      return ShowBackward();
    }
    if (index == 0) return End();
    Enter(index - 1, Side::kLast);
  }

  uint64_t SkipDead(key::ReadPoint read, std::string_view limit) override {
    AMETHYST_DCHECK(Valid());
    uint64_t passed = 0;
    if (!IsDead(index_, read, limit)) {
      Align();
      passed = in_table_->SkipDead(read, limit);
      if (passed == 0) return 0;
      if (in_table_->Valid() || !in_table_->status()) {
        ShowForward();
        return passed;
      }
      ++index_;
    }
    for (; index_ < table_count() && IsDead(index_, read, limit); ++index_) passed += info(index_).entries;
    EnterForward(index_);
    return passed;
  }

  bool SkipCovered(const key::Cover& cover, bool forward) override {
    AMETHYST_DCHECK(Valid());
    if (!cover.Hides(info(index_).largest_sequence)) {
      Align();
      if (!in_table_->SkipCovered(cover, forward)) {
        Show();
        return false;
      }
      forward ? ShowForward() : ShowBackward();
      return true;
    }
    PassTables(cover, forward);
    return true;
  }
  void SeekOver(std::string_view target, const key::Cover& cover, bool forward) override {
    size_t index = run_->LowerBound(target);
    if (!forward && (index == table_count() || order_.Less(target, info(index).smallest))) {
      if (index == 0) return End();
      --index;
    }
    if (index < table_count() && cover.Hides(info(index).largest_sequence)) {
      index_ = index;
      return PassTables(cover, forward);
    }
    forward ? Seek(target) : SeekForPrev(target);
    if (Valid() && cover.stretch.Holds(entry().key(), order_)) static_cast<void>(SkipCovered(cover, forward));
  }

  [[nodiscard]] Status status() const override { return status_; }

 protected:
  void NextWindow() override {
    AMETHYST_DCHECK(in_table_ != nullptr && in_table_->Valid());
    in_table_->Skip(in_table_->Ahead().size());
    ShowForward();
  }
  void PrevWindow() override {
    AMETHYST_DCHECK(in_table_ != nullptr && in_table_->Valid());
    in_table_->SkipBack(in_table_->Behind().size());
    ShowBackward();
  }

 private:
  enum class Side : uint8_t { kFirst, kLast };

  [[nodiscard]] size_t table_count() const { return run_->tables().size(); }
  [[nodiscard]] const sstable::TableInfo& info(size_t index) const { return run_->tables()[index]->info(); }

  // Makes in_table_ a cursor over table `index`. False: there is none, or it does not open; then this ends.
  [[nodiscard]] bool Open(size_t index) {
    status_ = {};
    if (index >= table_count()) {
      End();
      return false;
    }
    if (in_table_ == nullptr || opened_index_ != index) {
      in_table_ = nullptr;
      const Table& table = *run_->tables()[index];
      const bool may_open = options_.MayWait() || table.reader() != nullptr;
      Result<const sstable::TableReader*> reader = may_open ? table.Open() : sstable::NotInMemory();
      if (!reader) {
        Fail(std::unexpected(std::move(reader).error()));
        return false;
      }
      in_table_ = (*reader)->NewCursor(options_);
      AMETHYST_ASSERT(in_table_ != nullptr);
      opened_index_ = index;
    }
    index_ = index;
    return true;
  }
  void Enter(size_t index, Side side) {
    if (!Open(index)) return;
    if (side == Side::kFirst) {
      in_table_->SeekToFirst();
      ShowForward();
    } else {
      in_table_->SeekToLast();
      ShowBackward();
    }
  }

  // Shows where the table's cursor stands, or goes on to the next (previous) table.
  void ShowForward() {
    if (in_table_->Valid()) return Show();
    if (Status status = in_table_->status(); !status) return Fail(std::move(status));
    EnterForward(index_ + 1);
  }
  // Enters a table at its first entry; ends before one that lies wholly at or beyond the upper bound.
  void EnterForward(size_t index) {
    const bool beyond = index < table_count() && options_.upper_bound.data() != nullptr &&
                        !order_.Less(info(index).smallest, options_.upper_bound);
    beyond ? End() : Enter(index, Side::kFirst);
  }
  void ShowBackward() {
    if (in_table_->Valid()) return Show();
    if (Status status = in_table_->status(); !status) return Fail(std::move(status));
    if (index_ == 0) return End();
    Enter(index_ - 1, Side::kLast);
  }
  void Show() {
    AMETHYST_DCHECK(opened_index_ == index_ && index_ < table_count());
    const std::span<const key::Entry> behind = in_table_->Behind();
    AMETHYST_DCHECK(!behind.empty());
    SetPlain(in_table_->WindowIsPlain(), in_table_->WindowMaxSequence());
    SetWindow({behind.data(), behind.size() - 1 + in_table_->Ahead().size()}, behind.size() - 1,
              in_table_->StoredAhead());
  }
  // From the table `index_` on, nothing of which is newer than the cover: whole tables, and the covered part of the
  // last.
  void PassTables(const key::Cover& cover, bool forward) {
    if (forward) {
      while (!cover.stretch.EndsAtOrBefore(info(index_).largest, order_) && NextIsCovered(cover)) ++index_;
      return SkipRestForward(cover.stretch);
    }
    while (!cover.stretch.BeginsAfter(info(index_).smallest, order_) && index_ > 0 &&
           cover.Hides(info(index_ - 1).largest_sequence)) {
      --index_;
    }
    SkipRestBackward(cover.stretch);
  }
  // Whether the table behind this one is there, and holds nothing that is newer than the cover.
  [[nodiscard]] bool NextIsCovered(const key::Cover& cover) const {
    return index_ + 1 < table_count() && cover.Hides(info(index_ + 1).largest_sequence);
  }
  // In the table `index_`, nothing of which is newer than the cover: goes behind what the stretch holds of it.
  void SkipRestForward(const key::Range& stretch) {
    if (!stretch.EndsAtOrBefore(info(index_).largest, order_)) return EnterForward(index_ + 1);
    if (!Open(index_)) return;
    in_table_->Seek(*stretch.end);
    ShowForward();
  }
  void SkipRestBackward(const key::Range& stretch) {
    if (!stretch.BeginsAfter(info(index_).smallest, order_)) {
      return index_ == 0 ? End() : Enter(index_ - 1, Side::kLast);
    }
    if (!Open(index_)) return;
    const std::string_view begin = *stretch.begin;
    in_table_->Seek(begin);
    if (in_table_->Valid()) {
      in_table_->Prev();
    } else if (in_table_->status()) {
      in_table_->SeekToLast();
    }
    ShowBackward();
  }
  // Moves the table's cursor to where this one has got to inside the window.
  void Align() {
    const size_t here = Behind().size();
    const size_t there = in_table_->Behind().size();
    if (here > there) in_table_->Skip(here - there);
    if (here < there) in_table_->SkipBack(there - here);
  }
  void End() {
    status_ = {};
    Clear();
  }
  void Fail(Status status) {
    status_ = std::move(status);
    Clear();
  }

  // Whether `read` can pass over the whole table, which lies before `limit`.
  [[nodiscard]] bool IsDead(size_t index, key::ReadPoint read, std::string_view limit) const {
    const sstable::TableInfo& table = info(index);
    return table.DeadFromMs() <= read.now_ms && read.Sees(table.largest_sequence) &&
           (limit.data() == nullptr || order_.Less(table.largest, limit));
  }

  const RunPtr run_;
  const key::Order order_;
  const sstable::CursorOptions options_;
  size_t index_ = 0;         // Of the table that the walk is in.
  size_t opened_index_ = 0;  // Of the table that in_table_ is over.
  std::unique_ptr<Cursor> in_table_;
  Status status_;
};

}  // namespace

std::unique_ptr<Cursor> NewRunCursor(RunPtr run, key::Order order, const sstable::CursorOptions& options) {
  AMETHYST_ASSERT(run != nullptr);
  return std::make_unique<RunCursor>(std::move(run), order, options);
}

std::unique_ptr<Cursor> NewRunCursor(std::vector<TablePtr> tables, key::Order order,
                                     const sstable::CursorOptions& options) {
  return NewRunCursor(std::make_shared<const Run>(std::move(tables), order), order, options);
}

}  // namespace amethyst::tree
