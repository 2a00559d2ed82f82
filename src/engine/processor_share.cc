#include "engine/processor_share.h"

#include <utility>

namespace amethyst::engine {

namespace {

constexpr std::chrono::milliseconds kLookInterval{100};
constexpr double kReadsPerSecondMin = 10'000;  // Fewer do not mind.
constexpr double kKeptAtLook = 15.0 / 16;
constexpr double kShareOneIn = 5;

}  // namespace

uint64_t ProcessorShare::WriteNsPerKiB(const Statistics& statistics, std::chrono::nanoseconds now) {
  if (const auto passed = now - looked_at_; passed >= kLookInterval) {
    looked_at_ = now;
    const std::chrono::duration<double> seconds = passed;
    const auto reads = static_cast<double>(statistics.ReadsOfReaders(&marks_));
    others_read_ = reads > kReadsPerSecondMin * seconds.count();
    const uint64_t cpu_ns = statistics.Sum(Counter::kBackgroundCpuNs);
    const uint64_t bytes = statistics.Sum(Counter::kUserBytesWritten);
    const uint64_t cpu_before = std::exchange(cpu_ns_, cpu_ns);
    const uint64_t bytes_before = std::exchange(user_bytes_, bytes);
    recent_cpu_ns_ = recent_cpu_ns_ * kKeptAtLook + static_cast<double>(cpu_ns - cpu_before);
    recent_kib_ = recent_kib_ * kKeptAtLook + static_cast<double>(bytes - bytes_before) / 1024;
  }
  if (!others_read_ || recent_kib_ <= burst_kib_) return 0;
  return static_cast<uint64_t>(recent_cpu_ns_ / recent_kib_ * kShareOneIn / processors_);
}

}  // namespace amethyst::engine
