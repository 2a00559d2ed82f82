// What the database of a session has told, kept until `watch` shows it. Thread safety: any thread.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "amethyst/listener.h"
#include "base/mutex.h"

namespace amethyst::cli {

class EventLog final : public Listener {
 public:
  // Older ones are forgotten.
  static constexpr size_t kKeptMax = 4096;

  void OnEvent(const Event& event) override AMETHYST_EXCLUDES(mutex_);
  // What has come since the last call.
  [[nodiscard]] std::vector<Event> Take() AMETHYST_EXCLUDES(mutex_);

 private:
  base::Mutex mutex_{base::LockRank::kProgram};
  std::deque<Event> kept_ AMETHYST_GUARDED_BY(mutex_);
};

// One line without its end: "12 flush-end 100 entries, ...", or an object in JSON.
[[nodiscard]] std::string EventLine(const Event& event);
[[nodiscard]] std::string EventJson(const Event& event);

}  // namespace amethyst::cli
