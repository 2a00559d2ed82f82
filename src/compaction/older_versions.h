// Whether an older version of a key may lie outside a job's inputs: what decides if a tombstone can go.
//
// Walks along a version beside the job's keys, one position a run, so that the answer costs a comparison a key, and
// only at the bounds of tables more. Conservative: a table whose range covers the key may hold it. Thread safety: one
// thread at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "key/order.h"
#include "key/types.h"
#include "tree/table.h"
#include "tree/version.h"

namespace amethyst::compaction {

class OlderVersions {
 public:
  // Looks at the tables of `version` in `from_level` and below that are not among `inputs`.
  OlderVersions(std::shared_ptr<const tree::Version> version, key::Level from_level,
                const std::vector<key::FileNumber>& inputs);

  // Whether none of them covers `key`. Keys must not descend from call to call.
  [[nodiscard]] bool NothingBelow(std::string_view key) {
    if (!HoldsFor(key)) Walk(key);
    return nothing_below_;
  }
  // Whether the last answer holds for `key` as well, and so for all keys between.
  [[nodiscard]] bool HoldsFor(std::string_view key) const {
    if (until_.data() == nullptr) return forever_;
    const int order = order_.Compare(key, until_);
    return nothing_below_ ? order < 0 : order <= 0;
  }

 private:
  struct Run {
    std::vector<const tree::Table*> tables;  // Sorted and disjoint.
    size_t position = 0;                     // The first that does not end before the last key.
  };

  void Walk(std::string_view key);

  const std::shared_ptr<const tree::Version> version_;
  const key::Order order_;
  std::vector<Run> runs_;
  // The last answer, and up to where it holds: exclusive if nothing lies below, else inclusive.
  bool nothing_below_ = true;
  bool forever_ = false;
  std::string_view
      until_;  // Borrowed from a table of the version; data() == nullptr: for all further keys, or, at first, none.
};

}  // namespace amethyst::compaction
