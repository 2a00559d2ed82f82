// A walk over part of a database in either direction: what iterators and clear have in common.
//
// Keys are ordered bytewise, so each bound of abstract-level is one of [lower, upper): k and a zero byte is the first
// key after k. Thread safety: one thread at a time.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "amethyst/amethyst.h"
#include "values.h"

namespace amethyst::node {

struct Range {
  std::optional<std::string> lower;
  std::optional<std::string> upper;
  bool reverse = false;
  bool fill_cache = false;
};
// Of abstract-level's range options; gte and lte win over gt and lt.
[[nodiscard]] Range RangeFrom(napi_env env, napi_value options);

class RangeWalk {
 public:
  RangeWalk(const Family& family, const Snapshot& snapshot, Range range);
  RangeWalk(Transaction& transaction, const Family& family, Range range);

  void SeekToStart();
  // To `target` or the next key in the direction of the walk; to the end, if `target` is outside of the range.
  void Seek(std::string_view target);
  void Next();
  // The current entry and those behind it in the direction of the walk, which is then on the last of them; only while
  // Valid. See Iterator::NextBatch.
  std::span<const EntryView> NextBatch(std::span<EntryView> room, size_t bytes_max);

  [[nodiscard]] bool Valid() const { return iterator_.Valid() && !beyond_; }
  [[nodiscard]] std::string_view key() const { return iterator_.key(); }
  [[nodiscard]] std::string_view value() const { return iterator_.value(); }
  [[nodiscard]] Status status() const { return iterator_.status(); }

 private:
  const Range range_;
  Iterator iterator_;
  bool beyond_ = false;  // The last seek was to outside of the range.
};

}  // namespace amethyst::node
