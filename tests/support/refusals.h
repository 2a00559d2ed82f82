// The system's refusals: makes the k-th map, thread or allocation of the program fail, or all from it on.
//
// A program that defines mmap, pthread_create and operator new itself, and asks Refuses in each, has them in place of
// the system's, so product code knows nothing of it. Only what the library does is counted: threads of its own, and
// the test's thread inside Library(). Thread safety: Arm and Disarm while nothing is under way.
#pragma once

#include <atomic>
#include <cstdint>

namespace amethyst::support {

enum class Refused : uint8_t { kMap, kThread, kAllocation };

class Refusals {
 public:
  // The k-th of this kind fails, counted from 1; or every one from it on.
  static void Arm(Refused kind, uint64_t k, bool for_good) {
    kind_ = kind;
    count_ = 0;
    k_ = k;
    for_good_ = for_good;
    armed_ = true;
  }
  // Returns whether there was a k-th.
  static bool Disarm() {
    armed_ = false;
    return count_ >= k_;
  }

  static bool Refuses(Refused kind) {
    if (!armed_.load(std::memory_order_relaxed) || exempt_ || kind != kind_) return false;
    const uint64_t n = ++count_;
    return for_good_ ? n >= k_ : n == k_;
  }

  // What `call` does counts, on a thread that is exempt else.
  template <typename Call>
  static auto Library(Call call) {
    struct Restore {
      ~Restore() { exempt_ = true; }
    } const restore;
    exempt_ = false;
    return call();
  }
  static void ExemptThisThread() { exempt_ = true; }

 private:
  static inline std::atomic<bool> armed_{false};
  static inline std::atomic<uint64_t> count_{0};
  static inline Refused kind_{};
  static inline uint64_t k_ = 0;
  static inline bool for_good_ = false;
  static inline thread_local bool exempt_ = false;
};

}  // namespace amethyst::support
