// The first failure after which the database must not be written any more.
//
// What went wrong once with a log, a table or a manifest is not tried again: the state of the file is unknown (promises
// on I/O errors in docs/durability.md). Reads go on. Thread safety: any thread.
#pragma once

#include <atomic>
#include <optional>

#include "amethyst/error.h"
#include "base/containment.h"
#include "base/error.h"
#include "base/mutex.h"

namespace amethyst::engine {

using base::ClearsByItself;

class ErrorLatch {
 public:
  // Keeps the first error that it is given. Returns whether it was this one.
  bool Set(const Error& error) AMETHYST_EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    if (first_.has_value()) return false;
    first_ = base::MadeWithoutFail([&] { return error; });
    is_set_.store(true, std::memory_order_release);
    return true;
  }
  [[nodiscard]] bool IsSet() const { return is_set_.load(std::memory_order_acquire); }
  // For those who look often, as running rewrites do.
  [[nodiscard]] const std::atomic<bool>& flag() const { return is_set_; }
  // OK, or the error, explained.
  [[nodiscard]] Status status() const AMETHYST_EXCLUDES(mutex_) {
    if (!IsSet()) return {};
    base::MutexLock lock(mutex_);
    return std::unexpected(
        Error(first_->code(), "the database takes no more writes since this failed; reopen it: " + first_->message()));
  }

 private:
  std::atomic<bool> is_set_{false};  // Stored after first_, under the lock; lets readers of status skip the lock.
  mutable base::Mutex mutex_{base::LockRank::kErrorLatch};
  std::optional<Error> first_ AMETHYST_GUARDED_BY(mutex_);
};

}  // namespace amethyst::engine
