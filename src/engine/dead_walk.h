// What one walk of an iterator has passed that is dead, since it last showed a key. For db_iterator*.cc alone.
//
// Thread safety: one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/dead_stretches.h"
#include "key/types.h"

namespace amethyst::engine {

// Says when a walk looks for a way over entries that are hidden. Each attempt in vain makes the next one wait longer.
class SkipBackoff {
 public:
  // The first time is after `first` entries.
  explicit SkipBackoff(uint32_t first = 4) : first_(first), wait_(first), left_(first) {}

  [[nodiscard]] bool IsDue() { return --left_ == 0; }
  void Succeeded() { left_ = wait_ = first_; }
  void Failed() { left_ = wait_ = wait_ * 16 < kMost ? wait_ * 16 : kMost; }

 private:
  static constexpr uint32_t kMost = 4096;

  uint32_t first_;
  uint32_t wait_;
  uint32_t left_;
};

class DeadWalk {
 public:
  // One more key was looked at and is dead. Whether it is time to look for a way over what follows.
  [[nodiscard]] bool Passed() { return ++passed_ > kBeforeSkip; }
  // A dead key, where a way over more of them is looked for.
  void At(std::string_view key) {
    if (edges_ == nullptr) edges_ = std::make_unique<Edges>(std::string(key));
    edges_->last.assign(key);
  }
  // Says when stretches are asked for one.
  [[nodiscard]] SkipBackoff& asks() { return asks_; }
  // By a stretch; going back, to its begin if `last` is that.
  void Passed(const DeadStretches::Found& stretch, key::SequenceNumber visible, std::optional<std::string_view> last) {
    if (last) edges_->last.assign(*last);
    asks_.Succeeded();
    entries_ += stretch.entries;
    is_worth_it_ = is_worth_it_ || Raw(visible) - Raw(stretch.sequence) >= kNewerBeforeRenewal;
  }

  // Whether others should know. Then At has been called.
  [[nodiscard]] bool IsLong() const { return passed_ >= kLong || is_worth_it_; }
  // The key for which At was called first, and the last that is known to be dead.
  [[nodiscard]] std::string_view first() const { return edges_->first; }
  [[nodiscard]] std::string_view last() const { return edges_->last; }
  [[nodiscard]] uint64_t entries() const { return entries_ + passed_; }

 private:
  static constexpr uint32_t kBeforeSkip = 4;
  static constexpr uint32_t kLong = 32;
  // A stretch is found anew, as of now, when so much was written since: what is newer has to be looked at, once it is
  // in tables.
  static constexpr uint64_t kNewerBeforeRenewal = 1024;

  struct Edges {
    std::string first;
    std::string last{};
  };

  uint32_t passed_ = 0;  // Keys, one by one.
  bool is_worth_it_ = false;
  SkipBackoff asks_{1};
  uint64_t entries_ = 0;          // In stretches.
  std::unique_ptr<Edges> edges_;  // Most walks pass too little to have any, and should not pay for them.
};

}  // namespace amethyst::engine
