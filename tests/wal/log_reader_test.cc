#include "wal/log_reader.h"

#include <gtest/gtest.h>

#include "support/database.h"
#include "wal/family_change.h"
#include "wal/log_harness.h"

namespace amethyst::wal {
namespace {

using support::CodeOf;
using support::Text;

LogReader::Place PlaceOf(LogHarness& harness) {
  return {.files = &harness.memory(), .directory = "/db", .database_uid = LogHarness::kUid};
}

LogReader FromStart(LogHarness& harness) {
  return LogReader(PlaceOf(harness), {.segment = harness.first_segment(), .offset = kSegmentHeaderBytes});
}

// All records up to `limit`; fails the test on an error.
std::vector<Logged> ReadTo(LogReader& reader, const Log& log, LogPosition limit) {
  std::vector<Logged> read;
  for (;;) {
    auto record = reader.Peek(log, limit);
    if (!record || !record->has_value()) {
      EXPECT_TRUE(record) << record.error().ToString();
      return read;
    }
    read.push_back({.first = key::Raw((*record)->header.first),
                    .count = (*record)->header.count,
                    .payload = std::string((*record)->payload)});
    EXPECT_EQ(Text(reader.Pass()), "");
  }
}

TEST(LogReader, GivesEachRecordOnceOverSegmentsAndSizes) {
  LogHarness harness(16 << 10);
  ASSERT_TRUE(harness.Open());
  LogReader reader = FromStart(harness);
  base::Random random(1);
  std::vector<Logged> read;
  for (int i = 0; i < 400; ++i) {
    ASSERT_TRUE(harness.Append(SomeBatch(random, random.Below(i % 50 == 0 ? 200'000 : 500))));
    if (random.Below(5) == 0) ASSERT_TRUE(harness.Tick());
    if (random.Below(3) != 0) continue;
    for (Logged& logged : ReadTo(reader, harness.log(), harness.log().end())) read.push_back(std::move(logged));
    ASSERT_EQ(read.size(), harness.logged().size());
  }
  for (Logged& logged : ReadTo(reader, harness.log(), harness.log().end())) read.push_back(std::move(logged));
  EXPECT_TRUE(read == harness.logged());
  EXPECT_GT(harness.log().segments().size(), 5u);
}

TEST(LogReader, ReadsNothingBehindItsLimitThoughItIsThere) {
  LogHarness harness(64 << 10);
  ASSERT_TRUE(harness.Open());
  LogReader reader = FromStart(harness);
  base::Random random(2);
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(harness.Append(SomeBatch(random, 100)));
    EXPECT_TRUE(ReadTo(reader, harness.log(), harness.log().durable_end()).empty());
    ASSERT_TRUE(harness.Append(SomeBatch(random, 100)));
    ASSERT_TRUE(harness.log().SyncAll());
    EXPECT_EQ(ReadTo(reader, harness.log(), harness.log().durable_end()).size(), 2u);
  }
}

TEST(LogReader, APlaceOfTheLogIsOneAndAnythingElseIsNot) {
  LogHarness harness(4 << 10);
  ASSERT_TRUE(harness.Open());
  base::Random random(3);
  std::vector<LogCut> places;
  for (int i = 0; i < 60; ++i) {
    ASSERT_TRUE(harness.Append(SomeBatch(random, 200)));
    places.push_back(harness.log().end_cut());
  }
  for (const LogCut& place : places) {
    EXPECT_EQ(Text(LogReader::Check(PlaceOf(harness), harness.log(), place, nullptr)), "");
    EXPECT_EQ(Text(LogReader::Check(PlaceOf(harness), harness.log(), place, &places.front())), "");
    const auto is_refused = [&](auto change) {
      LogCut other = place;
      change(other);
      const Status checked = LogReader::Check(PlaceOf(harness), harness.log(), other, nullptr);
      return CodeOf(checked) == ErrorCode::kTooOld;
    };
    EXPECT_TRUE(is_refused([](LogCut& cut) { cut.chained_checksum ^= 1; }));
    EXPECT_TRUE(is_refused([](LogCut& cut) { cut.offset += 8; }));
    EXPECT_TRUE(is_refused([](LogCut& cut) { cut.offset += 1; }));
    EXPECT_TRUE(is_refused([](LogCut& cut) { cut.offset = 0; }));
    EXPECT_TRUE(is_refused([](LogCut& cut) { cut.next_ordinal += 1; }));
    EXPECT_TRUE(is_refused([](LogCut& cut) { cut.segment = key::FileNumber{1000}; }));
    EXPECT_TRUE(is_refused([](LogCut& cut) { cut.last_sequence = key::SequenceNumber{}; }));
  }
  LogCut ahead = places.front();
  ahead.last_sequence = places.back().last_sequence;
  EXPECT_EQ(CodeOf(LogReader::Check(PlaceOf(harness), harness.log(), ahead, nullptr)), ErrorCode::kTooOld);
}

TEST(LogReader, GoesOnFromEveryPlace) {
  LogHarness harness(4 << 10);
  ASSERT_TRUE(harness.Open());
  base::Random random(4);
  std::vector<LogCut> places;
  for (int i = 0; i < 60; ++i) {
    ASSERT_TRUE(harness.Append(SomeBatch(random, 200)));
    places.push_back(harness.log().end_cut());
  }
  for (size_t i = 0; i < places.size(); ++i) {
    LogReader reader(PlaceOf(harness), places[i]);
    EXPECT_EQ(ReadTo(reader, harness.log(), harness.log().end()).size(), places.size() - i - 1);
  }
}

TEST(LogReader, WhatWasRemovedIsTooOldAndWhatIsHeldStays) {
  LogHarness harness(4 << 10);
  ASSERT_TRUE(harness.Open());
  const key::FileNumber first = harness.log().current_segment();
  LogHold hold(harness.settings().readers, first);
  base::Random random(5);
  LogReader early = FromStart(harness);
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(harness.Append(SomeBatch(random, 200)));
  const key::FileNumber last = harness.log().current_segment();
  ASSERT_TRUE(harness.log().RemoveBefore(last));
  EXPECT_EQ(harness.log().segments().front(), first);
  EXPECT_GT(harness.log().held_bytes(), uint64_t{60 * 200 - (4 << 10)});
  EXPECT_EQ(ReadTo(early, harness.log(), harness.log().end()).size(), 60u);

  const key::FileNumber second = harness.log().segments()[1];
  hold.MoveTo(second);
  ASSERT_TRUE(harness.log().RemoveUnheld());
  EXPECT_EQ(harness.log().segments().front(), second);
  LogReader late = FromStart(harness);
  EXPECT_EQ(CodeOf(late.Peek(harness.log(), harness.log().end())), ErrorCode::kTooOld);
  hold.Release();
  ASSERT_TRUE(harness.log().RemoveUnheld());
  EXPECT_EQ(harness.log().segments().front(), last);
  EXPECT_EQ(harness.log().held_bytes(), 0u);
}

TEST(LogReader, ATornTailThatRecoveryCutIsPassedOver) {
  LogHarness harness(16 << 10);
  ASSERT_TRUE(harness.Open());
  base::Random random(6);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(harness.Append(SomeBatch(random, 100)));
  const LogCut cut = harness.log().end_cut();
  ASSERT_TRUE(harness.Append(SomeBatch(random, 100)));
  harness.Abandon();
  Image image = harness.TakeImage();
  image.begin()->second[cut.offset + kRecordHeaderBytes + 10] ^= 1;
  harness.PutImage(image);
  ASSERT_EQ(Text(harness.Reopen(harness.Recover(harness.TakeImage()))), "");
  ASSERT_TRUE(harness.Append(SomeBatch(random, 100)));
  LogReader reader = FromStart(harness);
  EXPECT_TRUE(ReadTo(reader, harness.log(), harness.log().end()) == harness.logged());
  EXPECT_EQ(harness.logged().size(), 6u);
  LogCut beyond = cut;
  beyond.offset += 136;
  EXPECT_EQ(CodeOf(LogReader::Check(PlaceOf(harness), harness.log(), beyond, nullptr)), ErrorCode::kTooOld);
}

TEST(LogReader, DamageIsAnErrorAndNothingIsSkipped) {
  LogHarness harness(4 << 10);
  ASSERT_TRUE(harness.Open());
  base::Random random(7);
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(harness.Append(SomeBatch(random, 200)));
  const std::vector<key::FileNumber> segments = harness.log().segments();
  const Image image = harness.TakeImage();
  for (size_t at = 0; at < 2000; at += 37) {
    Image damaged = image;
    damaged[segments[1]][at] ^= 4;
    harness.PutImage(damaged);
    LogReader reader = FromStart(harness);
    size_t read = 0;
    for (;;) {
      const auto record = reader.Peek(harness.log(), harness.log().end());
      if (!record) {
        EXPECT_EQ(record.error().code(), ErrorCode::kCorruption) << at;
        break;
      }
      ASSERT_TRUE(record->has_value()) << at;
      EXPECT_EQ((*record)->payload, harness.logged()[read++].payload);
      ASSERT_TRUE(reader.Pass());
    }
    EXPECT_LT(read, harness.logged().size());
  }
}

TEST(LogReader, FamilyRecordsComeInSegmentsOfVersion2AndRecoveryPassesThem) {
  LogHarness harness(16 << 10);
  ASSERT_TRUE(harness.Open());
  base::Random random(8);
  ASSERT_TRUE(harness.Append(SomeBatch(random, 10)));
  const FamilyChange made{.action = FamilyChange::Action::kMade, .family = key::FamilyId{7}, .name = "seven"};
  std::string payload;
  made.AppendTo(&payload);
  ASSERT_TRUE(harness.log().AppendFamilyChange(payload));
  ASSERT_TRUE(harness.log().AppendFamilyChange(payload));
  ASSERT_TRUE(harness.Append(SomeBatch(random, 10)));
  ASSERT_EQ(harness.log().segments().size(), 2u);
  const Image image = harness.TakeImage();
  EXPECT_EQ(image.at(harness.log().segments()[0])[8], 1);
  EXPECT_EQ(image.at(harness.log().segments()[1])[8], 2);

  LogReader reader = FromStart(harness);
  const std::vector<Logged> read = ReadTo(reader, harness.log(), harness.log().end());
  ASSERT_EQ(read.size(), 4u);
  EXPECT_EQ(FamilyChange::FromBytes(read[1].payload), made);
  EXPECT_EQ(read[2].payload, payload);
  const Recovered recovered = harness.Recover(image);
  EXPECT_EQ(Text(recovered.status), "");
  EXPECT_TRUE(recovered.batches == harness.logged());
}

}  // namespace
}  // namespace amethyst::wal
