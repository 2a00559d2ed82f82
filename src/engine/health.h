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
#include "engine/events.h"

namespace amethyst::engine {

struct Health {
  Logger logger{};
  Events events{};
  ErrorLatch latch{};
  std::atomic<bool> stop_compactions{false};  // Set by Close and by Fail, read by running merges.

  // Takes the two who are told.
  [[nodiscard]] Status Begin(Components* components, bool read_only, io::Environment& environment) {
    logger = std::move(components->logger);
    return read_only ? Status() : events.Begin(std::move(components->listener), environment);
  }
  void Log(std::string_view line) const noexcept {
    base::DoIfPossible([&] {
      if (logger) logger(line);
    });
  }
  // Latches an error that does not clear by itself; true if it is the first.
  bool Fail(const Error& error) {
    AMETHYST_DCHECK(!ClearsByItself(error));
    stop_compactions.store(true, std::memory_order_release);
    if (!latch.Set(error)) return false;
    events.Tell(
        [&] { return Event{.kind = EventKind::kErrorLatched, .text = error.message(), .error = error.code()}; });
    return true;
  }
  // The same for any error: one that clears by itself is not latched.
  void FailUnlessItClears(const Error& error) {
    if (!ClearsByItself(error)) Fail(error);
  }
};

}  // namespace amethyst::engine
