#include "figures/running_jobs.h"

#include <algorithm>
#include <utility>

namespace amethyst::figures {

RunningJobs::Running RunningJobs::Begin(Job job, uint64_t entries) {
  std::list<Entry> made(1);
  made.front().job = std::move(job);
  made.front().entries = entries;
  const auto place = made.begin();
  if (watcher_.board != nullptr) {
    place->begin = watcher_.clock->Monotonic();
    place->job.started_ms = static_cast<uint64_t>(watcher_.clock->WallTime().count());
  }
  {
    base::MutexLock lock(mutex_);
    entries_.splice(entries_.end(), made);
  }
  if (watcher_.begun) watcher_.begun();
  return Running(*this, place);
}

RunningJobs::Running::~Running() {
  std::list<Entry> ended;
  base::MutexLock lock(jobs_.mutex_);
  ended.splice(ended.end(), jobs_.entries_, place_);
}

void RunningJobs::Running::Complete(uint64_t bytes_written) const {
  const Watcher& watcher = jobs_.watcher_;
  if (watcher.board == nullptr) return;
  const Job& job = place_->job;
  const auto took = std::chrono::floor<std::chrono::microseconds>(watcher.clock->Monotonic() - place_->begin);
  const auto took_us = static_cast<uint64_t>(took.count());
  Event event{.kind = EventKind::kFlush, .numbers = {job.bytes, bytes_written, took_us}};
  if (job.kind != JobKind::kFlush) {
    event = {.kind = EventKind::kCompaction,
             .from = static_cast<uint8_t>(job.from),
             .to = static_cast<uint8_t>(job.to),
             .numbers = {job.tables, job.bytes, bytes_written, took_us},
             .text = job.reason};
  }
  watcher.board->Record(std::move(event));
}

std::vector<Job> RunningJobs::List() const {
  base::MutexLock lock(mutex_);
  std::vector<Job> jobs;
  jobs.reserve(entries_.size());
  for (const Entry& entry : entries_) {
    Job& job = jobs.emplace_back(entry.job);
    const uint64_t done = std::min(entry.entries_done.load(std::memory_order_relaxed), entry.entries);
    const double part = entry.entries == 0 ? 0 : static_cast<double>(done) / static_cast<double>(entry.entries);
    job.bytes_done = std::min(job.bytes, static_cast<uint64_t>(part * static_cast<double>(job.bytes)));
  }
  return jobs;
}

}  // namespace amethyst::figures
