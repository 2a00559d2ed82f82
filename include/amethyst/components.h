// Parts that an embedder can hand over when opening a database, apart from its settings.
// Thread safety: each component is safe for use by many databases and threads at once.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>

namespace amethyst {

class Listener;

namespace io {
class Environment;
}
namespace cache {
class MemoryBudget;
}

// Receives one line about what the database does in the background. Called on the thread that does it, at once: any
// thread, also that of a call, several at the same time, and under locks. So it must return soon, and must call nothing
// of the library; what it throws is dropped. For code that wants to act there is a Listener.
using Logger = std::function<void(std::string_view line)>;

struct Components {
  // Files, clock and threads; nullptr: the operating system's. See NewInMemoryEnvironment.
  std::shared_ptr<io::Environment> environment;
  // Memory shared with other databases; nullptr: a budget of Options::memory_budget_bytes for this one alone.
  std::shared_ptr<cache::MemoryBudget> memory_budget;
  Logger logger{};
  // Told of flushes, compactions, errors and the like, on a thread of its own (listener.h). nullptr: nobody, at no
  // cost.
  std::shared_ptr<Listener> listener{};
  // Create the database although files of others lie in its directory, which stay as they are. Without it only hidden
  // ones and a file system's lost+found may be there: a mistyped path is not littered.
  bool beside_other_files = false;
};

// A file system that lives in memory and dies with its last user; clock and threads are real.
[[nodiscard]] std::shared_ptr<io::Environment> NewInMemoryEnvironment();

// A budget of `bytes` that all databases opened with it share.
[[nodiscard]] std::shared_ptr<cache::MemoryBudget> NewMemoryBudget(size_t bytes);

}  // namespace amethyst
