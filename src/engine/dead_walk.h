// What one walk of an iterator has passed that is dead, since it last showed a key. For db_iterator*.cc alone.
//
// Thread safety: one thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/dead_stretches.h"
#include "key/types.h"

namespace amethyst::engine {

// Says when a walk looks for a way over entries that are hidden. The first time is after a few entries. Each attempt in
// vain makes the next one wait longer.
class SkipBackoff {
 public:
  [[nodiscard]] bool IsDue() { return --left_ == 0; }
  void Succeeded() { *this = {}; }
  void Failed() { left_ = wait_ = wait_ * 16 < kMost ? wait_ * 16 : kMost; }

 private:
  static constexpr uint32_t kLeast = 4;
  static constexpr uint32_t kMost = 4096;

  uint32_t wait_ = kLeast;
  uint32_t left_ = kLeast;
};

class DeadWalk {
 public:
  // One more key was looked at and is dead. Whether it is time to look for a way over what follows.
  [[nodiscard]] bool Passed() { return ++passed_ > kBeforeSkip; }
  // A dead key, where a way over more of them is looked for.
  void At(std::string_view key) {
    if (passed_ == kBeforeSkip + 1) first_.assign(key);
    last_.assign(key);
  }
  // Stretches are asked for again after a while, if they did not help.
  [[nodiscard]] bool IsDue() { return --left_ == 0; }
  void Failed() { left_ = wait_ = wait_ * 4 < kWaitMax ? wait_ * 4 : kWaitMax; }
  // By a stretch; going back, to its begin if `last` is that.
  void Passed(const DeadStretches::Found& stretch, key::SequenceNumber visible, std::optional<std::string_view> last) {
    if (last) last_.assign(*last);
    left_ = wait_ = 1;
    entries_ += stretch.entries;
    is_worth_it_ = is_worth_it_ || Raw(visible) - Raw(stretch.sequence) >= kNewerBeforeRenewal;
  }

  // Whether others should know.
  [[nodiscard]] bool IsLong() const { return passed_ >= kLong || is_worth_it_; }
  // The key for which At was called first, and the last that is known to be dead.
  [[nodiscard]] std::string_view first() const { return first_; }
  [[nodiscard]] std::string_view last() const { return last_; }
  [[nodiscard]] uint64_t entries() const { return entries_ + passed_; }

 private:
  static constexpr uint32_t kBeforeSkip = 4;
  static constexpr uint32_t kLong = 32;
  static constexpr uint32_t kWaitMax = 4096;
  // A stretch is found anew, as of now, when so much was written since: what is newer has to be looked at, once it is
  // in tables.
  static constexpr uint64_t kNewerBeforeRenewal = 1024;

  uint32_t passed_ = 0;  // Keys, one by one.
  uint32_t wait_ = 1;
  uint32_t left_ = 1;
  bool is_worth_it_ = false;
  uint64_t entries_ = 0;  // In stretches.
  std::string first_;
  std::string last_;
};

}  // namespace amethyst::engine
