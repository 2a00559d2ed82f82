#include "wal/log_readers.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace amethyst::wal {

void LogReaders::AddHold(key::FileNumber first) {
  base::MutexLock lock(mutex_);
  held_.insert(first);
}

void LogReaders::MoveHold(key::FileNumber from, key::FileNumber to) noexcept {
  base::MutexLock lock(mutex_);
  const auto at = held_.find(from);
  AMETHYST_ASSERT(at != held_.end() && to >= from);
  auto node = held_.extract(at);  // Which takes no memory.
  node.value() = to;
  held_.insert(std::move(node));
}

void LogReaders::RemoveHold(key::FileNumber first) noexcept {
  base::MutexLock lock(mutex_);
  const auto at = held_.find(first);
  AMETHYST_ASSERT(at != held_.end());
  held_.erase(at);
}

std::optional<key::FileNumber> LogReaders::LeastHeld() const {
  base::MutexLock lock(mutex_);
  return held_.empty() ? std::nullopt : std::optional(*held_.begin());
}

key::FileNumber LogReaders::FirstToKeep(key::FileNumber first_needed) {
  base::MutexLock lock(mutex_);
  first_needed_ = std::max(first_needed_, first_needed);
  return held_.empty() ? first_needed_ : std::min(first_needed_, *held_.begin());
}

key::FileNumber LogReaders::first_needed() const {
  base::MutexLock lock(mutex_);
  return first_needed_;
}

void LogReaders::Wake() noexcept {
  wakes_.fetch_add(1);
  if (sleepers_.load() == 0) return;
  base::MutexLock lock(mutex_);
  woken_.NotifyAll();
}

bool LogReaders::Wait(io::Executor& executor, uint64_t seen, std::chrono::microseconds timeout) {
  base::MutexLock lock(mutex_);
  sleepers_.fetch_add(1);
  const bool woken = executor.WaitFor(mutex_, woken_, [&] { return wakes_.load() != seen; }, timeout);
  AMETHYST_ASSERT(sleepers_.load() > 0);
  sleepers_.fetch_sub(1);
  return woken;
}

LogHold::LogHold(std::shared_ptr<LogReaders> readers, key::FileNumber first) : first_(first) {
  AMETHYST_ASSERT(readers != nullptr);
  readers->AddHold(first);
  readers_ = std::move(readers);
}

LogHold& LogHold::operator=(LogHold&& other) noexcept {
  if (this == &other) return *this;
  Release();
  readers_ = std::move(other.readers_);
  first_ = other.first_;
  return *this;
}

void LogHold::MoveTo(key::FileNumber first) noexcept {
  if (readers_ == nullptr || first == first_) return;
  readers_->MoveHold(first_, first);
  first_ = first;
}

void LogHold::Release() noexcept {
  if (readers_ == nullptr) return;
  readers_->RemoveHold(first_);
  readers_ = nullptr;
}

}  // namespace amethyst::wal
