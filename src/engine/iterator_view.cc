#include "engine/iterator_view.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "engine/candidates.h"
#include "engine/family.h"
#include "merge/merge_cursor.h"

namespace amethyst::engine {

IteratorView::IteratorView(const ReadContext& reads, const tree::FamilyKey& family, OwnWrites own, ViewPtr pinned)
    : reads_(reads), family_(family), own_(std::move(own)), pinned_(std::move(pinned)), order_(reads.order) {
  if (family_.id == key::kDefaultFamily) return;
  Renew();
  if (view_ == nullptr) {
    Refuse(FamilyDropped().error());
  } else {
    order_ = VersionOf(*view_, family_)->order();
  }
}

void IteratorView::Renew() {
  AMETHYST_ASSERT(may_read_);
  ViewPtr newest = pinned_ != nullptr ? pinned_ : reads_.view.Acquire();
  seen_ = newest.get();
  if (VersionOf(*newest, family_) != nullptr) view_ = std::move(newest);
}

void IteratorView::LetGo() {
  if (family_.id == key::kDefaultFamily) view_.reset();
}

bool IteratorView::IsCurrent() const {
  if (pinned_ != nullptr) return view_ != nullptr;
  const base::EpochGuard guard;
  return reads_.view.Peek() == view_.get();
}

bool IteratorView::HoldsFlushedMemtable() {
  if (pinned_ != nullptr) return false;
  const base::EpochGuard guard;
  const View* now = reads_.view.Peek();
  if (now == seen_) return false;
  seen_ = now;
  const WriteBufferPtr& oldest = view_->immutable.empty() ? view_->active : view_->immutable.back();
  return oldest != now->active && std::ranges::find(now->immutable, oldest) == now->immutable.end();
}

std::unique_ptr<key::Cursor> IteratorView::NewCursor(key::ReadPoint read, const sstable::CursorOptions& options) {
  const FamilyView shown = family();
  covers_ = Covers(shown, read);
  std::vector<std::unique_ptr<key::Cursor>> sources;
  const auto add = [&](const WriteBufferPtr& buffer) {
    // Whatever is or comes into a memtable after what we see, is not for us.
    if (!read.Sees(buffer->first_sequence())) return;
    const std::vector<tree::RunPtr>* const ingested =
        buffer->ingested == nullptr ? nullptr : buffer->ingested->RunsOf(family_.id);
    if (ingested != nullptr) {
      for (const tree::RunPtr& run : *ingested) sources.push_back(tree::NewRunCursor(run, order_, options));
    }
    std::unique_ptr<key::Cursor> cursor = memtable::Memtable::NewCursor(MemtableOf(buffer), family_.id, read);
    if (cursor != nullptr) sources.push_back(std::move(cursor));
  };
  AnyMemtable(shown, [&](const WriteBufferPtr& buffer) {
    add(buffer);
    return false;
  });
  tree::AppendCursors(shown.version, options, &sources);
  return merge::NewMergeCursor(std::move(sources), order_);
}

}  // namespace amethyst::engine
