// What an iterator sees of its family, and when it moves on to a newer view.
//
// It holds a view, and so the memory of memtables and the files of tables, which it exchanges for a newer one when a
// seek finds one, or once memtables that it holds have been flushed: the iterator's pin keeps in it all that the
// iterator can see. A family that was dropped is in no newer view: the last one that shows it stays to the end. Thread
// safety: one thread at a time.
#pragma once

#include <memory>
#include <utility>

#include "engine/covers.h"
#include "engine/read_context.h"
#include "engine/view.h"
#include "key/cursor.h"
#include "key/read_point.h"
#include "sstable/cursor_options.h"
#include "tree/forest.h"

namespace amethyst::engine {

class IteratorView {
 public:
  // `reads` outlives it. A family other than the default is seen from now on, the default one from the first Renew;
  // `own` from the start.
  // `pinned`: the one view to stay with; nullptr: there is none such.
  IteratorView(const ReadContext& reads, const tree::FamilyKey& family, OwnWrites own = {}, ViewPtr pinned = nullptr);

  // An error: nothing may be read, from now on. The family was dropped before it was seen, or the caller said so.
  [[nodiscard]] const Status& may_read() const { return may_read_; }
  void Refuse(Error error) { may_read_ = std::unexpected(std::move(error)); }
  [[nodiscard]] const key::Order& order() const { return order_; }

  // The newest view that shows the family.
  void Renew();
  // After a failure: whatever it was, it is not held any longer than it must be.
  void LetGo();
  // Whether there is a view, and none that is newer.
  [[nodiscard]] bool IsCurrent() const;
  // Whether the memory of a flushed memtable is held by us. Cheap to ask again while the view is the same.
  [[nodiscard]] bool HoldsFlushedMemtable();

  [[nodiscard]] FamilyView family() const {
    return {*view_, family_.id, *VersionOf(*view_, family_), own_.buffer == nullptr ? nullptr : &own_};
  }
  [[nodiscard]] const tree::FamilyKey& family_key() const { return family_; }
  // A merge of all sources with something that `read` sees.
  [[nodiscard]] std::unique_ptr<key::Cursor> NewCursor(key::ReadPoint read, const sstable::CursorOptions& options);
  // What range deletes hide from the last cursor's read.
  [[nodiscard]] Covers& covers() { return covers_; }

 private:
  const ReadContext& reads_;
  const tree::FamilyKey family_;
  const OwnWrites own_;
  const ViewPtr pinned_;
  ViewPtr view_;
  const View* seen_ = nullptr;  // The newest view that HoldsFlushedMemtable has looked at; only compared.
  key::Order order_;
  Covers covers_;
  Status may_read_;
};

}  // namespace amethyst::engine
