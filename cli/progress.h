// How far a long command is: a line on standard error that is drawn over, for a person, and the totals at the end, for
// anybody. Thread safety: one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cli/command.h"

namespace amethyst::cli {

class Progress {
 public:
  struct Moved {
    std::optional<uint64_t> entries{};  // nullopt: only the bytes are known.
    uint64_t bytes = 0;
  };
  // `verb` as in "imported 5 entries". `total`: of the units of Update's `done`; 0: unknown, then there is no bar.
  Progress(const Invocation& invocation, std::string_view verb, uint64_t total);
  ~Progress();

  // Cheap; draws at most ten times a second.
  void Update(const Moved& moved, uint64_t done);
  // Update for those who call it a few times a second.
  void Show(const Moved& moved, uint64_t done);
  // Wipes the line and tells the totals in a line on standard error, which is an object with --json.
  void Finish(const Moved& moved, uint64_t skipped = 0);

 private:
  [[nodiscard]] double Seconds() const;
  void Draw(const Moved& moved, uint64_t done);
  void Wipe();

  const Invocation& invocation_;
  const std::string verb_;
  const uint64_t total_;
  const std::chrono::nanoseconds begin_;
  std::chrono::nanoseconds drawn_;
  uint64_t calls_ = 0;
  bool visible_ = false;
};

}  // namespace amethyst::cli
