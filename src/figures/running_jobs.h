// The jobs that run now, for those who look on. Thread safety: any thread; SetWatcher while no job runs.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <list>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "figures/board.h"
#include "figures/figures.h"
#include "io/environment.h"

namespace amethyst::figures {

class RunningJobs {
 private:
  struct Entry {
    Job job;
    uint64_t entries = 0;  // That it reads.
    std::chrono::nanoseconds begin{0};
    std::atomic<uint64_t> entries_done{0};
  };

 public:
  // A job that runs as long as this lives.
  class Running {
   public:
    Running(RunningJobs& jobs, std::list<Entry>::iterator place) : jobs_(jobs), place_(place) {}
    ~Running();
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

    // To be counted up by what carries the job out, on any thread.
    [[nodiscard]] std::atomic<uint64_t>& entries_done() const { return place_->entries_done; }
    // What it did can be seen: an event of it is recorded.
    void Complete(uint64_t bytes_written) const;

   private:
    RunningJobs& jobs_;
    const std::list<Entry>::iterator place_;
  };

  // Where events go, and who is told when a job has begun. Before any job; without it nobody is told anything.
  struct Watcher {
    Board* board = nullptr;  // nullptr: nobody watches.
    io::Clock* clock = nullptr;
    std::function<void()> begun;
  };
  void SetWatcher(Watcher watcher) { watcher_ = std::move(watcher); }

  // `entries`: how many it will read. `job.bytes_done` follows from how many of them it has read.
  [[nodiscard]] Running Begin(Job job, uint64_t entries) AMETHYST_EXCLUDES(mutex_);
  [[nodiscard]] std::vector<Job> List() const AMETHYST_EXCLUDES(mutex_);

 private:
  Watcher watcher_;  // Constant while jobs run.
  mutable base::Mutex mutex_{base::LockRank::kFigures};
  std::list<Entry> entries_ AMETHYST_GUARDED_BY(mutex_);
};

}  // namespace amethyst::figures
