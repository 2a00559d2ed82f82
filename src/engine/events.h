// What has happened to the database, on its way to the listener: a queue, and a job that empties it.
//
// Who does something tells of it once its effect can be seen, from any thread and under any lock that ranks before this
// one. One job at a time delivers, in the order of the queue, without a lock; so a listener that blocks holds up later
// events, and nobody else, up to kQueuedMax of them: those beyond are counted, and one event in their place says how
// many. There is no thread while nothing is queued, and no cost but a look at IsHeard while nobody listens.
//
// Add is where all events pass. Thread safety: any thread; Begin before any other.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <thread>
#include <utility>

#include "amethyst/listener.h"
#include "base/containment.h"
#include "base/mutex.h"
#include "io/environment.h"

namespace amethyst::engine {

class Events {
 public:
  static constexpr size_t kQueuedMax = 4096;

  Events() = default;
  ~Events() { Finish(); }
  Events(const Events&) = delete;
  Events& operator=(const Events&) = delete;

  // nullptr: nobody listens. `environment` outlives it.
  [[nodiscard]] Status Begin(std::shared_ptr<Listener> listener, io::Environment& environment);

  [[nodiscard]] bool IsHeard() const noexcept { return is_heard_.load(std::memory_order_relaxed); }
  // What `make` returns, if somebody listens; an event for which there is no memory is lost.
  template <typename Make>
  void Tell(Make make) noexcept {
    if (!IsHeard()) [[likely]]
      return;
    try {
      Add(make());
    } catch (...) {
      static_cast<void>(base::ErrorInFlight());
      AddLost();
    }
  }
  // Numbers and dates it.
  void Add(Event event) noexcept AMETHYST_EXCLUDES(mutex_);

  // This thread runs a listener.
  [[nodiscard]] bool IsTelling() const { return teller_.load() == std::this_thread::get_id(); }
  // Returns once all that was queued is delivered; what comes later is not.
  void Finish() noexcept AMETHYST_EXCLUDES(mutex_);

 private:
  void AddLost() noexcept AMETHYST_EXCLUDES(mutex_);
  void Number(Event* event) AMETHYST_REQUIRES(mutex_);
  void Schedule() noexcept AMETHYST_REQUIRES(mutex_);
  void Work() noexcept;
  // False: there is none, and the job has ended.
  [[nodiscard]] bool TakeNext(Event* event) AMETHYST_EXCLUDES(mutex_);
  [[nodiscard]] Event LostEvent() AMETHYST_REQUIRES(mutex_);

  std::atomic<bool> is_heard_{false};  // Set by Begin and Finish; a hint for those who tell.
  io::Clock* clock_ = nullptr;
  std::shared_ptr<Listener> listener_;      // The job's, and Finish's once there is none.
  std::unique_ptr<io::Executor> executor_;  // Of one thread; Finish's, once nobody tells.
  std::atomic<std::thread::id> teller_{};   // Stored by the thread that tells, before and after; loaded by listeners.

  base::Mutex mutex_{base::LockRank::kEvents};
  base::CondVar ended_;
  std::deque<Event> queue_ AMETHYST_GUARDED_BY(mutex_);
  uint64_t lost_ AMETHYST_GUARDED_BY(mutex_) = 0;     // Behind all that is queued.
  uint64_t number_ AMETHYST_GUARDED_BY(mutex_) = 0;   // Of the last event.
  bool at_work_ AMETHYST_GUARDED_BY(mutex_) = false;  // The job is scheduled, or runs.
  bool finished_ AMETHYST_GUARDED_BY(mutex_) = true;
};

// Calls what the listener has for it.
void Deliver(Listener& listener, const Event& event);

}  // namespace amethyst::engine
