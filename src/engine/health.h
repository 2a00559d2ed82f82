// Whether the database may still be written, whether its rewrites shall end, and where it tells what happens to it.
//
// Thread safety: any thread.
#pragma once

#include <atomic>
#include <string_view>
#include <utility>

#include "amethyst/components.h"
#include "base/assert.h"
#include "base/containment.h"
#include "engine/error_latch.h"

namespace amethyst::engine {

struct Health {
  Logger logger{};
  ErrorLatch latch{};
  std::atomic<bool> stop_compactions{false};  // Set by Close and by Fail, read by running merges.

  void Log(std::string_view line) const noexcept {
    base::DoIfPossible([&] {
      if (logger) logger(line);
    });
  }
  // Latches an error that does not clear by itself; true if it is the first.
  bool Fail(const Error& error) {
    AMETHYST_DCHECK(!ClearsByItself(error));
    stop_compactions.store(true, std::memory_order_release);
    return latch.Set(error);
  }
  // The same for any error: one that clears by itself is not latched.
  void FailUnlessItClears(const Error& error) {
    if (!ClearsByItself(error)) Fail(error);
  }
};

}  // namespace amethyst::engine
