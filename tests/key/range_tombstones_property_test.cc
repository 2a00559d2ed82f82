// Range tombstones against a list of them that is searched from end to end, over a small space of keys.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "key/range_tombstones.h"
#include "support/backwards.h"
#include "tombstone_text.h"

namespace amethyst::key {
namespace {

// The list, searched from end to end.
struct Listed {
  std::vector<RangeTombstone> all;
  Order order;

  [[nodiscard]] SequenceNumber At(std::string_view key, SequenceNumber visible) const {
    SequenceNumber newest{};
    for (const RangeTombstone& one : all) {
      if (one.sequence <= visible && one.range.Holds(key, order)) newest = std::max(newest, one.sequence);
    }
    return newest;
  }
};

class RangeTombstonesProperty : public testing::TestWithParam<bool> {
 protected:
  RangeTombstonesProperty() {
    for (const char a : std::string_view("abc\xff")) {
      keys_.emplace_back(1, a);
      for (const char b : std::string_view("ab\xff")) keys_.push_back(std::string{a, b});
    }
    keys_.emplace_back();
    std::ranges::sort(keys_, [this](const auto& x, const auto& y) { return order_.Less(x, y); });
  }

  [[nodiscard]] Listed Drawn() {
    Listed listed{{}, order_};
    for (uint64_t i = random_.Below(12); i > 0; --i) {
      Range range;
      if (!random_.OneIn(6)) range.begin = Any();
      if (!random_.OneIn(6)) range.end = Any();
      listed.all.push_back({range, S(1 + random_.Below(kSequences))});
    }
    return listed;
  }
  [[nodiscard]] Sequences DrawnSnapshots() {
    std::set<SequenceNumber> snapshots;
    for (uint64_t i = random_.Below(4); i > 0; --i) snapshots.insert(S(random_.Below(kSequences + 2)));
    return {snapshots.begin(), snapshots.end()};
  }
  [[nodiscard]] const std::string& Any() { return keys_[random_.Below(keys_.size())]; }

