// A number that may be changed while other threads read it: each read sees the value before or after, and nothing else
// is promised about its order. Copies are numbers of their own. Thread safety: any thread.
#pragma once

#include <atomic>

namespace amethyst::base {

template <typename T>
class Changeable {
 public:
  Changeable(T value = T()) : value_(value) {}  // Implicit: it stands in for the number.
  Changeable(const Changeable& other) : value_(other.get()) {}
  Changeable& operator=(const Changeable& other) {
    value_.store(other.get(), std::memory_order_relaxed);
    return *this;
  }

  [[nodiscard]] T get() const { return value_.load(std::memory_order_relaxed); }
  operator T() const { return get(); }

 private:
  std::atomic<T> value_;  // Relaxed: a number on its own.
};

}  // namespace amethyst::base
