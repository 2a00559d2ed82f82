// The stretch of keys that an iterator has looked at: from where a seek began to where it stands, whatever it found.
//
// A transaction gives one to each of its iterators, and is told of every stretch: at the next seek, at the iterator's
// end, and when it asks. Thread safety: that of the iterator.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/reader.h"
#include "key/order.h"

namespace amethyst::engine {

class Walk {
 public:
  explicit Walk(ReadListener& listener) : listener_(listener) {}

  [[nodiscard]] ReadListener& listener() const { return listener_; }

  // A seek goes forward from `bound`, or backward from it (`holds_bound`: it included). nullopt: from the first key, or
  // from the last.
  void Begin(std::optional<std::string_view> bound, bool forward, bool holds_bound);
  // The walk has come to this key.
  void Reach(std::string_view key, const key::Order& order);
  // It has come to its end, or may have: it has seen all that lies before (behind) the bound.
  void ReachEnd(bool forward, const std::optional<std::string>& bound);
  // Tells what was seen since Begin.
  void Tell(key::FamilyId family);

 private:
  ReadListener& listener_;
  SeenRange seen_;
  bool has_begin_ = false;  // Of seen_: that side is known; likewise the next.
  bool has_end_ = false;
};

}  // namespace amethyst::engine
