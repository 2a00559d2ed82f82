#include "bench/trial_run.h"

#include <gtest/gtest.h>

#include "support/temp_directory.h"

namespace amethyst::bench {
namespace {

TEST(TrialRun, PutsEveryKeyOnceIntoEachFamily) {
  const support::TempDirectory directory;
  Load load;
  load.batch_entries = 7;
  StoreSettings settings;
  settings.directory = directory.File("trial");
  TrialRun run(*FindEngine("amethyst"), settings, load, 1);
  const std::unique_ptr<Store> store = run.Open(run.SettingsOf("db")).value();
  ASSERT_TRUE(store->CreateFamily("other"));
  ASSERT_TRUE(run.Put(*store, 100, {0, 1}));
  ASSERT_TRUE(TrialRun::Settle(*store));
  std::unique_ptr<Session> session = store->NewSession(Durability::kBuffered);
  for (const uint32_t family : {0u, 1u}) {
    for (uint64_t i = 0; i < 100; ++i) EXPECT_TRUE(run.Get(*session, i, family).value()) << i;
    EXPECT_FALSE(run.Get(*session, 100, family).value());
  }
  session.reset();
  EXPECT_TRUE(store->Close());
}

TEST(TrialRun, CountsOperationsAloneAndHandsFiguresOn) {
  TrialRun run(*FindEngine("null"), StoreSettings(), Load(), 1);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(run.Operation([] { return Status(); }));
  EXPECT_FALSE(run.Operation([]() -> Status { return base::InvalidArgument("no"); }));
  run.Report("first us", 4);
  Measurement m;
  run.Collect(&m);
  EXPECT_EQ(m.operations, 3u);
  EXPECT_EQ(m.latency.count(), 3u);
  ASSERT_EQ(m.figures.size(), 1u);
  EXPECT_EQ(m.figures[0].name, "first us");
  EXPECT_DOUBLE_EQ(m.figures[0].value, 4);
}

TEST(TrialRun, AnEngineThatIsWrongIsAnErrorUnlessItStoresNothing) {
  EXPECT_TRUE(TrialRun(*FindEngine("amethyst"), StoreSettings(), Load(), 1).Expect(true, "gone"));
  EXPECT_FALSE(TrialRun(*FindEngine("amethyst"), StoreSettings(), Load(), 1).Expect(false, "gone"));
  EXPECT_TRUE(TrialRun(*FindEngine("null"), StoreSettings(), Load(), 1).Expect(false, "gone"));
}

TEST(TrialRun, ARatioIsTakenInTurnsOfAsManyCalls) {
  std::string calls;
  const auto ratio = RatioOf(
      2, 2,
      [&]() -> Status {
        calls += 'a';
        return {};
      },
      [&]() -> Status {
        calls += 'b';
        return {};
      });
  ASSERT_TRUE(ratio);
  EXPECT_EQ(calls, "bbaaaabb");
  EXPECT_GE(*ratio, 0);
  EXPECT_FALSE(RatioOf(1, 1, [] { return Status(); }, []() -> Status { return base::InvalidArgument("no"); }));
}

}  // namespace
}  // namespace amethyst::bench
