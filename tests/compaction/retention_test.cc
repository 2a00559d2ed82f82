// Retention against a brute-force oracle: what every snapshot sees is the same before and after, and nothing is kept
// that could have been left out.
#include "compaction/retention.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "base/random.h"
#include "support/rounds.h"

namespace amethyst::compaction {
namespace {

using key::EntryKind;
using key::SequenceNumber;
using key::Tag;

// A version of the one key: a put's value is its original sequence number.
struct Version {
  Tag tag;
  uint64_t value = 0;
};
constexpr uint64_t kBelow = ~uint64_t{0};  // The value of what lies below the rewrite.

Tag Put(uint64_t sequence) { return {SequenceNumber{sequence}, EntryKind::kPut}; }
Tag Delete(uint64_t sequence) { return {SequenceNumber{sequence}, EntryKind::kDelete}; }

std::vector<Version> Rewrite(const std::vector<Tag>& tags, const std::vector<SequenceNumber>& snapshots,
                             bool nothing_below) {
  Retention retention(snapshots);
  std::vector<Version> kept;
  retention.StartKey(nothing_below);
  for (const Tag tag : tags) {
    const Retention::Verdict verdict = retention.Decide(tag, "");
    if (verdict != Retention::Verdict::kKeep && verdict != Retention::Verdict::kKeepAsOldest) continue;
    if (const std::optional<Tag> held = retention.TakeHeld()) kept.push_back({*held, 0});
    const bool as_oldest = verdict == Retention::Verdict::kKeepAsOldest;
    kept.push_back({as_oldest ? Put(0) : tag, Raw(tag.sequence())});
  }
  if (const std::optional<Tag> held = retention.EndKey()) kept.push_back({*held, 0});
  return kept;
}

// What a reader at `snapshot` sees: the value, or nothing.
std::optional<uint64_t> Visible(const std::vector<Version>& versions, SequenceNumber snapshot, bool something_below) {
  for (const Version& version : versions) {
    if (version.tag.sequence() > snapshot) continue;
    return version.tag.kind() == EntryKind::kDelete ? std::nullopt : std::optional(version.value);
  }
  return something_below ? std::optional(kBelow) : std::nullopt;
}

// What each snapshot, and the newest reader, sees.
std::vector<std::optional<uint64_t>> Views(const std::vector<Version>& versions,
                                           const std::vector<SequenceNumber>& snapshots, bool something_below) {
  std::vector<std::optional<uint64_t>> views;
  for (const SequenceNumber snapshot : snapshots) views.push_back(Visible(versions, snapshot, something_below));
  views.push_back(Visible(versions, key::kSequenceMax, something_below));
  return views;
}

std::vector<uint64_t> KeptBits(const std::vector<Tag>& tags, std::vector<SequenceNumber> snapshots,
                               bool nothing_below) {
  std::vector<uint64_t> bits;
  for (const Version& version : Rewrite(tags, snapshots, nothing_below)) bits.push_back(version.tag.bits());
  return bits;
}

struct RandomCase {
  std::vector<Tag> tags;
  std::vector<SequenceNumber> snapshots;
  bool nothing_below;
};

RandomCase DrawCase(base::Random& random) {
  RandomCase drawn;
  std::set<uint64_t> sequences;
  for (uint64_t i = random.Below(9); i > 0; --i) sequences.insert(1 + random.Below(30));
  const uint64_t delete_one_in = 1 + random.Below(4);
  for (auto it = sequences.rbegin(); it != sequences.rend(); ++it) {
    drawn.tags.push_back(random.OneIn(delete_one_in) ? Delete(*it) : Put(*it));
  }
  std::set<uint64_t> snapshots;
  for (uint64_t i = random.Below(6); i > 0; --i) snapshots.insert(random.Below(33));
  for (const uint64_t snapshot : snapshots) drawn.snapshots.push_back(SequenceNumber{snapshot});
  drawn.nothing_below = random.OneIn(2);
  return drawn;
}

std::vector<Version> Original(const std::vector<Tag>& tags) {
  std::vector<Version> versions;
  for (const Tag tag : tags) versions.push_back({tag, Raw(tag.sequence())});
  return versions;
}

// I20
TEST(Retention, ShowsEverySnapshotWhatItSawBefore) {
  base::Random random(1);
  for (uint64_t round = 0; round < support::Rounds(200'000); ++round) {
    const RandomCase drawn = DrawCase(random);
    const std::vector<Version> kept = Rewrite(drawn.tags, drawn.snapshots, drawn.nothing_below);
    ASSERT_EQ(Views(Original(drawn.tags), drawn.snapshots, !drawn.nothing_below),
              Views(kept, drawn.snapshots, !drawn.nothing_below))
        << "round " << round;
  }
}

TEST(Retention, ShowsSnapshotsTakenAfterTheStartTheNewest) {
  base::Random random(2);
  for (int round = 0; round < 50'000; ++round) {
    const RandomCase drawn = DrawCase(random);
    const std::vector<Version> kept = Rewrite(drawn.tags, drawn.snapshots, drawn.nothing_below);
    const SequenceNumber later{30 + random.Below(5)};
    ASSERT_EQ(Visible(Original(drawn.tags), later, !drawn.nothing_below), Visible(kept, later, !drawn.nothing_below));
  }
}

TEST(Retention, KeepsNothingThatCouldBeLeftOut) {
  base::Random random(3);
  for (uint64_t round = 0; round < support::Rounds(200'000); ++round) {
    const RandomCase drawn = DrawCase(random);
    const std::vector<Version> kept = Rewrite(drawn.tags, drawn.snapshots, drawn.nothing_below);
    const auto views = Views(kept, drawn.snapshots, !drawn.nothing_below);
    for (size_t i = 0; i < kept.size(); ++i) {
      std::vector<Version> less = kept;
      less.erase(less.begin() + static_cast<ptrdiff_t>(i));
      ASSERT_NE(views, Views(less, drawn.snapshots, !drawn.nothing_below)) << "round " << round << " version " << i;
    }
  }
}

TEST(Retention, GivesSequenceZeroOnlyToASettledOldestPutWithNothingBelow) {
  base::Random random(4);
  uint64_t zeroed = 0;
  for (uint64_t round = 0; round < support::Rounds(200'000); ++round) {
    const RandomCase drawn = DrawCase(random);
    const std::vector<Version> kept = Rewrite(drawn.tags, drawn.snapshots, drawn.nothing_below);
    for (size_t i = 0; i < kept.size(); ++i) {
      const bool settled = drawn.snapshots.empty() || SequenceNumber{kept[i].value} <= drawn.snapshots.front();
      const bool expected = drawn.nothing_below && settled && kept[i].tag.kind() == EntryKind::kPut;
      ASSERT_EQ(expected, kept[i].tag.sequence() == SequenceNumber{0});
      if (expected) {
        ASSERT_EQ(i + 1, kept.size());
        ++zeroed;
      }
    }
    ASSERT_TRUE(
        std::is_sorted(kept.begin(), kept.end(), [](const Version& a, const Version& b) { return a.tag > b.tag; }));
  }
  EXPECT_GT(zeroed, support::Rounds(10'000));
}

TEST(Retention, KeepsOneVersionWithoutSnapshots) {
  EXPECT_THAT(KeptBits({Put(9), Put(5), Delete(3)}, {}, false), testing::ElementsAre(Put(9).bits()));
  EXPECT_THAT(KeptBits({Put(9), Put(5), Delete(3)}, {}, true), testing::ElementsAre(Put(0).bits()));
}

TEST(Retention, DropsATombstoneOnlyWithNothingBelow) {
  EXPECT_THAT(KeptBits({Delete(9), Put(5)}, {}, true), testing::IsEmpty());
  EXPECT_THAT(KeptBits({Delete(9), Put(5)}, {}, false), testing::ElementsAre(Delete(9).bits()));
}

TEST(Retention, KeepsATombstoneThatHidesWhatASnapshotStillSees) {
  EXPECT_THAT(KeptBits({Delete(9), Put(5)}, {SequenceNumber{7}}, true),
              testing::ElementsAre(Delete(9).bits(), Put(0).bits()));
}

TEST(Retention, DropsATombstoneAboveASnapshotThatSeesNothingBelowIt) {
  EXPECT_THAT(KeptBits({Delete(9), Put(8)}, {SequenceNumber{7}}, true), testing::IsEmpty());
}

TEST(Retention, KeepsTheOldestOfSeveralTombstonesInARow) {
  EXPECT_THAT(KeptBits({Delete(9), Delete(6), Delete(3)}, {SequenceNumber{4}, SequenceNumber{7}}, false),
              testing::ElementsAre(Delete(3).bits()));
}

TEST(Retention, LeavesTheSequenceOfAPutAboveTheOldestSnapshot) {
  EXPECT_THAT(KeptBits({Put(9)}, {SequenceNumber{8}}, true), testing::ElementsAre(Put(9).bits()));
  EXPECT_THAT(KeptBits({Put(8)}, {SequenceNumber{8}}, true), testing::ElementsAre(Put(0).bits()));
}

}  // namespace
}  // namespace amethyst::compaction
