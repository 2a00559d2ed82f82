#include "bench/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "bench/process_meter.h"

namespace amethyst::bench {

Progress::Progress(std::string label, uint64_t total, std::function<uint64_t()> done)
    : label_(std::move(label)), total_(total), done_(std::move(done)), begin_ns_(NowNs()) {
  if (isatty(STDERR_FILENO) == 0) return;
  thread_ = std::jthread([this](const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!end_.wait_for(lock, stop, std::chrono::milliseconds(250), [&] { return stop.stop_requested(); })) Show();
    fmt::print(stderr, "\r\033[K");
  });
}

Progress::~Progress() = default;

void Progress::Show() {
  const uint64_t done = done_();
  const double seconds = 1e-9 * static_cast<double>(NowNs() - begin_ns_);
  const double rate = static_cast<double>(done) / seconds;
  std::string line = fmt::format("\r{}  {:.1f} s", label_, seconds);
  if (total_ != 0) line += fmt::format("  {:3} %", std::min<uint64_t>(100, 100 * done / total_));
  if (done != 0) line += fmt::format("  {:.1f} k operations/s", rate / 1000);
  fmt::print(stderr, "{}\033[K", line);
}

}  // namespace amethyst::bench
