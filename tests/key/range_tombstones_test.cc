// Range tombstones against a list of them that is searched from end to end, over a small space of keys.
#include "key/range_tombstones.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "support/backwards.h"

namespace amethyst::key {
namespace {

using Sequences = std::vector<SequenceNumber>;

constexpr SequenceNumber kNone{};
constexpr uint64_t kSequences = 40;

SequenceNumber S(uint64_t sequence) { return SequenceNumber{sequence}; }
Range From(std::optional<std::string_view> begin, std::optional<std::string_view> end) {
  return {.begin = begin, .end = end};
}
std::string Described(const Range& range) {
  return std::string(range.begin.value_or("(open)")) + ".." + std::string(range.end.value_or("(open)"));
}
// "begin..end:newest,older" of each fragment.
std::string Described(const RangeTombstones& tombstones) {
  std::string text;
  for (const RangeTombstones::Fragment& fragment : tombstones.fragments()) {
    text += (text.empty() ? "" : " ") + Described(fragment.range);
    char separator = ':';
    for (const SequenceNumber sequence : tombstones.SequencesOf(fragment)) {
      text += separator + std::to_string(Raw(sequence));
      separator = ',';
    }
  }
  return text;
}
RangeTombstones Made(const std::vector<RangeTombstone>& tombstones, const Sequences& snapshots = {}) {
  return RangeTombstones(tombstones, Order(), snapshots);
}

TEST(RangeTombstones, AreCutAtEachOthersBounds) {
  const auto tombstones = Made({{From("a", "m"), S(5)}, {From("g", "t"), S(9)}});
  EXPECT_EQ(Described(tombstones), "a..g:5 g..t:9");
  EXPECT_EQ(tombstones.newest(), S(9));
  EXPECT_EQ(Described(Made({{From("a", "z"), S(5)}, {From("g", "h"), S(9)}})), "a..g:5 g..h:9 h..z:5");
  EXPECT_EQ(Described(Made({{From("a", "c"), S(5)}, {From("m", "o"), S(9)}})), "a..c:5 m..o:9");
}

TEST(RangeTombstones, MayBeOpenOnEitherSide) {
  const auto tombstones = Made({{From("m", {}), S(5)}, {From({}, "c"), S(7)}, {From("x", "y"), S(9)}});
  EXPECT_EQ(Described(tombstones), "(open)..c:7 m..x:5 x..y:9 y..(open):5");
  EXPECT_EQ(tombstones.At("", kSequenceMax).sequence, S(7));
  EXPECT_EQ(tombstones.At("c", kSequenceMax).sequence, kNone);
  EXPECT_EQ(tombstones.At("\xff\xff", kSequenceMax).sequence, S(5));
  EXPECT_EQ(Described(Made({{From({}, {}), S(1)}})), "(open)..(open):1");
}

TEST(RangeTombstones, BeginAtTheirFirstKeyAndEndBeforeTheirLast) {
  const auto tombstones = Made({{From("b", "d"), S(5)}});
  EXPECT_EQ(tombstones.Find("a\xff"), nullptr);
  EXPECT_NE(tombstones.Find("b"), nullptr);
  EXPECT_NE(tombstones.Find("c\xff"), nullptr);
  EXPECT_EQ(tombstones.Find("d"), nullptr);
}

TEST(RangeTombstones, WithoutAKeyCountForNothing) {
  const auto tombstones = Made({{From("b", "b"), S(5)}, {From("d", "a"), S(6)}, {From("", ""), S(7)}});
  EXPECT_TRUE(tombstones.empty());
  EXPECT_EQ(tombstones.newest(), kNone);
  EXPECT_EQ(Described(Made({{From({}, ""), S(5)}})), "(open)..:5") << "who knows an order may know a key below it";
}

TEST(RangeTombstones, KeepTheNewestOfAllAndTheNewestOfEachSnapshot) {
  const std::vector<RangeTombstone> all = {
      {From("a", "b"), S(2)}, {From("a", "b"), S(4)}, {From("a", "b"), S(6)}, {From("a", "b"), S(8)}};
  EXPECT_EQ(Described(Made(all)), "a..b:8");
  EXPECT_EQ(Described(Made(all, {S(5)})), "a..b:8,4");
  EXPECT_EQ(Described(Made(all, {S(4), S(5), S(7)})), "a..b:8,6,4");
  EXPECT_EQ(Described(Made(all, {S(1), S(8), S(20)})), "a..b:8");
}

TEST(RangeTombstones, OfTheSameNumbersJoinWhereTheyTouch) {
  EXPECT_EQ(Described(Made({{From("a", "c"), S(9)}, {From("b", "e"), S(3)}, {From("c", "e"), S(9)}})), "a..e:9");
  EXPECT_EQ(Described(Made({{From("a", "c"), S(9)}, {From("b", "e"), S(3)}, {From("c", "e"), S(9)}}, {S(4)})),
            "a..b:9 b..e:9,3");
  EXPECT_EQ(Described(Made({{From("a", "c"), S(9)}, {From("d", "e"), S(9)}})), "a..c:9 d..e:9") << "they do not touch";
}

TEST(RangeTombstones, TellTheStretchForWhichAnAnswerHolds) {
  const auto tombstones = Made({{From("b", "d"), S(5)}, {From("f", {}), S(9)}}, {S(3)});
  const auto stretch = [&](std::string_view key) { return Described(tombstones.At(key, kSequenceMax).stretch); };
  EXPECT_EQ(stretch("a"), "(open)..b");
  EXPECT_EQ(stretch("b"), "b..d");
  EXPECT_EQ(stretch("d"), "d..f");
  EXPECT_EQ(stretch("g"), "f..(open)");
  EXPECT_EQ(tombstones.At("g", S(8)).sequence, kNone) << "it is newer than the reader";
  EXPECT_EQ(Described(tombstones.At("g", S(8)).stretch), "f..(open)");
  EXPECT_EQ(Described(RangeTombstones().At("g", S(8)).stretch), "(open)..(open)");
}

// To a reader of the newest they are one, as soon as they are kept.
TEST(RangeTombstones, OfTheSameNewestNumberAreOneStretchToAReaderOfIt) {
  auto tombstones = Made({{From("a", "z"), S(9)}, {From("g", "h"), S(5)}, {From("m", "n"), S(4)}}, {S(6)});
  tombstones.KeepKeys();
  EXPECT_EQ(tombstones.fragments().size(), 5u);
  EXPECT_EQ(Described(tombstones.At("g", kSequenceMax).stretch), "a..z");
  EXPECT_EQ(Described(tombstones.At("g", S(6)).stretch), "g..h");
  EXPECT_EQ(tombstones.At("g", S(6)).sequence, S(5));
}

TEST(RangeTombstones, CoverAllWithoutAGapOnly) {
  const auto tombstones = Made({{From("a", "d"), S(5)}, {From("d", "g"), S(9)}, {From("h", {}), S(7)}});
  EXPECT_TRUE(tombstones.CoverAll("a", "f", S(4), kSequenceMax));
  EXPECT_FALSE(tombstones.CoverAll("a", "f", S(5), kSequenceMax)) << "an entry may be as new as the tombstone";
  EXPECT_TRUE(tombstones.CoverAll("d", "f", S(8), kSequenceMax));
  EXPECT_FALSE(tombstones.CoverAll("a", "f", S(4), S(8))) << "a reader does not see the second";
  EXPECT_FALSE(tombstones.CoverAll("a", "g", S(4), kSequenceMax)) << "its end is not inside";
  EXPECT_FALSE(tombstones.CoverAll("f", "i", S(4), kSequenceMax)) << "there is a gap";
  EXPECT_FALSE(tombstones.CoverAll("", "b", S(4), kSequenceMax)) << "it begins later";
  EXPECT_TRUE(tombstones.CoverAll("h", "zzz", S(6), kSequenceMax));
  EXPECT_FALSE(RangeTombstones().CoverAll("a", "a", kNone, kSequenceMax));
}

TEST(RangeTombstones, AppendTakesWhatComesInOrderAlone) {
  const Sequences one = {S(5)};
  const Sequences two = {S(7), S(5)};
  RangeTombstones tombstones;
  EXPECT_FALSE(tombstones.Append(From("a", "b"), {})) << "no number";
  EXPECT_FALSE(tombstones.Append(From("a", "b"), Sequences{S(5), S(7)})) << "oldest first";
  EXPECT_FALSE(tombstones.Append(From("a", "b"), Sequences{S(5), S(5)})) << "twice";
  EXPECT_FALSE(tombstones.Append(From("b", "b"), one)) << "no key";
  EXPECT_FALSE(tombstones.Append(From("c", "b"), one)) << "it ends before it begins";
  EXPECT_TRUE(tombstones.empty());
  EXPECT_TRUE(tombstones.Append(From({}, "b"), two));
  EXPECT_FALSE(tombstones.Append(From({}, "c"), one)) << "it begins before the last one ends";
  EXPECT_FALSE(tombstones.Append(From("a", "c"), one));
  EXPECT_TRUE(tombstones.Append(From("b", "d"), one));
  EXPECT_TRUE(tombstones.Append(From("x", {}), one));
  EXPECT_FALSE(tombstones.Append(From("y", {}), one)) << "nothing is behind an open end";
  EXPECT_FALSE(tombstones.Append(From("y", "z"), one));
  EXPECT_EQ(Described(tombstones), "(open)..b:7,5 b..d:5 x..(open):5");
  EXPECT_EQ(tombstones.newest(), S(7));
}

TEST(RangeTombstones, KeepTheirKeysWhenTheyAreAskedTo) {
  std::string begin = "begin";
  std::string end = "end";
  auto tombstones = Made({{From(begin, end), S(5)}, {From("x", {}), S(6)}});
  tombstones.KeepKeys();
  const RangeTombstones copy = tombstones;
  begin.assign("?????");
  end.assign("???");
  EXPECT_EQ(Described(tombstones), "begin..end:5 x..(open):6");
  EXPECT_EQ(Described(copy), Described(tombstones));
  begin.assign("begin");
  auto filtered = tombstones.Filtered([](const RangeTombstones::Fragment& fragment) { return !!fragment.range.end; });
  tombstones = RangeTombstones();
  EXPECT_EQ(Described(filtered), "begin..end:5");
}

TEST(RangeTombstones, FilteredJoinAgainButNotOverAHole) {
  const auto tombstones = Made({{From("a", "g"), S(5)}, {From("c", "e"), S(9)}});
  const auto of = [&](uint64_t newest) {
    return Described(tombstones.Filtered([&](const RangeTombstones::Fragment& fragment) {
      return tombstones.SequencesOf(fragment).front() == S(newest);
    }));
  };
  EXPECT_EQ(of(5), "a..c:5 e..g:5");
  EXPECT_EQ(of(9), "c..e:9");
  EXPECT_EQ(of(1), "");
}

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
        ASSERT_TRUE(cover.stretch.Holds(key, order_)) << key;
        for (const std::string& other : keys_) {
          if (!cover.stretch.Holds(other, order_)) continue;
          ASSERT_EQ(listed.At(other, visible), cover.sequence) << key << " and " << other;
        }
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
                         [](const auto& info) { return info.param ? "Backwards" : "Bytewise"; });

}  // namespace
}  // namespace amethyst::key
