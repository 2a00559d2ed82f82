// What a cursor may do when it is told what is hidden: pass hidden entries, and nothing else. Thread safety: one
// thread.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "support/vector_cursor.h"

namespace amethyst::support {

// `all`: what the cursor walks, in its order. Returns how many entries it has passed.
inline uint64_t PassedBySeekOver(key::Cursor& cursor, const std::vector<OwnedEntry>& all, const key::Order& order,
                                 const key::Cover& cover, std::string_view target, bool forward) {
  VectorCursor plain(all, order, {1, {}, true});
  forward ? plain.Seek(target) : plain.SeekForPrev(target);
  cursor.SeekOver(target, cover, forward);
  EXPECT_TRUE(cursor.status());
  uint64_t passed = 0;
  for (; plain.Valid(); forward ? plain.Next() : plain.Prev(), ++passed) {
    if (cursor.Valid() && Own(cursor.entry()) == Own(plain.entry())) return passed;
    EXPECT_TRUE(cover.Hides(plain.entry().tag.sequence())) << "it passes what is newer";
    EXPECT_TRUE(cover.stretch.Holds(plain.entry().key(), order)) << "it passes what is not covered";
    if (testing::Test::HasFailure()) return passed;
  }
  EXPECT_FALSE(cursor.Valid());
  return passed;
}

}  // namespace amethyst::support
