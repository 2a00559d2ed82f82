// The part of the iterator that tells a transaction what it has looked at.
#include <utility>

#include "engine/db_iterator.h"

namespace amethyst::engine {

void DbIterator::Refuse(Error error) {
  status_ = std::unexpected(error);
  view_.Refuse(std::move(error));
}

void DbIterator::TellWalk() {
  if (position_.valid) {
    walk_->Reach(position_.key, view_.order());
  } else {
    walk_->ReachEnd(forward_, forward_ ? bounds_.upper : bounds_.lower);
  }
  walk_->Tell(view_.family_key().id);
}

void DbIterator::BeginWalk(std::optional<std::string_view> bound, bool forward, bool holds_bound) {
  TellWalk();
  walk_->Begin(bound, forward, holds_bound);
  forward_ = forward;
}

}  // namespace amethyst::engine
