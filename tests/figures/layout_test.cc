#include "figures/layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "base/coding.h"
#include "figures/sample.h"

namespace amethyst::figures {
namespace {

using testing::HasSubstr;

std::string BytesOf(const Words& words) {
  return std::string(reinterpret_cast<const char*>(words.data()), words.size() * sizeof(uint64_t));
}

std::string SlotBytes(uint64_t sequence, const Figures& figures) {
  std::string bytes = BytesOf(EncodeSlot(sequence, figures));
  bytes.resize(kSlotBytes, '\0');
  return bytes;
}

// With the hash of what it says now.
std::string Rehashed(Words words) {
  words.back() = base::Hash64(BytesOf(words).substr(0, (words.size() - 1) * sizeof(uint64_t)));
  return BytesOf(words);
}

std::string FileOf(const std::vector<std::pair<uint64_t, Figures>>& slots, const std::vector<Event>& events) {
  std::string file(kFileBytes, '\0');
  const auto place = [&](size_t at, const Words& words) { file.replace(at, words.size() * 8, BytesOf(words)); };
  place(0, EncodeHeader(kSampleWriter));
  for (const auto& [sequence, figures] : slots) place(SlotAt(sequence), EncodeSlot(sequence, figures));
  for (const Event& event : events) place(EventAt(event.number), EncodeEvent(event));
  return file;
}

TEST(FiguresLayout, AllFieldsOfStatsStandInIt) {
  EXPECT_EQ(sizeof(Stats), Counters().size() * sizeof(uint64_t) + Histograms().size() * sizeof(Histogram) +
                               sizeof(std::vector<LevelStats>) + sizeof(std::optional<FollowerLag>))
      << "a new counter goes behind the last of layout.cc";
  const Stats stats = SampleFigures(1).stats;
  std::string json = stats.ToJson();
  for (const CounterField& counter : Counters()) {
    EXPECT_THAT(json, HasSubstr("\"" + std::string(counter.name) + "\":" + std::to_string(stats.*counter.field)));
  }
}

TEST(FiguresLayout, FiguresComeBackAsTheyWere) {
  const Figures figures = SampleFigures(3);
  const auto slot = DecodeSlot(SlotBytes(6, figures));
  ASSERT_TRUE(slot);
  EXPECT_EQ(slot->sequence, 6u);
  ExpectSame(slot->figures, figures);
}

TEST(FiguresLayout, MoreJobsThanItHasRoomForAreLeftOut) {
  Figures figures = SampleFigures(1);
  figures.jobs.assign(kJobsMax + 5, figures.jobs.front());
  figures.jobs.front().reason = std::string(1000, 'r');
  const auto slot = DecodeSlot(SlotBytes(2, figures));
  ASSERT_TRUE(slot);
  ASSERT_EQ(slot->figures.jobs.size(), kJobsMax);
  EXPECT_EQ(slot->figures.jobs.front().reason, std::string(kJobTextBytes, 'r'));
}

TEST(FiguresLayout, AnEventComesBackAsItWas) {
  Event event = SampleEvent(9);
  EXPECT_EQ(DecodeEvent(BytesOf(EncodeEvent(event))), event);
  event.text = std::string(1000, 't');
  EXPECT_EQ(DecodeEvent(BytesOf(EncodeEvent(event)))->text, std::string(kEventTextBytes, 't'));
}

// A reader that comes while the writer is at it sees some words of the old figures and some of the new ones.
TEST(FiguresLayout, NoMixtureOfTwoFiguresIsTaken) {
  const std::string before = SlotBytes(2, SampleFigures(1));
  const std::string after = SlotBytes(6, SampleFigures(2));
  size_t differing = 0;
  for (size_t at = 8; at < kSlotBytes; at += 8) {
    std::string torn = after.substr(0, at) + before.substr(at);
    if (torn == after) continue;
    ++differing;
    EXPECT_FALSE(DecodeSlot(torn)) << "torn at " << at;
    base::StoreFixed(torn.data(), uint64_t{5});
    EXPECT_FALSE(DecodeSlot(torn)) << "torn at " << at << ", and said so";
  }
  EXPECT_GT(differing, 100u);
  std::string changing = after;
  base::StoreFixed(changing.data(), uint64_t{5});
  EXPECT_FALSE(DecodeSlot(changing));
}

TEST(FiguresLayout, NoMixtureOfTwoEventsIsTaken) {
  const std::string before = BytesOf(EncodeEvent(SampleEvent(1)));
  const std::string after = BytesOf(EncodeEvent(SampleEvent(1 + kEvents)));
  for (size_t at = 8; at < kEventBytes; at += 8) {
    EXPECT_FALSE(DecodeEvent(after.substr(0, at) + before.substr(at))) << "torn at " << at;
    EXPECT_FALSE(DecodeEvent(before.substr(0, at) + after.substr(at))) << "torn at " << at;
  }
}

TEST(FiguresLayout, TheNewerOfTwoWholeFiguresCounts) {
  const auto both = Decode(FileOf({{4, SampleFigures(1)}, {6, SampleFigures(2)}}, {}));
  ASSERT_TRUE(both);
  EXPECT_EQ(both->sequence, 6u);
  ExpectSame(both->figures, SampleFigures(2));
  std::string torn = FileOf({{4, SampleFigures(1)}, {6, SampleFigures(2)}}, {});
  torn[SlotAt(6) + 100] ^= 1;
  const auto older = Decode(torn);
  ASSERT_TRUE(older) << "the writer died in the middle of an update";
  ExpectSame(older->figures, SampleFigures(1));
}

TEST(FiguresLayout, EventsComeInTheirOrderAndDamagedOnesAreMissing) {
  std::vector<Event> events;
  for (uint64_t number = 3; number < 3 + kEvents; ++number) events.push_back(SampleEvent(number));
  std::string file = FileOf({{2, SampleFigures(1)}}, events);
  file[EventAt(10) + 40] ^= 1;
  std::erase_if(events, [](const Event& event) { return event.number == 10; });
  const auto contents = Decode(file);
  ASSERT_TRUE(contents);
  EXPECT_EQ(contents->events, events);
}

TEST(FiguresLayout, WhatIsNoSuchFileIsSaidClearly) {
  const std::string file = FileOf({{2, SampleFigures(1)}}, {});
  const auto message = [](const std::string& bytes) { return std::string(Decode(bytes).error().message()); };
  EXPECT_THAT(message(""), HasSubstr("0 bytes, too few for a header"));
  EXPECT_THAT(message(std::string(kFileBytes, 'x')), HasSubstr("begins with something else"));
  EXPECT_THAT(message(std::string(kFileBytes, '\0')), HasSubstr("begins with something else"));
  EXPECT_THAT(message(file.substr(0, kFileBytes - 1)), HasSubstr("it has 552959 bytes, not 552960"));
  EXPECT_THAT(message(file + "x"), HasSubstr("it has 552961 bytes"));
  std::string damaged = file;
  damaged[50] ^= 1;
  EXPECT_THAT(message(damaged), HasSubstr("its header is damaged"));
  EXPECT_THAT(message(FileOf({}, {})), HasSubstr("none of its figures is whole"));
  Words newer = EncodeHeader(kSampleWriter);
  newer[1] = 7 | uint64_t{kHeaderBytes} << 32;
  const auto refused = Decode(Rehashed(newer) + file.substr(kHeaderBytes));
  EXPECT_EQ(refused.error().code(), ErrorCode::kNotSupported);
  EXPECT_THAT(refused.error().message(), HasSubstr("format version 7"));
}

// Of a build to come, which knows more of everything: what this one knows of it is read.
TEST(FiguresLayout, MoreOfEachThanThisBuildKnowsIsPassedBy) {
  const Words words = EncodeSlot(2, SampleFigures(1));
  Words longer(words.begin(), words.begin() + 10);
  longer.push_back(words[10] + 1);  // One more counter.
  longer.insert(longer.end(), words.begin() + 11, words.begin() + 11 + static_cast<ptrdiff_t>(Counters().size()));
  longer.push_back(12345);
  longer.insert(longer.end(), words.begin() + 11 + static_cast<ptrdiff_t>(Counters().size()), words.end());
  ++longer[1];
  std::string bytes = Rehashed(longer);
  bytes.resize(kSlotBytes, '\0');
  const auto slot = DecodeSlot(bytes);
  ASSERT_TRUE(slot);
  ExpectSame(slot->figures, SampleFigures(1));
}

TEST(FiguresLayout, HostileNumbersWithAGoodHashDoNoHarm) {
  const Words words = EncodeSlot(2, SampleFigures(1));
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    for (const uint64_t hostile : {UINT64_MAX, UINT64_MAX - 1, uint64_t{1} << 63, uint64_t{UINT32_MAX}}) {
      Words changed = words;
      changed[i] = hostile;
      std::string bytes = Rehashed(changed);
      bytes.resize(kSlotBytes, '\0');
      if (const auto slot = DecodeSlot(bytes)) EXPECT_LE(slot->sequence, uint64_t{1} << 62);
    }
  }
}

}  // namespace
}  // namespace amethyst::figures