  // What is promised of the fragments themselves.
  void ExpectSound(const RangeTombstones& tombstones) {
    const auto fragments = tombstones.fragments();
    for (size_t i = 0; i < fragments.size(); ++i) {
      const auto sequences = tombstones.SequencesOf(fragments[i]);
      ASSERT_FALSE(sequences.empty());
      ASSERT_TRUE(std::ranges::is_sorted(sequences, std::greater<>()));
      ASSERT_LT(Compare(Bound::BeginOf(fragments[i].range), Bound::EndOf(fragments[i].range), order_), 0);
      if (i == 0) continue;
      const int gap = Compare(Bound::EndOf(fragments[i - 1].range), Bound::BeginOf(fragments[i].range), order_);
      ASSERT_LE(gap, 0);
      ASSERT_TRUE(gap < 0 || !std::ranges::equal(tombstones.SequencesOf(fragments[i - 1]), sequences))
          << "neighbours of the same numbers: " << Described(tombstones);
    }
  }
  void ExpectAnswers(const RangeTombstones& tombstones, const Listed& listed, const Sequences& readers) {
    for (const std::string& key : keys_) {
      const RangeTombstones::Fragment* const fragment = tombstones.Find(key);
      ASSERT_EQ(fragment != nullptr, listed.At(key, kSequenceMax) != kNone) << key;
      ASSERT_TRUE(fragment == nullptr || fragment->range.Holds(key, order_));
      for (const SequenceNumber visible : readers) {
        const Cover cover = tombstones.At(key, visible);
        ASSERT_EQ(cover.sequence, listed.At(key, visible)) << key << " at " << Raw(visible);
        ASSERT_EQ(tombstones.Covering(key, visible), cover.sequence) << key << " at " << Raw(visible);
        ASSERT_TRUE(cover.stretch.Holds(key, order_)) << key;
        for (const std::string& other : keys_) {
          if (!cover.stretch.Holds(other, order_)) continue;
          ASSERT_EQ(listed.At(other, visible), cover.sequence) << key << " and " << other;
        }
      }
    }
  }
  // That a way covers what it says, and ends where it has to.
  void ExpectWay(const Reach& reach, const Listed& listed, const CoveredWay& way, size_t from) {
    const auto ends = [&](size_t i) {
      if (!reach.edge) return false;
      return way.forward ? !order_.Less(keys_[i], *reach.edge) : order_.Less(keys_[i], *reach.edge);
    };
    const bool is_covered = reach.least != kNone;
    ASSERT_EQ(is_covered, listed.At(keys_[from], way.visible) >= way.at_least);
    for (size_t i = from; i < keys_.size(); way.forward ? ++i : --i) {
      const SequenceNumber number = listed.At(keys_[i], way.visible);
      if (ends(i)) {
        if (is_covered) ASSERT_LT(number, way.at_least) << "it ends too early, at " << keys_[i];
        return;
      }
      ASSERT_EQ(number >= way.at_least, is_covered) << keys_[i];
      if (is_covered) ASSERT_GE(number, reach.least) << keys_[i];
    }
  }
  void ExpectWays(const RangeTombstones& tombstones, const Listed& listed, const Sequences& readers) {
    for (size_t i = 0; i < keys_.size(); ++i) {
      CoveredWay way{.forward = random_.OneIn(2),
                     .at_least = S(1 + random_.Below(random_.OneIn(2) ? 1 : kSequences)),
                     .visible = readers[random_.Below(readers.size())]};
      ASSERT_NO_FATAL_FAILURE(ExpectWay(tombstones.ReachFrom(keys_[i], way), listed, way, i)) << keys_[i];
      way.forward = false;
      if (i == 0) continue;
      ASSERT_NO_FATAL_FAILURE(ExpectWay(tombstones.ReachBefore(keys_[i], way), listed, way, i - 1)) << keys_[i];
    }
  }
  void ExpectGaps(const RangeTombstones& tombstones, const Listed& listed) {
    for (const std::string& key : keys_) {
      RangeHeads::Gap gap;
      if (!tombstones.FindGap(key, &gap)) continue;
      for (const std::string& other : keys_) {
        if (tombstones.IsInGap(other, gap)) ASSERT_EQ(listed.At(other, kSequenceMax), kNone) << key << ", " << other;
      }
    }
  }
  void ExpectSpans(const RangeTombstones& tombstones, const Listed& listed, const Sequences& readers) {
    for (size_t first = 0; first < keys_.size(); ++first) {
      const size_t last = first + random_.Below(keys_.size() - first);
      std::vector<const RangeTombstones::Fragment*> overlapping;
      for (const RangeTombstones::Fragment& fragment : tombstones.fragments()) {
        if (fragment.range.BeginsAfter(keys_[last], order_) || fragment.range.EndsAtOrBefore(keys_[first], order_)) {
          continue;
        }
        overlapping.push_back(&fragment);
      }
      const auto found = tombstones.Overlapping(keys_[first], keys_[last]);
      ASSERT_EQ(found.size(), overlapping.size());
      ASSERT_TRUE(overlapping.empty() || found.data() == overlapping.front());

      const SequenceNumber above = S(random_.Below(kSequences));
      const SequenceNumber visible = readers[random_.Below(readers.size())];
      bool all = true;
      for (size_t i = first; i <= last; ++i) all = all && listed.At(keys_[i], visible) > above;
      // A gap between two neighbours here holds keys elsewhere: it may say no, but never wrongly yes.
      if (tombstones.CoverAll(keys_[first], keys_[last], above, visible)) ASSERT_TRUE(all);
      if (first == last) ASSERT_EQ(tombstones.CoverAll(keys_[first], keys_[last], above, visible), all);
    }
  }

