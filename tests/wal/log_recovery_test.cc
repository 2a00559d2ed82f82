#include "wal/log_recovery.h"

#include <gtest/gtest.h>

#include "wal/log_harness.h"

namespace amethyst::wal {
namespace {

// A log of several small segments, with syncs and notes in between, and where each batch ends.
struct Story {
  LogHarness harness{512};
  std::vector<LogPosition> ends;

  explicit Story(uint64_t seed, int batches = 24) {
    base::Random random(seed);
    AMETHYST_ASSERT(harness.Open().has_value());
    for (int i = 0; i < batches; ++i) {
      const auto end = harness.Append(SomeBatch(random, random.Below(90)));
      AMETHYST_ASSERT(end.has_value());
      ends.push_back(*end);
      if (random.OneIn(5)) AMETHYST_ASSERT(harness.log().Sync(*end).has_value());
      if (random.OneIn(12)) AMETHYST_ASSERT(harness.Tick().has_value());
      if (random.OneIn(3)) static_cast<void>(harness.serial().RunOneJob());
    }
  }

  // How many batches end at or before `durable`.
  [[nodiscard]] size_t CountUpTo(LogPosition durable) const {
    return static_cast<size_t>(std::ranges::upper_bound(ends, durable) - ends.begin());
  }
};

// Everything, a prefix with at least `durable` batches, or kCorruption. Returns whether it was found to be damage.
bool ExpectPrefixOrDamage(const Recovered& recovered, const std::vector<Logged>& logged, size_t durable) {
  if (!recovered.status) {
    EXPECT_EQ(recovered.status.error().code(), ErrorCode::kCorruption) << recovered.status.error().ToString();
    EXPECT_NE(recovered.status.error().message().find(".wal"), std::string::npos) << "names the file";
    return true;
  }
  EXPECT_GE(recovered.batches.size(), durable);
  EXPECT_LE(recovered.batches.size(), logged.size());
  EXPECT_TRUE(std::ranges::equal(recovered.batches, std::span(logged).first(recovered.batches.size())));
  EXPECT_EQ(recovered.report.batches, recovered.batches.size());
  return false;
}

// What the places that [begin, end) of `segment` does not touch say about durability.
LogPosition DurableWithout(const std::vector<Note>& notes, key::FileNumber segment, uint64_t begin, uint64_t end) {
  LogPosition durable;
  for (const Note& note : notes) {
    const bool touched = note.begin.segment == segment && note.begin.offset < end && begin < note.end_offset;
    if (!touched) durable = std::max(durable, note.durable);
  }
  return durable;
}

TEST(LogRecovery, AnEmptyLogIsEmpty) {
  LogHarness harness;
  const Recovered nothing = harness.Recover(Image{});
  ASSERT_TRUE(nothing.status);
  EXPECT_EQ(nothing.report.cut, LogCut());
  ASSERT_TRUE(harness.Open());
  const Recovered header_alone = harness.Recover(harness.TakeImage());
  ASSERT_TRUE(header_alone.status);
  EXPECT_TRUE(header_alone.batches.empty());
  EXPECT_EQ(header_alone.report.cut.offset, kSegmentHeaderBytes);
  EXPECT_EQ(header_alone.report.torn_tails, 0u);
}

TEST(LogRecovery, EveryFlippedByteIsFoundOrHarmlessOrTheTail) {
  for (uint64_t seed = 1; seed <= 2; ++seed) {
    Story story(seed);
    const Image image = story.harness.TakeImage();
    const std::vector<Note> notes = NotesOf(image);
    uint64_t damage = 0;
    for (const auto& [segment, bytes] : image) {
      for (uint64_t offset = 0; offset < bytes.size(); ++offset) {
        Image flipped = image;
        flipped[segment][offset] ^= static_cast<char>(1 << (offset % 8));
        const size_t durable = story.CountUpTo(DurableWithout(notes, segment, offset, offset + 1));
        damage += ExpectPrefixOrDamage(story.harness.Recover(flipped), story.harness.logged(), durable);
        ASSERT_FALSE(HasFailure()) << "segment " << key::Raw(segment) << " at " << offset << ", seed " << seed;
      }
    }
    EXPECT_GT(damage, 1000u);
  }
}

TEST(LogRecovery, EveryTruncationIsFoundOrTheTail) {
  for (uint64_t seed = 1; seed <= 2; ++seed) {
    Story story(seed);
    const Image image = story.harness.TakeImage();
    const std::vector<Note> notes = NotesOf(image);
    for (const auto& [segment, bytes] : image) {
      for (uint64_t length = 0; length < bytes.size(); ++length) {
        Image truncated = image;
        truncated[segment].resize(length);
        const size_t durable = story.CountUpTo(DurableWithout(notes, segment, length, bytes.size()));
        ExpectPrefixOrDamage(story.harness.Recover(truncated), story.harness.logged(), durable);
        ASSERT_FALSE(HasFailure()) << "segment " << key::Raw(segment) << " to " << length << ", seed " << seed;
      }
    }
  }
}

TEST(LogRecovery, ZeroedRangesAreFoundOrTheTail) {
  Story story(4, 40);
  const Image image = story.harness.TakeImage();
  const std::vector<Note> notes = NotesOf(image);
  base::Random random(4);
  for (int i = 0; i < 2000; ++i) {
    auto chosen = image.begin();
    std::advance(chosen, random.Below(image.size()));
    const uint64_t begin = random.Below(chosen->second.size());
    const uint64_t end = std::min(begin + 1 + random.Below(600), chosen->second.size());
    Image zeroed = image;
    std::fill(zeroed[chosen->first].begin() + begin, zeroed[chosen->first].begin() + end, '\0');
    const size_t durable = story.CountUpTo(DurableWithout(notes, chosen->first, begin, end));
    ExpectPrefixOrDamage(story.harness.Recover(zeroed), story.harness.logged(), durable);
    ASSERT_FALSE(HasFailure()) << "segment " << key::Raw(chosen->first) << " from " << begin << " to " << end;
  }
}

TEST(LogRecovery, AfterACleanCloseAnyDamageIsFound) {
  Story story(5);
  const auto cut = story.harness.log().Close();
  ASSERT_TRUE(cut);
  const Image image = story.harness.TakeImage();
  const Recovered whole = story.harness.Recover(image, *cut);
  ASSERT_TRUE(whole.status) << whole.status.error().ToString();
  EXPECT_TRUE(whole.batches == story.harness.logged());
  for (const auto& [segment, bytes] : image) {
    for (uint64_t offset = 0; offset < bytes.size(); ++offset) {
      Image flipped = image;
      flipped[segment][offset] ^= 0x40;
      EXPECT_FALSE(story.harness.Recover(flipped, *cut).status) << key::Raw(segment) << " at " << offset;
      Image truncated = image;
      truncated[segment].resize(offset);
      EXPECT_FALSE(story.harness.Recover(truncated, *cut).status) << key::Raw(segment) << " to " << offset;
    }
    Image missing = image;
    missing.erase(segment);
    EXPECT_FALSE(story.harness.Recover(missing, *cut).status) << key::Raw(segment);
    Image longer = image;
    longer[segment] += std::string(4096, '\x7f');
    const Recovered recovered = story.harness.Recover(longer, *cut);
    ASSERT_TRUE(recovered.status) << "garbage behind a recorded end: " << recovered.status.error().ToString();
    EXPECT_TRUE(recovered.batches == story.harness.logged());
  }
}

TEST(LogRecovery, MissingSwappedAndForeignSegmentsAreDamage) {
  Story story(6);
  ASSERT_TRUE(story.harness.log().SyncAll());
  ASSERT_TRUE(story.harness.Tick());
  const std::vector<key::FileNumber> segments = story.harness.log().segments();
  const Image image = story.harness.TakeImage();
  ASSERT_GE(segments.size(), 4u);
  for (size_t i = 0; i + 1 < segments.size(); ++i) {
    Image missing = image;
    missing.erase(segments[i]);
    const Recovered recovered = story.harness.Recover(missing);
    ASSERT_FALSE(recovered.status) << i;
    EXPECT_NE(recovered.status.error().message().find("missing"), std::string::npos)
        << recovered.status.error().ToString();
    Image swapped = image;
    std::swap(swapped[segments[i]], swapped[segments[i + 1]]);
    EXPECT_FALSE(story.harness.Recover(swapped).status) << i;
  }
  // A segment of the same number and age of another database.
  std::array<char, kSegmentHeaderBytes> foreign;
  EncodeSegmentHeader({.database_uid = {.low = 1, .high = 2}, .segment = segments[1], .cut = {}, .durable = {}},
                      foreign);
  Image mixed = image;
  std::ranges::copy(foreign, mixed[segments[1]].begin());
  const Recovered recovered = story.harness.Recover(mixed);
  ASSERT_FALSE(recovered.status);
  EXPECT_NE(recovered.status.error().message().find("another database"), std::string::npos);
}

TEST(LogRecovery, AnUnknownVersionIsRefusedByName) {
  LogHarness harness;
  ASSERT_TRUE(harness.Open());
  Image image = harness.TakeImage();
  std::array<char, kSegmentHeaderBytes> header;
  EncodeSegmentHeader(
      {.version = 7, .database_uid = LogHarness::kUid, .segment = key::FileNumber{1}, .cut = {}, .durable = {}},
      header);
  std::ranges::copy(header, image[key::FileNumber{1}].begin());
  const Recovered recovered = harness.Recover(image);
  ASSERT_FALSE(recovered.status);
  EXPECT_EQ(recovered.status.error().code(), ErrorCode::kNotSupported);
  EXPECT_NE(recovered.status.error().message().find("version 7"), std::string::npos);
}

TEST(LogRecovery, CutsATornTailAndCountsIt) {
  LogHarness harness;
  ASSERT_TRUE(harness.Open());
  base::Random random(7);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(harness.Append(SomeBatch(random, 50)));
  const uint64_t end = harness.log().end().offset;
  ASSERT_TRUE(harness.Append(SomeBatch(random, 50)));
  Image image = harness.TakeImage();
  const uint64_t torn_end = harness.log().end().offset;
  image.begin()->second[torn_end - 9] ^= 1;
  const Recovered recovered = harness.Recover(image);
  ASSERT_TRUE(recovered.status);
  EXPECT_EQ(recovered.batches.size(), 3u);
  EXPECT_EQ(recovered.report.torn_tails, 1u);
  EXPECT_EQ(recovered.report.torn_bytes, torn_end - end);
  EXPECT_EQ(recovered.report.cut.offset, end);
}

TEST(LogRecovery, NeverReplaysWhatAnEarlierRecoveryCut) {
  LogHarness harness;
  ASSERT_TRUE(harness.Open());
  base::Random random(8);
  while (harness.log().segments().size() < 3) ASSERT_TRUE(harness.Append(SomeBatch(random, 200)));
  const Image sound = harness.TakeImage();
  // The first segment's tail does not arrive; the later segments do, and their removal is prevented by a crash.
  Image image = sound;
  std::string& first = image.begin()->second;
  std::fill(first.begin() + 400, first.end(), '\0');
  const Recovered recovered = harness.Recover(image);
  ASSERT_TRUE(recovered.status) << recovered.status.error().ToString();
  ASSERT_EQ(recovered.report.dropped_segments.size(), image.size() - 1);
  harness.PutImage(image);
  ASSERT_TRUE(harness.Reopen(recovered));
  ASSERT_TRUE(harness.Append(SomeBatch(random, 20)));
  ASSERT_TRUE(harness.log().SyncAll());
  ASSERT_TRUE(harness.Tick());
  Image later = harness.TakeImage();
  // The cut bytes and the dropped files come back from the dead.
  for (const auto& [number, bytes] : sound) later.insert({number, bytes});
  later.begin()->second = sound.begin()->second;
  const Recovered again = harness.Recover(later);
  ASSERT_TRUE(again.status) << again.status.error().ToString();
  EXPECT_TRUE(again.batches == harness.logged());
  EXPECT_EQ(again.report.torn_tails, 0u);
}

TEST(LogRecovery, TheFirstNeededSegmentMayHaveLostItsUnsyncedHeader) {
  LogHarness harness;
  ASSERT_TRUE(harness.Open());
  base::Random random(12);
  while (harness.log().segments().size() < 3) ASSERT_TRUE(harness.Append(SomeBatch(random, 200)));
  // All that the first segment holds is in tables now.
  const key::FileNumber second = harness.log().segments()[1];
  ASSERT_TRUE(harness.log().RemoveBefore(second));
  harness.SetFirstSegment(second);
  const auto without_header = [&] {
    Image image = harness.TakeImage();
    std::fill_n(image.at(second).begin(), kSegmentHeaderBytes, '\0');
    return harness.Recover(image);
  };
  const Recovered lost = without_header();
  ASSERT_TRUE(lost.status) << lost.status.error().ToString();
  EXPECT_TRUE(lost.batches.empty());
  EXPECT_EQ(lost.report.dropped_segments, harness.log().segments());
  ASSERT_TRUE(harness.Tick());
  EXPECT_FALSE(without_header().status) << "the sync was noted";
  Image missing = harness.TakeImage();
  missing.erase(second);
  EXPECT_FALSE(harness.Recover(missing).status);
  EXPECT_FALSE(harness.Recover(Image{}).status);
}

TEST(LogRecovery, SyncsWhatItReplayedUnlessReadOnly) {
  Story story(9);
  story.harness.Abandon();
  const auto before = story.harness.files().calls(support::Operation::kSyncFile);
  const auto directory_syncs = story.harness.files().calls(support::Operation::kSyncDirectory);
  const Recovered recovered = story.harness.Recover(story.harness.files());
  ASSERT_TRUE(recovered.status);
  EXPECT_EQ(story.harness.files().calls(support::Operation::kSyncFile) - before,
            recovered.report.replayed_segments.size());
  EXPECT_EQ(story.harness.files().calls(support::Operation::kSyncDirectory) - directory_syncs, 1u);
  story.harness.files().Fail({.operation = support::Operation::kSyncFile, .for_good = true});
  EXPECT_FALSE(story.harness.Recover(story.harness.files()).status) << "an unsynced replay is not acknowledged";
  LogRecoverySettings settings{.directory = "/db",
                               .database_uid = LogHarness::kUid,
                               .segments = recovered.report.replayed_segments,
                               .first_segment = story.harness.first_segment(),
                               .clean_end = std::nullopt,
                               .read_only = true};
  EXPECT_TRUE(RecoverLog(story.harness.files(), settings, [](const RecoveredBatch&) { return Status(); }));
}

TEST(LogRecovery, PassesOnWhatApplySaysWithThePlace) {
  Story story(10);
  LogRecoverySettings settings{.directory = "/db",
                               .database_uid = LogHarness::kUid,
                               .segments = story.harness.log().segments(),
                               .first_segment = story.harness.first_segment(),
                               .clean_end = std::nullopt};
  const auto report = RecoverLog(story.harness.memory(), settings, [](const RecoveredBatch& batch) -> Status {
    if (batch.first == key::SequenceNumber{3}) return base::Corruption("does not please");
    return {};
  });
  ASSERT_FALSE(report);
  EXPECT_TRUE(report.error().message().starts_with("/db/000001.wal at "));
  EXPECT_TRUE(report.error().message().ends_with("does not please"));
}

TEST(LogRecovery, EveryFailingReadIsAnErrorAndNeverAShorterLog) {
  Story story(11);
  ASSERT_TRUE(story.harness.Recover(story.harness.files()).status);
  for (const support::Operation operation :
       {support::Operation::kOpen, support::Operation::kRead, support::Operation::kFileSize}) {
    const uint64_t calls_per_run = story.harness.files().calls(operation);
    for (uint64_t call = 1; call <= 20; ++call) {
      support::FaultFileSystem files(story.harness.memory());
      files.Fail({.operation = operation, .call = call});
      const Recovered recovered = story.harness.Recover(files);
      if (files.failed_calls() == 0) {
        EXPECT_GT(call, 3u) << "of " << calls_per_run;
        break;
      }
      ASSERT_FALSE(recovered.status);
      EXPECT_EQ(recovered.status.error().code(), ErrorCode::kIo);
    }
  }
}

// Any mixture, sector by sector, of what was durable and what was written since.
Image Crash(const Image& durable, const Image& written, base::Random& random) {
  constexpr uint64_t kSectorBytes = 64;
  const uint64_t one_in = 1 + random.Below(4);
  Image crashed;
  for (const auto& [number, bytes] : written) {
    // A segment's directory entry and blocks are durable before it is used: then it is zeros.
    const auto old = durable.find(number);
    std::string mixed = old == durable.end() ? std::string(bytes.size(), '\0') : old->second;
    mixed.resize(bytes.size());
    for (uint64_t sector = 0; sector < bytes.size(); sector += kSectorBytes) {
      if (random.OneIn(one_in)) mixed.replace(sector, kSectorBytes, bytes, sector, kSectorBytes);
    }
    crashed[number] = std::move(mixed);
  }
  return crashed;
}

TEST(LogRecovery, SurvivesPowerLossAgainAndAgainWithoutMistakingItForDamage) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    base::Random random(seed);
    LogHarness harness(512);
    ASSERT_TRUE(harness.Open());
    Image durable = harness.TakeImage();
    size_t acknowledged = 0;
    for (int crash = 0; crash < 6; ++crash) {
      const uint64_t steps = random.Below(30);
      for (uint64_t i = 0; i < steps; ++i) {
        ASSERT_TRUE(harness.Append(SomeBatch(random, random.Below(120))));
        if (random.OneIn(3)) static_cast<void>(harness.serial().RunOneJob());
        if (random.OneIn(8)) {
          ASSERT_TRUE(random.OneIn(2) ? harness.log().SyncAll() : harness.Tick());
          acknowledged = harness.logged().size();
          durable = harness.TakeImage();
        }
      }
      const std::vector<Logged> logged = harness.logged();
      harness.PutImage(Crash(durable, harness.TakeImage(), random));
      const Recovered recovered = harness.Recover(harness.files());
      ASSERT_TRUE(recovered.status) << "seed " << seed << ": " << recovered.status.error().ToString();
      ASSERT_FALSE(ExpectPrefixOrDamage(recovered, logged, acknowledged)) << "seed " << seed;
      ASSERT_FALSE(HasFailure()) << "seed " << seed;
      // What was replayed has been synced: a crash while the log is opened again gives the same.
      const Image replayed = harness.TakeImage();
      ASSERT_TRUE(harness.Reopen(recovered));
      if (random.OneIn(2)) {
        Image opened = harness.TakeImage();
        for (const auto& [number, bytes] : replayed) opened.insert({number, bytes});  // The removals are not durable.
        harness.PutImage(random.OneIn(2) ? opened : Crash(replayed, opened, random));
        const Recovered again = harness.Recover(harness.files());
        ASSERT_TRUE(again.status) << "seed " << seed << ": " << again.status.error().ToString();
        ASSERT_TRUE(again.batches == recovered.batches) << "seed " << seed;
        ASSERT_TRUE(harness.Reopen(again));
      }
      acknowledged = harness.logged().size();
      durable = harness.TakeImage();
    }
  }
}

}  // namespace
}  // namespace amethyst::wal
