// Settings of one family of keys. Thread safety: plain values.
#pragma once

#include <chrono>
#include <memory>

#include "amethyst/merge_operator.h"

namespace amethyst {

struct FamilyOptions {
  // What DB::Merge does; nullptr: nothing, it is refused. See merge_operator.h.
  std::shared_ptr<const MergeOperator> merge_operator;
  // How long what is written from now on lives, unless its write says otherwise; 0: for ever.
  std::chrono::milliseconds ttl{0};
};

}  // namespace amethyst
