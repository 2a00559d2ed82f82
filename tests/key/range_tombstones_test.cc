// Range tombstones: how they are cut, joined, kept and found.
#include "key/range_tombstones.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <string>
#include <vector>

#include "tombstone_text.h"

namespace amethyst::key {
namespace {

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

// As ranges deleted one behind the other leave them.
TEST(RangeTombstones, ThatTouchAreOneWayWhateverTheirNumbers) {
  std::deque<std::string> keys;
  std::vector<RangeTombstone> all;
  constexpr uint64_t kCount = 1'000;
  for (uint64_t i = 0; i <= kCount; ++i) keys.push_back(std::to_string(10'000 + i));
  for (uint64_t i = 0; i < kCount; ++i) all.push_back({From(keys[i], keys[i + 1]), S(100 + i)});
  auto tombstones = Made(all);
  tombstones.KeepKeys();
  EXPECT_EQ(Described(tombstones.At(keys[500], kSequenceMax).stretch), keys[500] + ".." + keys[501]);
  const Reach ahead = tombstones.ReachFrom(keys[500], {.forward = true});
  EXPECT_EQ(ahead.edge, keys[kCount]);
  EXPECT_EQ(ahead.least, S(600));
  const Reach back = tombstones.ReachFrom(keys[500], {.forward = false});
  EXPECT_EQ(back.edge, keys[0]);
  EXPECT_EQ(back.least, S(100));
  EXPECT_EQ(tombstones.ReachFrom(keys[500], {.forward = false, .at_least = S(590)}).edge, keys[490]);
  EXPECT_EQ(tombstones.ReachFrom(keys[500], {.forward = true, .visible = S(610)}).edge, keys[511]);
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

}  // namespace
}  // namespace amethyst::key
