#include "merge/source_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "support/rounds.h"
#include "support/vector_cursor.h"

namespace amethyst::merge {
namespace {

using support::OwnedEntry;
using support::VectorCursor;

// Keys that share prefixes for a while and then others: the focus has to follow, both ways.
std::string RandomKey(base::Random& random) {
  static const std::string kPrefixes[] = {
      "", "a", "table/", "table/of/many/rows/", std::string(12, '\0'), std::string(9, '\xff')};
  return kPrefixes[random.Below(6)] + std::to_string(random.Below(100000));
}

TEST(SourceQueue, DrainsManySourcesInOrderWhateverTheirPrefixes) {
  for (uint64_t seed = 0; seed < support::Rounds(200); ++seed) {
    SCOPED_TRACE(seed);
    base::Random random(seed);
    const Direction direction = random.OneIn(2) ? Direction::kForward : Direction::kBackward;
    SourceQueue queue{key::Order()};
    queue.Reset(direction);
    std::vector<OwnedEntry> all;
    std::vector<std::unique_ptr<VectorCursor>> cursors;
    const uint64_t sources = 1 + random.Below(20);
    for (uint32_t i = 0; i < sources; ++i) {
      std::vector<OwnedEntry> entries;
      for (uint64_t n = random.Below(60); n > 0; --n) {
        entries.push_back({RandomKey(random), key::SequenceNumber{all.size()}, key::EntryKind::kPut, ""});
        all.push_back(entries.back());
      }
      support::SortEntries(&entries);
      cursors.push_back(std::make_unique<VectorCursor>(std::move(entries)));
      direction == Direction::kForward ? cursors[i]->SeekToFirst() : cursors[i]->SeekToLast();
      if (cursors[i]->Valid()) queue.Add(cursors[i].get(), i);
    }
    queue.Sort();
    support::SortEntries(&all);
    if (direction == Direction::kBackward) std::reverse(all.begin(), all.end());
    for (size_t i = 0; i < all.size(); ++i) {
      ASSERT_FALSE(queue.empty());
      ASSERT_EQ(support::Own(queue.winner().entry()), all[i]);
      const bool same_key = queue.size() > 1 && queue.runner_up().key() == all[i].key;
      ASSERT_EQ(queue.TopKeysEqual(), same_key);
      direction == Direction::kForward ? queue.winner().Next() : queue.winner().Prev();
      queue.WinnerMoved();
    }
    EXPECT_TRUE(queue.empty());
  }
}

TEST(SourceQueue, PutsEqualEntriesInTheOrderOfTheirSources) {
  for (const Direction direction : {Direction::kForward, Direction::kBackward}) {
    SourceQueue queue{key::Order()};
    queue.Reset(direction);
    std::vector<std::unique_ptr<VectorCursor>> cursors;
    for (uint32_t i = 0; i < 3; ++i) {
      cursors.push_back(std::make_unique<VectorCursor>(
          std::vector<OwnedEntry>{{"same", key::SequenceNumber{5}, key::EntryKind::kPut, ""}}));
      cursors[i]->SeekToFirst();
      queue.Add(cursors[i].get(), i);
    }
    queue.Sort();
    std::vector<uint32_t> order;
    while (!queue.empty()) {
      order.push_back(queue.winner_index());
      queue.winner().Next();
      queue.WinnerMoved();
    }
    EXPECT_EQ(order,
              direction == Direction::kForward ? (std::vector<uint32_t>{0, 1, 2}) : (std::vector<uint32_t>{2, 1, 0}));
  }
}

}  // namespace
}  // namespace amethyst::merge