  const support::Backwards backwards_;
  const Order order_ = GetParam() ? Order(&backwards_) : Order();
  std::vector<std::string> keys_;
  base::Random random_{20260611};
};

TEST_P(RangeTombstonesProperty, AnswersAsTheListDoes) {
  for (int round = 0; round < 400; ++round) {
    const Listed listed = Drawn();
    const Sequences snapshots = DrawnSnapshots();
    Sequences readers = snapshots;
    readers.push_back(kSequenceMax);
    const RangeTombstones tombstones(listed.all, order_, snapshots);
    SCOPED_TRACE(Described(tombstones));
    ASSERT_NO_FATAL_FAILURE(ExpectSound(tombstones));
    ASSERT_NO_FATAL_FAILURE(ExpectAnswers(tombstones, listed, readers));
    ASSERT_NO_FATAL_FAILURE(ExpectSpans(tombstones, listed, readers));
    ASSERT_NO_FATAL_FAILURE(ExpectWays(tombstones, listed, readers));
    RangeTombstones kept = tombstones;
    random_.OneIn(2) ? kept.KeepKeys() : kept.Index();
    ASSERT_NO_FATAL_FAILURE(ExpectAnswers(kept, listed, readers));
    ASSERT_NO_FATAL_FAILURE(ExpectSpans(kept, listed, readers));
    ASSERT_NO_FATAL_FAILURE(ExpectWays(kept, listed, readers));
    ASSERT_NO_FATAL_FAILURE(ExpectGaps(kept, listed));
  }
}

// As a flush does: what was cut for older snapshots, and new ones, cut anew.
TEST_P(RangeTombstonesProperty, AnswersTheSameOnceTheyAreSinglesAgainAndCutAnew) {
  for (int round = 0; round < 200; ++round) {
    Listed listed = Drawn();
    const Sequences snapshots = DrawnSnapshots();
    const RangeTombstones before(listed.all, order_, snapshots);
    std::vector<RangeTombstone> singles;
    before.AppendTo(&singles);
    const Listed newer = Drawn();
    for (RangeTombstone one : newer.all) {
      one.sequence = S(Raw(one.sequence) + kSequences);
      singles.push_back(one);
      listed.all.push_back(one);
    }
    Sequences readers;  // Some snapshots have gone meanwhile.
    std::ranges::copy_if(snapshots, std::back_inserter(readers), [this](SequenceNumber) { return random_.OneIn(2); });
    const SequenceNumber later = S(kSequences + 3);
    readers.push_back(later);
    RangeTombstones after(singles, order_, readers);
    after.KeepKeys();
    readers.push_back(kSequenceMax);
    SCOPED_TRACE(Described(after));
    ASSERT_NO_FATAL_FAILURE(ExpectSound(after));
    ASSERT_NO_FATAL_FAILURE(ExpectAnswers(after, listed, readers));
  }
}

TEST_P(RangeTombstonesProperty, CanBeAppendedInTheirOrderAndFiltered) {
  for (int round = 0; round < 200; ++round) {
    const Listed listed = Drawn();
    const Sequences snapshots = DrawnSnapshots();
    const RangeTombstones tombstones(listed.all, order_, snapshots);
    RangeTombstones appended(order_);
    for (const RangeTombstones::Fragment& fragment : tombstones.fragments()) {
      ASSERT_TRUE(appended.Append(fragment.range, tombstones.SequencesOf(fragment)));
    }
    ASSERT_EQ(Described(appended), Described(tombstones));
    ASSERT_EQ(appended.newest(), tombstones.newest());

    const SequenceNumber above = S(random_.Below(kSequences));
    const auto lives = [&](const RangeTombstones::Fragment& fragment) {
      return tombstones.SequencesOf(fragment).front() > above;
    };
    const RangeTombstones filtered = tombstones.Filtered(lives);
    ASSERT_NO_FATAL_FAILURE(ExpectSound(filtered));
    for (const std::string& key : keys_) {
      const RangeTombstones::Fragment* const fragment = tombstones.Find(key);
      const bool is_left = fragment != nullptr && lives(*fragment);
      const Cover cover = filtered.At(key, kSequenceMax);
      for (const std::string& other : keys_) {
        if (!cover.stretch.Holds(other, order_)) continue;
        ASSERT_EQ(filtered.At(other, kSequenceMax).sequence, cover.sequence) << key << " and " << other;
      }
      ASSERT_EQ(filtered.Find(key) != nullptr, is_left) << key;
      if (!is_left) continue;
      ASSERT_TRUE(std::ranges::equal(filtered.SequencesOf(*filtered.Find(key)), tombstones.SequencesOf(*fragment)));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Order, RangeTombstonesProperty, testing::Bool(),
                         [](const auto& chosen) { return chosen.param ? "Backwards" : "Bytewise"; });

}  // namespace
}  // namespace amethyst::key
