// The part of the iterator that passes the versions of one key, and finds out what they come to.
#include "base/assert.h"
#include "base/error.h"
#include "engine/db_iterator.h"
#include "engine/point_lookup.h"
#include "key/resolver.h"

namespace amethyst::engine {

// Past all versions of passed_key_, of which there are many.
void DbIterator::SeekPastVersions() {
  if (view_.order().IsBytewise()) {
    target_.assign(passed_key_).push_back('\0');  // The next key that there can be.
    cursor_->Seek(target_);
  } else {
    cursor_->SeekForPrev(passed_key_);  // Its oldest version.
    if (cursor_->Valid()) cursor_->Next();
  }
}

// Back past all versions of `key` that lie at the cursor and before it.
void DbIterator::PrevPastVersions(std::string_view key) {
  for (uint32_t versions = 0; cursor_->Valid() && view_.order().Compare(cursor_->entry().key(), key) == 0;) {
    if (++versions > kVersionsBeforeLookUp) cursor_->Seek(key);
    if (cursor_->Valid()) cursor_->Prev();
  }
}

// Looks copied_.key up, of which there are many versions or operands, and leaves the cursor before all of them. Whether
// it is live, with its value in copied_.value; an error ends the walk.
Result<bool> DbIterator::LookUpCopiedKey() {
  const key::LookupKey lookup(copied_.key, read_);
  const FamilyView family = view_.family();
  const key::Merging merging = MergingOf(*reads_, family);
  AMETHYST_ASSIGN(const PinnedFound found,
                  reading_.memory_only ? FindInMemory(family, lookup, merging, reads_->statistics)
                                       : Find(family, lookup, merging, reading_.fill_cache, reads_->statistics));
  const bool live = found.state == sstable::LookupState::kFound;
  if (live) copied_.value.assign(found.value);
  copied_.expires_ms = found.expires_ms;
  copied_.changes_ms = found.ChangesMs();
  if (walk_ != nullptr) walk_->listener().SawExpiry(copied_.changes_ms);  // Whether it is live or not.
  cursor_->Seek(copied_.key);
  if (cursor_->Valid()) cursor_->Prev();
  AMETHYST_TRY(cursor_->status());
  AMETHYST_DCHECK(!cursor_->Valid() || view_.order().Less(cursor_->entry().key(), copied_.key));
  return live;
}

// At a version that does not tell what the key is, which copied_.key holds. True: the key is live, and shown, or an
// error has ended the walk.
bool DbIterator::ShowLookedUp() {
  const Result<bool> live = LookUpCopiedKey();
  if (!live) {
    Fail(live.error());
    return true;
  }
  if (*live) {
    passing_ = false;
    ShowCopy();
    return true;
  }
  Pass(copied_.key);
  SeekPastVersions();
  return false;
}

// Passes all versions of copied_.key, of which the cursor is on the oldest. Whether the key is live, with its value in
// copied_.value; an error, other than the cursor's, ends the walk.
Result<bool> DbIterator::ResolveCopiedKey() {
  key::Resolver resolver(read_);
  bool has_operands = false;
  for (uint32_t versions = 1; cursor_->Valid(); ++versions) {
    const key::Entry& entry = cursor_->entry();
    if (view_.order().Compare(entry.key(), copied_.key) != 0) break;
    if (versions > kVersionsBeforeLookUp) return LookUpCopiedKey();
    if (IsCovered(entry)) {  // As if it had never been.
      cursor_->Prev();
      continue;
    }
    switch (resolver.AddNewer(entry.tag, entry.value())) {
      case key::Answer::kUndecided: break;
      case key::Answer::kOperand: has_operands = true; break;
      case key::Answer::kGone: has_operands = false; break;
      case key::Answer::kValue:
        has_operands = false;
        copied_.value.assign(key::ValueOf(entry.tag.kind(), entry.value()));
        copied_.expires_ms = key::ExpiryOf(entry.tag.kind(), entry.value());
        copied_.changes_ms = key::IsOwn(entry.tag.sequence()) ? key::kNeverMs : copied_.expires_ms;
        break;
    }
    cursor_->Prev();
  }
  if (has_operands && (cursor_->Valid() || cursor_->status())) return LookUpCopiedKey();
  return resolver.answer() == key::Answer::kValue;
}

}  // namespace amethyst::engine
