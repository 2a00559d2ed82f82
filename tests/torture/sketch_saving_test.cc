#include "torture/sketch_saving.h"

#include <gtest/gtest.h>

namespace amethyst::torture {
namespace {

// So small a load says nothing of how much is saved: the program measures that on forty times as much.
TEST(SketchSaving, RepeatsItselfAndDiffersByTheSketchesAlone) {
  const SketchSavingSettings settings{.seed = 3, .entries = 100'000};
  const SketchSavingReport report = MeasureSketchSaving(settings);
  EXPECT_EQ(report.violation, "");
  EXPECT_GT(report.written_without, uint64_t{100} << 20 >> 2);
  EXPECT_NE(report.written_with, report.written_without);
  const SketchSavingReport again = MeasureSketchSaving(settings);
  EXPECT_EQ(again.written_with, report.written_with);
  EXPECT_EQ(again.written_without, report.written_without);
}

}  // namespace
}  // namespace amethyst::torture
