// The queue of events and what comes out of it. Covers: events, event_notes, health
#include "engine/events.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <condition_variable>
#include <mutex>

#include "engine/event_notes.h"
#include "io/memory_file_system.h"
#include "io/system_environment.h"
#include "simulation/serial_environment.h"

namespace amethyst::engine {
namespace {

using testing::ElementsAre;

class NumberRecorder final : public Listener {
 public:
  void OnEvent(const Event& event) override {
    said.push_back(fmt::format("{} {}", event.number, EventKindName(event.kind)));
    if (on_event) on_event(event);
  }
  void OnEventsLost(uint64_t count) override { lost += count; }

  std::vector<std::string> said;
  std::function<void(const Event&)> on_event;
  uint64_t lost = 0;
};

class EventsTest : public testing::Test {
 protected:
  EventsTest() { EXPECT_TRUE(events_.Begin(listener_, environment_)); }

  void Add(EventKind kind) { events_.Add({.kind = kind}); }
  void RunJobs() {
    while (environment_.RunOneJob()) {
    }
  }

  simulation::SerialEnvironment environment_{std::make_shared<io::MemoryFileSystem>(), 1};
  std::shared_ptr<NumberRecorder> listener_ = std::make_shared<NumberRecorder>();
  Events events_;
};

TEST_F(EventsTest, AreDeliveredInOrderByAJob) {
  Add(EventKind::kFlushBegin);
  Add(EventKind::kFlushEnd);
  EXPECT_THAT(listener_->said, ElementsAre());
  EXPECT_EQ(environment_.waiting_jobs(), 1u);
  RunJobs();
  EXPECT_THAT(listener_->said, ElementsAre("1 flush-begin", "2 flush-end"));
  Add(EventKind::kIngest);
  RunJobs();
  EXPECT_EQ(listener_->said.back(), "3 ingest");
}

TEST_F(EventsTest, WhatAListenerTellsComesAfterWhatIsQueued) {
  listener_->on_event = [this](const Event& event) {
    EXPECT_TRUE(events_.IsTelling());
    if (event.kind == EventKind::kFlushBegin) Add(EventKind::kBackup);
  };
  Add(EventKind::kFlushBegin);
  Add(EventKind::kFlushEnd);
  RunJobs();
  EXPECT_THAT(listener_->said, ElementsAre("1 flush-begin", "2 flush-end", "3 backup"));
  EXPECT_FALSE(events_.IsTelling());
}

TEST_F(EventsTest, ThoseBeyondTheBoundAreCountedAndOneEventTellsTheCount) {
  for (size_t i = 0; i < Events::kQueuedMax + 10; ++i) Add(EventKind::kFlushBegin);
  RunJobs();
  EXPECT_EQ(listener_->said.size(), Events::kQueuedMax + 1);
  EXPECT_EQ(listener_->said[Events::kQueuedMax - 1], "4096 flush-begin");
  EXPECT_EQ(listener_->said.back(), "4107 events-lost");
  EXPECT_EQ(listener_->lost, 10u);
}

TEST_F(EventsTest, TheLossIsToldInItsPlace) {
  listener_->on_event = [this](const Event& event) {
    if (event.number == 1) Add(EventKind::kIngest);  // There is room for one, and none for two.
    if (event.number == 2) Add(EventKind::kBackup);
  };
  for (size_t i = 0; i < Events::kQueuedMax + 3; ++i) Add(EventKind::kFlushBegin);
  RunJobs();
  ASSERT_GE(listener_->said.size(), 2u);
  EXPECT_THAT(std::vector(listener_->said.end() - 2, listener_->said.end()),
              ElementsAre("4101 events-lost", "4102 backup"));
  EXPECT_EQ(listener_->lost, 4u);
  EXPECT_EQ(listener_->said.size(), Events::kQueuedMax + 2);
}

TEST_F(EventsTest, FinishDeliversWhatIsQueuedAndNothingLater) {
  Add(EventKind::kFlushBegin);
  Add(EventKind::kFlushEnd);
  const std::weak_ptr<NumberRecorder> listener = listener_;
  events_.Finish();
  EXPECT_EQ(listener_->said.size(), 2u);
  EXPECT_FALSE(events_.IsHeard());
  Add(EventKind::kIngest);
  RunJobs();
  EXPECT_EQ(listener_->said.size(), 2u);
  listener_.reset();
  EXPECT_TRUE(listener.expired());
}

TEST_F(EventsTest, AnEventThatCannotBeMadeIsLost) {
  events_.Tell([]() -> Event { throw std::bad_alloc(); });
  RunJobs();
  EXPECT_THAT(listener_->said, ElementsAre("2 events-lost"));
  EXPECT_EQ(listener_->lost, 1u);
}

TEST_F(EventsTest, AListenerThatThrowsIsToldOfTheNextAllTheSame) {
  listener_->on_event = [](const Event& event) {
    if (event.kind == EventKind::kFlushBegin) throw std::bad_alloc();
  };
  Add(EventKind::kFlushBegin);
  Add(EventKind::kFlushEnd);
  RunJobs();
  EXPECT_THAT(listener_->said, ElementsAre("1 flush-begin", "2 flush-end"));
}

TEST(EventsUnheard, NothingIsMadeAndNothingRuns) {
  simulation::SerialEnvironment environment(std::make_shared<io::MemoryFileSystem>(), 1);
  Events events;
  ASSERT_TRUE(events.Begin(nullptr, environment));
  events.Tell([]() -> Event {
    ADD_FAILURE() << "made";
    return {};
  });
  EXPECT_EQ(environment.waiting_jobs(), 0u);
}

TEST_F(EventsTest, EachKindHasANameAndAFunctionOfItsOwn) {
  struct Counter final : Listener {
    void Count() { ++calls; }
    void OnFlushBegin(const Event&) override { Count(); }
    void OnFlushEnd(const Event&) override { Count(); }
    void OnCompactionBegin(const Event&) override { Count(); }
    void OnCompactionEnd(const Event&) override { Count(); }
    void OnTableMade(const Event&) override { Count(); }
    void OnTableRemoved(const Event&) override { Count(); }
    void OnIngest(const Event&) override { Count(); }
    void OnFamilyMade(const Event&) override { Count(); }
    void OnFamilyDropped(const Event&) override { Count(); }
    void OnFamilyRenamed(const Event&) override { Count(); }
    void OnWriteDelayBegin(const Event&) override { Count(); }
    void OnWriteDelayEnd(const Event&) override { Count(); }
    void OnErrorLatched(const Event&) override { Count(); }
    void OnErrorWaits(const Event&) override { Count(); }
    void OnErrorCleared(const Event&) override { Count(); }
    void OnCheckpoint(const Event&) override { Count(); }
    void OnBackup(const Event&) override { Count(); }
    void OnCursorLost(const Event&) override { Count(); }
    void OnClockJump(const Event&) override { Count(); }
    void OnDurable(uint64_t index) override { calls += index; }
    void OnEventsLost(uint64_t count) override { calls += count; }
    uint64_t calls = 0;
  } counter;
  std::set<std::string_view> names;
  for (uint8_t kind = 1; kind <= static_cast<uint8_t>(EventKind::kEventsLost); ++kind) {
    Deliver(counter, {.kind = EventKind{kind}, .value = 1});
    EXPECT_EQ(counter.calls, kind);
    names.insert(EventKindName(EventKind{kind}));
  }
  EXPECT_EQ(names.size(), counter.calls);
  EXPECT_FALSE(names.contains("unknown"));
  Listener deaf;  // Its functions do nothing.
  for (uint8_t kind = 1; kind <= static_cast<uint8_t>(EventKind::kEventsLost); ++kind) Deliver(deaf, {EventKind{kind}});
}

TEST_F(EventsTest, ADelayIsToldWhenItBeginsChangesAndEnds) {
  std::vector<std::string> causes;
  listener_->on_event = [&](const Event& event) {
    causes.push_back(fmt::format("{} {}", EventKindName(event.kind), DelayCauseName(event.cause)));
  };
  DelayNote note;
  note.Set(events_, DelayCause::kNone);
  note.Set(events_, DelayCause::kLevel0);
  note.Set(events_, DelayCause::kLevel0);
  note.Set(events_, DelayCause::kCompactionDebt);
  note.Set(events_, DelayCause::kNone);
  RunJobs();
  EXPECT_THAT(causes, ElementsAre("write-delay-begin level-0", "write-delay-end level-0",
                                  "write-delay-begin compaction-debt", "write-delay-end compaction-debt"));
}

TEST_F(EventsTest, WritersThatWaitTogetherAreOneDelay) {
  WaitingWriters writers;
  {
    const WaitingWriters::Wait first(&writers, events_);
    const WaitingWriters::Wait second(&writers, events_);
  }
  const WaitingWriters::Wait third(&writers, events_);
  RunJobs();
  EXPECT_THAT(listener_->said, ElementsAre("1 write-delay-begin", "2 write-delay-end", "3 write-delay-begin"));
}

TEST_F(EventsTest, WorkThatWaitsIsToldOnceAndWhenItGoesOn) {
  StallNote note;
  note.GoesOn(events_);
  note.Waits(events_, Error(ErrorCode::kNoSpace, "full"));
  note.Waits(events_, Error(ErrorCode::kNoSpace, "full still"));
  note.GoesOn(events_);
  note.GoesOn(events_);
  RunJobs();
  EXPECT_THAT(listener_->said, ElementsAre("1 error-waits", "2 error-cleared"));
}

TEST_F(EventsTest, AClockThatJumpsIsToldOnce) {
  std::vector<int64_t> jumps;
  listener_->on_event = [&](const Event& event) { jumps.push_back(event.jump.count()); };
  ClockWatch watch;
  const auto look = [&] {
    watch.Look(environment_.clock(), events_);
    environment_.clock().Advance(std::chrono::seconds(100));
    watch.Look(environment_.clock(), events_);
    RunJobs();
  };
  look();
  EXPECT_THAT(jumps, ElementsAre());
  environment_.clock().JumpWallTime(std::chrono::seconds(4));
  look();
  EXPECT_THAT(jumps, ElementsAre());
  environment_.clock().JumpWallTime(std::chrono::hours(1));
  look();
  EXPECT_THAT(jumps, ElementsAre(3'604'000));
  environment_.clock().JumpWallTime(-std::chrono::hours(1));
  look();
  EXPECT_THAT(jumps, ElementsAre(3'604'000, -3'600'000));
}

TEST(EventsOfThreads, ABlockingListenerHoldsUpNobodyWhoTells) {
  std::mutex mutex;
  std::condition_variable changed;
  bool may_go = false;
  auto listener = std::make_shared<NumberRecorder>();
  listener->on_event = [&](const Event&) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return may_go; });
  };
  Events events;
  ASSERT_TRUE(events.Begin(listener, *io::DefaultEnvironment()));
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < 2000; ++i) events.Add({.kind = EventKind::kFlushBegin});
    });
  }
  for (std::thread& thread : threads) thread.join();  // All have told, and the first is being delivered yet.
  {
    const std::lock_guard lock(mutex);
    may_go = true;
  }
  changed.notify_all();
  events.Finish();
  EXPECT_GE(listener->said.size(), Events::kQueuedMax);
  EXPECT_EQ(listener->lost + listener->said.size(), 8000u + 1);
}

}  // namespace
}  // namespace amethyst::engine
