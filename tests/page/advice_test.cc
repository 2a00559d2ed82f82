#include "page/advice.h"

#include <gmock/gmock.h>

namespace amethyst::page {
namespace {

using testing::HasSubstr;

TEST(Advice, SaysThatAllIsWell) {
  const Advice advice = AdviceFor({});
  EXPECT_EQ(advice.tone, Advice::Tone::kGood);
  EXPECT_THAT(advice.text, HasSubstr("All is well"));
}

TEST(Advice, HasASentenceForEachStall) {
  figures::Figures figures;
  std::string last;
  for (int stall = 1; stall <= 7; ++stall) {
    figures.stall.cause = static_cast<figures::Stall>(stall);
    const Advice advice = AdviceFor({.figures = &figures});
    EXPECT_NE(advice.tone, Advice::Tone::kGood) << stall;
    if (figures.stall.cause != figures::Stall::kDebt) EXPECT_NE(advice.text, last);
    last = advice.text;
  }
  EXPECT_EQ(AdviceFor({.has_writer = false, .figures = &figures}).tone, Advice::Tone::kGood) << "it is over";
}

TEST(Advice, TellsOfWhatIsDeadIfThatIsMuch) {
  Situation situation{.bytes = uint64_t{1} << 30, .entries = 100, .dead_entries = 60};
  EXPECT_THAT(AdviceFor(situation).text, HasSubstr("60 %"));
  situation.dead_entries = 10;
  EXPECT_EQ(AdviceFor(situation).tone, Advice::Tone::kGood);
}

TEST(Advice, TellsOfACacheThatIsTooSmall) {
  const Situation situation{.bytes = uint64_t{1} << 30, .entries = 100, .cache_hits = 0.25};
  EXPECT_THAT(AdviceFor(situation).text, HasSubstr("75 %"));
}

TEST(Advice, TellsOfAFullLevel0) {
  const Situation situation{.level0_filled = 2};
  EXPECT_THAT(AdviceFor(situation).text, HasSubstr("Level 0"));
}

}  // namespace
}  // namespace amethyst::page
