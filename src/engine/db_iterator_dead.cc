// The part of the iterator that passes what is dead, and remembers where it was.
#include "engine/db_iterator.h"
#include "engine/dead_walk.h"

namespace amethyst::engine {

// At the key `dead_key`, which is dead, or, going back, before it. True: the cursor has moved, ended or failed, and has
// to be looked at anew.
bool DbIterator::PassDead(std::string_view dead_key, DeadWalk* dead) {
  dead->At(dead_key);
  const std::string_view limit = bounds_.upper ? std::string_view(*bounds_.upper) : std::string_view();
  if (forward_ && cursor_->SkipDead(read_, limit) > 0) return true;
  if (!dead->asks().IsDue()) return false;
  DeadStretches::Found stretch;
  const key::FamilyId family = view_.family_key().id;
  if (reads_->dead.Find(family, view_.order(), cursor_->entry().key(), read_, &stretch)) {
    key::Cover cover{.sequence = stretch.sequence + 1, .stretch = stretch.Range(), .visible = read_.visible};
    cover.stretch.Narrow({.begin = bounds_.lower, .end = bounds_.upper}, view_.order());
    if (cursor_->SkipCovered(cover, forward_)) {
      const bool is_before = !cursor_->Valid() || cover.stretch.BeginsAfter(cursor_->entry().key(), view_.order());
      dead->Passed(stretch, read_.visible, forward_ || !is_before ? std::nullopt : cover.stretch.begin);
      return true;
    }
  }
  dead->asks().Failed();
  return false;
}

// What has been passed is dead for all who see what we see.
void DbIterator::Remember(const DeadWalk& dead) {
  if (!status_ || reads_->follows || read_.own_count > 0 || dead.first().empty()) return;
  key::Range range;
  std::string after_shown;
  if (forward_) {
    range.begin = dead.first();
    range.end = position_.valid ? position_.key : std::optional<std::string_view>(bounds_.upper);
  } else {
    range.end = dead.first();
    range.begin = bounds_.lower;
    // The next key that there can be after the one that is shown; another order does not tell that.
    if (position_.valid) range.begin = after_shown.assign(position_.key).append(1, '\0');
    if (position_.valid && !view_.order().IsBytewise()) range.begin = dead.last();
  }
  reads_->dead.Add(view_.family_key().id, view_.order(), range, read_, dead.entries());
}

}  // namespace amethyst::engine
