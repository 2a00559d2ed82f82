// Which key comes next: numbers of keys by a distribution or in an order.
//
// The tables behind it are shared by all threads of a workload; each has a picker of its own, with its own position and
// random numbers. Thread safety: KeySpace immutable, except its count of keys, which is atomic; KeyPicker one thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "base/random.h"
#include "bench/permutation.h"
#include "bench/workload.h"
#include "bench/zipf.h"

namespace amethyst::bench {

class KeySpace {
 public:
  struct Shape {
    uint64_t keys = 1;
    Order order = Order::kUniform;
    double zipf_exponent = 0.99;
    double hot_keys_share = 0.01;
    double hot_operations_share = 0.99;
    uint64_t seed = 1;
  };
  explicit KeySpace(const Shape& shape);

  [[nodiscard]] const Shape& shape() const { return shape_; }
  [[nodiscard]] const Zipf& zipf() const { return *zipf_; }
  [[nodiscard]] uint64_t Scatter(uint64_t number) const { return permutation_(number); }

  // The number of a key that was never there; and how many there are.
  uint64_t Append() { return keys_.fetch_add(1, std::memory_order_relaxed); }
  [[nodiscard]] uint64_t keys() const { return keys_.load(std::memory_order_relaxed); }
  void set_keys(uint64_t keys) { keys_.store(keys, std::memory_order_relaxed); }

 private:
  Shape shape_;
  Permutation permutation_;
  std::optional<Zipf> zipf_;
  std::atomic<uint64_t> keys_;  // Of all threads' Append; a count alone, it orders nothing.
};

class KeyPicker {
 public:
  // Thread `thread` of `threads` takes every `threads`-th key of an order.
  struct Turn {
    uint32_t thread = 0;
    uint32_t threads = 1;
  };
  KeyPicker(const KeySpace& space, const Turn& turn) : space_(space), turn_(turn), next_(turn.thread) {}

  // Below the number of keys.
  [[nodiscard]] uint64_t Next(base::Random& random);

 private:
  [[nodiscard]] uint64_t NextInTurn();

  const KeySpace& space_;
  Turn turn_;
  uint64_t next_;
};

}  // namespace amethyst::bench
