// In which state a workload finds the database: what the runner does to an engine before. Covers: runner, worker
#include <gtest/gtest.h>

#include "bench/runner.h"
#include "support/temp_directory.h"

namespace amethyst::bench {
namespace {

// What was done to the store, a letter for each stretch of equal things: w(rites), f(lushes), m(ultigets), v(alues of
// cursors). Reads of single keys leave none.
std::string trace;

void Trace(char letter) {
  if (trace.empty() || trace.back() != letter) trace += letter;
}

class TracedCursor final : public Cursor {
 public:
  void SeekToFirst() override { left_ = 1000; }
  void SeekToLast() override { left_ = 1000; }
  void Seek(std::string_view) override { left_ = 1000; }
  void SeekForPrev(std::string_view) override { left_ = 1000; }
  void Next() override { --left_; }
  void Prev() override { --left_; }
  [[nodiscard]] bool Valid() const override { return left_ > 0; }
  [[nodiscard]] std::string_view key() const override { return "key"; }
  [[nodiscard]] std::string_view value() const override {
    Trace('v');
    return "value";
  }
  [[nodiscard]] Status status() const override { return {}; }

 private:
  uint64_t left_ = 0;
};

class TracedSession final : public Session {
 public:
  Status Put(std::string_view, std::string_view) override { return Write(); }
  Status Delete(std::string_view) override { return Write(); }
  Status PutBatch(std::span<const KeyValue>) override { return Write(); }
  Result<std::optional<std::string_view>> Get(std::string_view) override { return "value"; }
  Status MultiGet(std::span<const std::string_view> keys,
                  std::vector<std::optional<std::string_view>>* values) override {
    Trace('m');
    values->assign(keys.size(), "value");
    return {};
  }
  std::unique_ptr<Cursor> NewCursor() override { return std::make_unique<TracedCursor>(); }

 private:
  static Status Write() {
    Trace('w');
    return {};
  }
};

class TracedStore final : public Store {
 public:
  std::unique_ptr<Session> NewSession(Durability) override { return std::make_unique<TracedSession>(); }
  Status Flush() override {
    Trace('f');
    return {};
  }
  Result<uint64_t> WaitForIdle() override { return 0; }
  Status Compact() override { return {}; }
  StoreStats GetStats() override { return {}; }
  Status Close() override { return {}; }
};

class States : public testing::Test {
 protected:
  explicit States(Settle settle = Settle::kFlush) {
    trace.clear();
    Load load;
    load.keys = 100;
    load.settle = settle;
    StoreSettings settings;
    settings.directory = directory_.File("db");
    runner_ = std::make_unique<Runner>(engine_, settings, load);
  }

  // What the workload and all that goes before it does to the store.
  std::string TraceOf(const char* workload, std::optional<State> state = {}) {
    trace.clear();
    const auto measured = runner_->Run(*FindWorkload(workload), 0, state);
    EXPECT_TRUE(measured) << workload;
    EXPECT_EQ(measured->state, state);
    return trace;
  }

 private:
  const support::TempDirectory directory_;
  const Engine engine_{
      .name = "traced",
      .version = "1",
      .open = [](const StoreSettings&) -> Result<std::unique_ptr<Store>> { return std::make_unique<TracedStore>(); },
      .features = {}};
  std::unique_ptr<Runner> runner_;
};

class NeverSettled : public States {
 protected:
  NeverSettled() : States(Settle::kNone) {}
};

TEST_F(States, ASettledDatabaseSettlesOnce) {
  EXPECT_EQ(TraceOf("multiget", State::kSettled), "wfm");
  EXPECT_EQ(TraceOf("multiget", State::kSettled), "m");
  EXPECT_EQ(TraceOf("overwrite"), "wf");
  EXPECT_EQ(TraceOf("multiget", State::kSettled), "m");
}

TEST_F(States, ALiveDatabaseIsWrittenToRightBeforeEachWorkload) {
  EXPECT_EQ(TraceOf("multiget", State::kLive), "wfwm");
  EXPECT_EQ(TraceOf("multiget", State::kLive), "fwm");
  EXPECT_EQ(TraceOf("multiget", State::kSettled), "fm");
}

TEST_F(States, AWorkloadThatWritesBeginsAtRest) {
  TraceOf("multiget", State::kLive);
  EXPECT_EQ(TraceOf("ycsbb"), "fwf");
  TraceOf("multiget", State::kLive);
  EXPECT_EQ(TraceOf("fillrandom"), "wf") << "of an empty database there is nothing to settle";
}

TEST_F(NeverSettled, EachFindsWhatTheOneBeforeHasLeft) {
  EXPECT_EQ(TraceOf("fillrandom"), "w");
  EXPECT_EQ(TraceOf("ycsba"), "w");
  EXPECT_EQ(TraceOf("multiget", State::kLive), "m");
}

TEST_F(States, KeysAloneAreAskedForNoValue) {
  EXPECT_EQ(TraceOf("seek10", State::kSettled), "wfv");
  EXPECT_EQ(TraceOf("readseq", State::kSettled), "v");
  EXPECT_EQ(TraceOf("seek10keys", State::kSettled), "");
  EXPECT_EQ(TraceOf("readseqkeys", State::kSettled), "");
}

}  // namespace
}  // namespace amethyst::bench
