#include "figures/words.h"

#include <gtest/gtest.h>

#include <set>

namespace amethyst::figures {
namespace {

TEST(Words, AreOneForEachKind) {
  std::set<std::string_view> stalls;
  std::set<std::string_view> sentences;
  for (int i = 0; i <= 7; ++i) {
    stalls.insert(WordOf(static_cast<Stall>(i)));
    sentences.insert(SentenceOf(static_cast<Stall>(i)));
  }
  EXPECT_EQ(stalls.size(), 8u);
  EXPECT_EQ(sentences.size(), 8u);
  EXPECT_EQ(WordOf(JobKind::kMerge), "merge");
  EXPECT_EQ(WordOf(EventKind::kStallBegins), "stall-begins");
}

TEST(Words, OfWhatALaterBuildWritesSayThatTheyAreNotKnown) {
  EXPECT_EQ(WordOf(static_cast<Stall>(99)), "unknown");
  EXPECT_EQ(WordOf(static_cast<JobKind>(99)), "unknown");
  EXPECT_EQ(WordOf(static_cast<EventKind>(99)), "unknown");
}

}  // namespace
}  // namespace amethyst::figures
