// A loss of power at any point while commands run with `appendfsync always`: what was answered is there after, whole
// commands, and nothing of a command half. Covers: server, space
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>

#include "base/hash.h"
#include "io/memory_file_system.h"
#include "server/server_fixture.h"
#include "simulation/serial_environment.h"
#include "support/database.h"
#include "torture/crash_state.h"
#include "torture/trace_file_system.h"

namespace amethyst::server {
namespace {

// All that commands can see, as one number: what the keyspace's families hold, the ids that are free apart.
uint64_t StateOf(Space& space) {
  std::string all;
  for (const Part part : {Part::kKeys, Part::kData, Part::kOrder, Part::kTtl, Part::kSys}) {
    Iterator entries = space.family(part).NewIterator();
    for (entries.SeekToFirst(); entries.Valid(); entries.Next()) {
      if (part == Part::kSys && !entries.key().starts_with('x')) continue;
      all += fmt::format("{}:{}{}:{}", entries.key().size(), entries.key(), entries.value().size(), entries.value());
    }
    EXPECT_TRUE(entries.status());
  }
  return base::Hash64(all);
}

// A run of one seed: drawn commands in turns, with the state after each, and what was answered at each size of the
// trace.
class AnsweredCommands {
 public:
  explicit AnsweredCommands(uint64_t seed) : random_(seed) {
    options_.write_buffer_bytes = size_t{64} << 10;
    options_.memory_budget_bytes = size_t{8} << 20;
    auto memory = std::make_shared<io::MemoryFileSystem>();
    EXPECT_TRUE(memory->CreateDirectories("/db"));
    files_ = std::make_shared<torture::TraceFileSystem>(memory);
    environment_ = std::make_shared<simulation::SerialEnvironment>(files_, seed);
    EXPECT_TRUE(config_.Set(
        {{"appendfsync", "always"}, {"hash-max-listpack-entries", "4"}, {"zset-max-listpack-entries", "4"}}, true));
    auto space = Space::Open("/db", options_, support::Over(*environment_));
    EXPECT_TRUE(space);
    Server server(**space, config_, clock_);
    MemoryConnection connection("127.0.0.1:1");
    Session* const session = server.Connect(connection);
    begins_at_ = files_->trace().size();
    states_.push_back({.trace_size = 0, .state = StateOf(**space)});
    for (int turn = 0; turn < 60; ++turn) {
      for (uint64_t commands = 1 + random_.Below(4); commands > 0; --commands) {
        server.Receive(*session, random_.OneIn(4) ? DrawTransaction() : Encode(Draw()));
        states_.push_back({.trace_size = files_->trace().size(), .state = StateOf(**space)});
      }
      server.EndTurn();
      answered_.push_back({.trace_size = files_->trace().size(), .commands = states_.size() - 1});
      for (uint64_t jobs = random_.Below(3); jobs > 0 && environment_->RunOneJob(); --jobs) {
      }
    }
    server.Disconnect(*session);
    EXPECT_TRUE((*space)->Close());
  }

  // Opens what the power loss has left after the first `point` operations of the trace.
  void CheckAt(size_t point, torture::CrashState& state, torture::PowerLossModel model) {
    size_t answered = 0;
    for (const Answered& moment : answered_) {
      if (moment.trace_size <= point) answered = moment.commands;
    }
    auto left = state.DrawImage(model, random_).Make("/db");
    simulation::SerialEnvironment environment(left, 1);
    auto space = Space::Open("/db", options_, support::Over(environment));
    ASSERT_TRUE(space) << space.error().ToString();
    const uint64_t found = StateOf(**space);
    EXPECT_TRUE(std::any_of(states_.begin() + static_cast<std::ptrdiff_t>(answered), states_.end(),
                            [&](const AfterCommand& after) { return after.state == found; }))
        << "after " << answered << " commands that were answered";
    EXPECT_TRUE((*space)->Close());
  }

  [[nodiscard]] size_t begins_at() const { return begins_at_; }
  [[nodiscard]] const std::vector<torture::TraceOperation>& operations() const { return files_->trace().operations(); }

 private:
  struct AfterCommand {
    size_t trace_size;
    uint64_t state;
  };
  struct Answered {
    size_t trace_size;
    size_t commands;
  };

  std::string DrawTransaction() {
    return Encode({"multi"}) + Encode(Draw()) + Encode(Draw()) + Encode(Draw()) + Encode({"exec"});
  }

  std::vector<std::string> Draw() {
    const auto one = [&](std::initializer_list<const char*> of) {
      return std::string(*(of.begin() + static_cast<std::ptrdiff_t>(random_.Below(of.size()))));
    };
    const std::string key = one({"a", "b", "c"});
    const std::string number = std::to_string(random_.Below(12));
    switch (random_.Below(14)) {
      case 0: return {"set", key, std::string(random_.Below(300), 'v')};
      case 1: return {"set", key, "1", "px", "100000000"};
      case 2: return {"del", key};
      case 3: return {"rename", key, one({"a", "b", "c", "d"})};
      case 4: return {"mset", "a", number, "b", number, "c", number};
      case 5: return {"flushall"};
      case 6:
      case 7: return {"hset", key, "f" + number, std::string(random_.Below(100), 'w'), "g", number};
      case 8: return {"hdel", key, "f" + number, "g"};
      case 9:
      case 10: return {"sadd", key, number, "x", "y" + number};
      case 11: return {"smove", key, one({"a", "b", "c"}), number};
      case 12: return {"sunionstore", key, "a", "b", "c"};
      default: return {"copy", key, one({"a", "b", "c"}), "replace"};
    }
  }

  base::Random random_;
  Options options_;
  ManualClock clock_;
  Config config_;
  std::shared_ptr<torture::TraceFileSystem> files_;
  std::shared_ptr<simulation::SerialEnvironment> environment_;
  size_t begins_at_ = 0;
  std::vector<AfterCommand> states_;
  std::vector<Answered> answered_;
};

TEST(ServerPowerLoss, WhatWasAnsweredIsThereAndNoCommandIsHalf) {
  uint64_t images = 0;
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    AnsweredCommands commands(seed);
    torture::CrashState state;
    base::Random random(seed);
    for (size_t point = 0; point < commands.operations().size() && !testing::Test::HasFailure(); ++point) {
      if (point >= commands.begins_at() && random.OneIn(3)) {
        SCOPED_TRACE(fmt::format("seed {}, after {} operations", seed, point));
        commands.CheckAt(point, state, static_cast<torture::PowerLossModel>(images++ % torture::kPowerLossModels));
      }
      state.Apply(commands.operations()[point]);
    }
  }
  EXPECT_GT(images, 200u);
}

}  // namespace
}  // namespace amethyst::server
