// A loss of power at any point, with writes whose callers are told once they are durable: what was told is there after,
// and so is all that the durable sequence number says. Covers: durable_waits
#include <gtest/gtest.h>

#include "io/memory_file_system.h"
#include "simulation/serial_environment.h"
#include "support/database.h"
#include "torture/crash_state.h"
#include "torture/trace_file_system.h"

namespace amethyst::engine {
namespace {

using support::Key;
using support::Text;

// A run of one seed: numbered batches of one put each, with what was said to be durable at each size of the trace.
class NumberedWrites {
 public:
  explicit NumberedWrites(uint64_t seed) : random_(seed) {
    options_.write_buffer_bytes = size_t{64} << 10;
    options_.memory_budget_bytes = size_t{4} << 20;
    options_.sync_interval_ms = 100;
    auto memory = std::make_shared<io::MemoryFileSystem>();
    EXPECT_TRUE(memory->CreateDirectories("/db"));
    files_ = std::make_shared<torture::TraceFileSystem>(memory);
    environment_ = std::make_shared<simulation::SerialEnvironment>(files_, seed);
    Open();
    begins_at_ = files_->trace().size();
    for (int step = 0; step < 150; ++step) Step();
    EXPECT_EQ(Text(db_->Close()), "");
    EXPECT_EQ(told_, written_);
    db_ = nullptr;
  }

  void CheckAt(size_t point, torture::CrashState& state, torture::PowerLossModel model) {
    auto left = state.DrawImage(model, random_).Make("/db");
    simulation::SerialEnvironment environment(left, 1);
    auto db = support::OpenOrFail("/db", options_, support::Over(environment));
    ASSERT_NE(db, nullptr);
    uint64_t there = 0;
    while (db->Get(Key(there)).value()) ++there;
    EXPECT_EQ(support::ContentOf(*db).size(), there);
    for (const Said& said : said_) {
      if (said.trace_size > point) continue;
      EXPECT_GE(there, said.writes);
      EXPECT_GE(db->GetSnapshot().sequence(), said.sequence);
    }
    EXPECT_EQ(Text(db->Close()), "");
  }

  [[nodiscard]] size_t begins_at() const { return begins_at_; }
  [[nodiscard]] const std::vector<torture::TraceOperation>& operations() const { return files_->trace().operations(); }
  [[nodiscard]] size_t said() const { return said_.size(); }

 private:
  struct Said {
    size_t trace_size;
    uint64_t writes;
    uint64_t sequence;
  };

  void Open() {
    Components components;
    components.environment = environment_;
    db_ = support::OpenOrFail("/db", options_, components);
  }
  void Note() { said_.push_back({files_->trace().size(), told_, db_->DurableSequence().value_or(0)}); }

  void Step() {
    const uint64_t kind = random_.Below(100);
    if (kind < 60) {
      WriteBatch batch;
      batch.Put(Key(written_), std::string(random_.Below(random_.OneIn(10) ? 20'000 : 300), 'v'));
      const WriteOptions options{.durability = random_.OneIn(2) ? Durability::kSync : Durability::kBuffered};
      EXPECT_TRUE(db_->WriteAsync(batch, options, [this, n = written_](const Status& durable) {
        EXPECT_EQ(Text(durable), "");
        EXPECT_EQ(n, told_);
        ++told_;
        Note();
      }));
      ++written_;
      if (random_.OneIn(8)) Note();
    } else if (kind < 80) {
      for (uint64_t jobs = random_.Below(4); jobs > 0 && environment_->RunOneJob(); --jobs) {
      }
    } else if (kind < 86) {
      environment_->clock().Advance(std::chrono::milliseconds(150));
    } else if (kind < 90) {
      EXPECT_EQ(Text(db_->Flush()), "");
    } else if (kind < 96) {
      EXPECT_EQ(Text(db_->SyncWal()), "");
    } else {
      EXPECT_EQ(Text(db_->Close()), "");
      EXPECT_EQ(told_, written_);
      Open();
    }
  }

  base::Random random_;
  Options options_;
  std::shared_ptr<torture::TraceFileSystem> files_;
  std::shared_ptr<simulation::SerialEnvironment> environment_;
  std::unique_ptr<DB> db_;
  size_t begins_at_ = 0;
  uint64_t written_ = 0;
  uint64_t told_ = 0;
  std::vector<Said> said_;
};

TEST(DurableWaitsPowerLoss, WhatWasToldIsThere) {
  uint64_t images = 0;
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    NumberedWrites writes(seed);
    EXPECT_GT(writes.said(), 30u);
    torture::CrashState state;
    base::Random random(seed);
    for (size_t point = 0; point < writes.operations().size() && !testing::Test::HasFailure(); ++point) {
      if (point >= writes.begins_at() && random.OneIn(3)) {
        SCOPED_TRACE(fmt::format("seed {}, after {} operations", seed, point));
        writes.CheckAt(point, state, static_cast<torture::PowerLossModel>(images++ % torture::kPowerLossModels));
      }
      state.Apply(writes.operations()[point]);
    }
  }
  EXPECT_GT(images, 300u);
}

}  // namespace
}  // namespace amethyst::engine
