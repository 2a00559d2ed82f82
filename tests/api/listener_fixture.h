// A listener that keeps what it is told, and a database on one thread that has it. Thread safety: one thread, beside
// the listener's.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "amethyst/listener.h"
#include "base/random.h"
#include "io/memory_file_system.h"
#include "simulation/serial_environment.h"
#include "support/database.h"
#include "support/fault_file_system.h"

namespace amethyst {

class EventRecorder final : public Listener {
 public:
  void OnEvent(const Event& event) override {
    EXPECT_FALSE(in_call.exchange(true)) << "two calls at once";
    events.push_back(event);
    if (on_event) on_event(event);
    in_call.store(false);
  }
  void OnDurable(uint64_t index) override { durable.push_back(index); }

  [[nodiscard]] std::vector<Event> Of(EventKind kind) const {
    std::vector<Event> found;
    for (const Event& event : events) {
      if (event.kind == kind) found.push_back(event);
    }
    return found;
  }
  [[nodiscard]] std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const Event& event : events) names.emplace_back(EventKindName(event.kind));
    return names;
  }

  std::vector<Event> events;
  std::vector<uint64_t> durable;
  std::function<void(const Event&)> on_event;
  std::atomic<bool> in_call{false};
};

// Its files can fail.
class ListenerTest : public testing::Test {
 protected:
  explicit ListenerTest(const Options& options = support::SmallOptions()) : options_(options) { Open(); }

  void Open() {
    Components components = support::Over(environment_);
    components.listener = heard_;
    db_ = support::OpenOrFail("/db", options_, components);
  }
  void RunJobs() {
    while (serial_.RunOneJob()) {
    }
  }
  void PassTime() {
    serial_.clock().Advance(std::chrono::seconds(3));
    RunJobs();
  }
  void Fill(int entries, uint64_t seed = 1) {
    base::Random random(seed);
    for (int i = 0; i < entries; ++i) {
      ASSERT_EQ(support::Text(db_->Put(support::Key(random.Below(100'000)), std::string(100, 'v'))), "");
    }
  }

  Options options_;
  simulation::SerialEnvironment serial_{std::make_shared<io::MemoryFileSystem>(), 1};
  support::FaultFileSystem faults_{serial_.files()};
  support::FaultEnvironment environment_{serial_, faults_};
  std::shared_ptr<EventRecorder> heard_ = std::make_shared<EventRecorder>();
  std::unique_ptr<DB> db_;
};

}  // namespace amethyst
