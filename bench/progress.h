// A line on a terminal that says how far a workload is; nothing where standard error is no terminal.
//
// Thread safety: made and destroyed by one thread; `done` is called by another one in between.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace amethyst::bench {

class Progress {
 public:
  // `total` 0: unknown. Erases the line when it dies.
  Progress(std::string label, uint64_t total, std::function<uint64_t()> done);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

 private:
  void Show();

  std::string label_;
  uint64_t total_;
  std::function<uint64_t()> done_;
  uint64_t begin_ns_;
  std::mutex mutex_;  // Of nothing but the end: the thread sleeps on it.
  std::condition_variable_any end_;
  std::jthread thread_;
};

}  // namespace amethyst::bench
