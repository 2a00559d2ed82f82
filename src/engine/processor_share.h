// Leaves readers their share of the processors.
//
// What is written has to be flushed and compacted, by threads that are as good as any to the system: one writer that
// goes as fast as it can has three at work, and on few processors threads that only read wait behind them. So while
// some threads read and do not write, and for longer than a burst, writes are slowed down to what a fifth of the
// processors can flush and compact. Measured, not set: what that work takes for a KiB, and who reads. If nobody else
// reads, writes may have it all. Thread safety: one thread at a time.
#pragma once

#include <chrono>
#include <cstdint>

#include "engine/statistics.h"

namespace amethyst::engine {

class ProcessorShare {
 public:
  ProcessorShare(uint32_t processors, uint64_t burst_bytes)
      : processors_(processors), burst_kib_(static_cast<double>(burst_bytes) / 1024) {}

  // What a KiB of writes has to take at least, in nanoseconds; 0: as long as it takes. To be asked again and again;
  // looks anew after a tenth of a second.
  [[nodiscard]] uint64_t WriteNsPerKiB(const Statistics& statistics, std::chrono::nanoseconds now);

 private:
  const uint32_t processors_;
  const double burst_kib_;
  Statistics::ReadMarks marks_;
  std::chrono::nanoseconds looked_at_{0};
  uint64_t cpu_ns_ = 0;       // Of background work, at the last look,
  uint64_t user_bytes_ = 0;   // and what had been written.
  double recent_cpu_ns_ = 0;  // Both of the last seconds, the older the less.
  double recent_kib_ = 0;
  bool others_read_ = false;
};

}  // namespace amethyst::engine
