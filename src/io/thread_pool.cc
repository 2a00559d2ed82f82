#include "io/thread_pool.h"

#include <pthread.h>

#include <algorithm>
#include <new>
#include <system_error>
#include <utility>

#include "base/assert.h"
#include "base/fork.h"
#include "io/next_due.h"

namespace amethyst::io {
namespace {

// Never destroyed: threads may outlive all else at the end of the program.
union PoolStorage {
  PoolStorage() : pool() {}
  ~PoolStorage() {}
  ThreadPool pool;
};

PoolStorage& Storage() {
  static PoolStorage storage;
  return storage;
}

// In the child nobody waits on its condition variables, whatever they say, and its lock may be held by nobody.
void BeginAnew() { new (&Storage().pool) ThreadPool(); }

const base::MadeAtLoad pool_at_load([] {
  Storage();
  base::AddForkHandlers({.in_child = BeginAnew});
});

bool HasWaiting(const ThreadPool::Queue& queue) {
  return std::ranges::any_of(queue.waiting, [](const auto& jobs) { return !jobs.empty(); });
}

std::function<void()> TakeJob(ThreadPool::Queue& queue) {
  const auto jobs = std::ranges::find_if(queue.waiting, [](const auto& waiting) { return !waiting.empty(); });
  AMETHYST_ASSERT(jobs != queue.waiting.end());
  std::function<void()> job = std::move(jobs->front());
  jobs->pop_front();
  return job;
}

}  // namespace

ThreadPool& ThreadPool::OfProcess() { return Storage().pool; }

void ThreadPool::Add(Queue& queue) {
  queue.place.assign(1, &queue);
  base::MutexLock lock(mutex_);
  ++queues_;
}

void ThreadPool::Remove(Queue& queue) noexcept {
  std::list<std::thread> threads;
  {
    base::MutexLock lock(mutex_);
    while (queue.running != 0 || HasWaiting(queue)) {
      if (queue.running < queue.limit && HasWaiting(queue)) {
        RunJob(queue);
      } else {
        finished_.Wait(mutex_);
      }
    }
    threads.splice(threads.end(), ended_);
    if (--queues_ == 0) {
      AMETHYST_ASSERT(ready_.empty() && armed_.empty());
      ++generation_;
      threads.splice(threads.end(), threads_);
      work_.NotifyAll();
      watch_.NotifyAll();
    }
  }
  for (std::thread& thread : threads) thread.join();
}

void ThreadPool::Schedule(Queue& queue, Priority priority, std::function<void()> job) {
  base::MutexLock lock(mutex_);
  queue.waiting[std::to_underlying(priority)].push_back(std::move(job));
  List(queue);
  if (!ready_.empty()) static_cast<void>(CallThread());
}

void ThreadPool::SetLimit(Queue& queue, uint32_t limit) {
  base::MutexLock lock(mutex_);
  queue.limit = limit;
  List(queue);
  if (!ready_.empty()) static_cast<void>(CallThread());
}

bool ThreadPool::Help() {
  base::MutexLock lock(mutex_);
  if (ready_.empty() || idle_ > 0 || StartThread()) return false;
  RunJob(*NextQueue());
  return true;
}

bool ThreadPool::Arm(Timer& timer) {
  base::MutexLock lock(mutex_);
  timer.rests = false;
  if (timer.armed) return true;
  timer.armed = true;
  if (timer.running) return true;
  timer.due = SteadyClock::now() + timer.interval;
  armed_.splice(armed_.end(), timer.place);
  if (watched_) {
    watch_.NotifyOne();  // It may be due before the others.
    return true;
  }
  if (CallThread()) return true;
  timer.armed = false;
  timer.place.splice(timer.place.end(), armed_, std::prev(armed_.end()));
  return false;
}

void ThreadPool::Rest(Timer& timer) {
  base::MutexLock lock(mutex_);
  timer.rests = true;
}

void ThreadPool::Disarm(Timer& timer) {
  base::MutexLock lock(mutex_);
  timer.armed = false;
  if (timer.place.empty()) timer.place.splice(timer.place.end(), armed_, std::ranges::find(armed_, &timer));
  if (watched_) watch_.NotifyOne();
  while (timer.running) finished_.Wait(mutex_);
}

void ThreadPool::Work(uint64_t generation) {
  pthread_setname_np(pthread_self(), "amethyst-work");
  base::MutexLock lock(mutex_);
  bool has_rested = false;
  while (generation == generation_) {
    if (DoSome()) {
      has_rested = false;
    } else if (has_rested && !NeedsWatcher()) {
      break;  // Under the lock since it has looked.
    } else {
      has_rested = !WaitForWork();
    }
  }
  CallForTheRest();  // Work of a later generation may have called this thread.
  const auto self = std::ranges::find(threads_, std::this_thread::get_id(), &std::thread::get_id);
  if (self == threads_.end()) return;
  ended_.splice(ended_.end(), threads_, self);
}

bool ThreadPool::DoSome() {
  if (Timer* const timer = DueTimer()) {
    RunTimer(*timer);
    return true;
  }
  Queue* const queue = NextQueue();
  if (queue != nullptr) RunJob(*queue);
  return queue != nullptr;
}

void ThreadPool::RunTimer(Timer& timer) {
  timer.place.splice(timer.place.end(), armed_, std::ranges::find(armed_, &timer));
  timer.running = true;
  timer.rests = false;
  ++timers_running_;
  CallForTheRest();
  mutex_.Unlock();
  timer.job();
  mutex_.Lock();
  --timers_running_;
  timer.running = false;
  timer.armed = timer.armed && !timer.rests;
  if (timer.armed) {
    timer.due = NextDue(timer.due, timer.interval, SteadyClock::now());
    armed_.splice(armed_.end(), timer.place);
  }
  finished_.NotifyAll();
}

void ThreadPool::RunJob(Queue& queue) {
  if (queue.place.empty()) queue.place.splice(queue.place.end(), ready_, std::ranges::find(ready_, &queue));
  std::function<void()> job = TakeJob(queue);
  ++queue.running;
  List(queue);
  CallForTheRest();
  mutex_.Unlock();
  job();
  job = nullptr;  // What it captured goes outside the lock.
  mutex_.Lock();
  --queue.running;
  List(queue);
  finished_.NotifyAll();
}

bool ThreadPool::WaitForWork() {
  if (NeedsWatcher()) {
    watched_ = true;
    const auto due = (*std::ranges::min_element(armed_, {}, &Timer::due))->due;
    const auto left = std::chrono::ceil<std::chrono::microseconds>(due - SteadyClock::now());
    // In slices: a time that is years away is beyond what the system's clocks hold.
    if (left.count() > 0) {
      static_cast<void>(watch_.WaitFor(mutex_, std::min<std::chrono::microseconds>(left, std::chrono::hours(1))));
    }
    watched_ = false;
    return true;
  }
  ++idle_;
  const bool is_called = work_.WaitFor(mutex_, armed_.empty() && timers_running_ == 0 ? kRest : kRestBetweenTicks);
  --idle_;
  return is_called;
}

ThreadPool::Timer* ThreadPool::DueTimer() {
  if (armed_.empty() || timers_running_ >= kTimersMax) return nullptr;
  Timer* const first = *std::ranges::min_element(armed_, {}, &Timer::due);
  return first->due <= SteadyClock::now() ? first : nullptr;
}

ThreadPool::Queue* ThreadPool::NextQueue() {
  if (ready_.empty()) return nullptr;
  const auto has_flush = [](const Queue* queue) {
    return !queue->waiting[std::to_underlying(Priority::kFlush)].empty();
  };
  const auto flush = std::ranges::find_if(ready_, has_flush);
  return flush == ready_.end() ? ready_.front() : *flush;
}

void ThreadPool::List(Queue& queue) {
  const bool may_start = HasWaiting(queue) && queue.running < queue.limit;
  if (may_start && !queue.place.empty()) ready_.splice(ready_.end(), queue.place);
}

bool ThreadPool::NeedsWatcher() const { return !armed_.empty() && !watched_ && timers_running_ < kTimersMax; }

bool ThreadPool::CallThread() {
  if (idle_ > 0) {
    work_.NotifyOne();
  } else if (watched_) {
    watch_.NotifyOne();
  } else {
    StartThread();
  }
  return !threads_.empty();
}

void ThreadPool::CallForTheRest() {
  if (!ready_.empty() || NeedsWatcher()) static_cast<void>(CallThread());
}

bool ThreadPool::StartThread() {
  for (std::thread& thread : ended_) thread.join();  // It is past its last use of the lock.
  ended_.clear();
  if (queues_ == 0 || threads_.size() >= kThreadsMax) return false;
  try {
    threads_.emplace_back([this, generation = generation_] { Work(generation); });
  } catch (const std::system_error&) {
    return false;
  } catch (const std::bad_alloc&) {
    return false;
  }
  return true;
}

}  // namespace amethyst::io
