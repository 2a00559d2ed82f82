#include "engine/walk.h"

#include <utility>

namespace amethyst::engine {

void Walk::Begin(std::optional<std::string_view> bound, bool forward, bool holds_bound) {
  seen_ = {};
  has_begin_ = forward;
  has_end_ = !forward;
  (forward ? seen_.begin : seen_.end) = std::optional<std::string>(bound);
  seen_.holds_end = !forward && holds_bound;
}

void Walk::Reach(std::string_view key, const key::Order& order) {
  if (!has_begin_ || (seen_.begin && order.Less(key, *seen_.begin))) {
    seen_.begin.emplace(key);
    has_begin_ = true;
  }
  if (!has_end_ || (seen_.end && !order.Less(key, *seen_.end))) {
    seen_.end.emplace(key);
    seen_.holds_end = true;
    has_end_ = true;
  }
}

void Walk::ReachEnd(bool forward, const std::optional<std::string>& bound) {
  if (forward) {
    seen_.end = bound;
    seen_.holds_end = false;
    has_end_ = true;
  } else {
    seen_.begin = bound;
    has_begin_ = true;
  }
}

void Walk::Tell(key::FamilyId family) {
  if (has_begin_ && has_end_) listener_.Saw(family, seen_);
}

}  // namespace amethyst::engine
