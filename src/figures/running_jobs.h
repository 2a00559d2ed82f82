// The jobs that run now, for those who look on. Thread safety: any thread.
#pragma once

#include <atomic>
#include <list>
#include <vector>

#include "base/mutex.h"
#include "figures/figures.h"

namespace amethyst::figures {

class RunningJobs {
 private:
  struct Entry {
    Job job;
    uint64_t entries = 0;  // That it reads.
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

   private:
    RunningJobs& jobs_;
    const std::list<Entry>::iterator place_;
  };

  // `entries`: how many it will read. `job.bytes_done` follows from how many of them it has read.
  [[nodiscard]] Running Begin(Job job, uint64_t entries) AMETHYST_EXCLUDES(mutex_);
  [[nodiscard]] std::vector<Job> List() const AMETHYST_EXCLUDES(mutex_);

 private:
  mutable base::Mutex mutex_{base::LockRank::kFigures};
  std::list<Entry> entries_ AMETHYST_GUARDED_BY(mutex_);
};

}  // namespace amethyst::figures
