#include "engine/throttle.h"

#include <algorithm>

namespace amethyst::engine {

Throttle::Throttle(const Settings& settings, io::Clock& clock, const Statistics& statistics, Events& events)
    : write_buffer_bytes_(settings.write_buffer_bytes.get()),
      clock_(clock),
      statistics_(statistics),
      events_(events),
      pacer_(clock),
      flush_rate_(settings.write_buffer_bytes),
      share_(settings.processors, 2 * settings.write_buffer_bytes) {}

void Throttle::Update(const tree::Version& version, uint64_t debt_bytes) {
  debt_bytes_.store(debt_bytes, std::memory_order_relaxed);
  const Pressure pressure{
      .level0_runs = version.level0().size(), .debt_bytes = debt_bytes, .write_buffer_bytes = write_buffer_bytes_};
  pacer_.SetDelay(DelayNsPerKiB(pressure));
  base::MutexLock lock(mutex_);
  debt_delay_.Set(events_, CauseOf(pressure));
  share_ns_per_kib_ = share_.WriteNsPerKiB(statistics_, clock_.Monotonic());
}

void Throttle::SetWriteBuffer(uint64_t bytes) {
  if (bytes == write_buffer_bytes_) return;
  write_buffer_bytes_ = bytes;
  base::MutexLock lock(mutex_);
  flush_rate_.SetWriteBuffer(bytes);
}

void Throttle::NoteFlush(uint64_t bytes, std::chrono::nanoseconds took) {
  base::MutexLock lock(mutex_);
  flush_rate_.Note(bytes, took);
}

void Throttle::Nap(bool is_last) {
  base::MutexLock lock(mutex_);
  // A little slower than the flushes were: it is they who must be done first.
  const uint64_t flush_ns_per_kib = is_last ? flush_rate_.ns_per_kib() + flush_rate_.ns_per_kib() / 4 : 0;
  const uint64_t ns_per_kib = std::max(share_ns_per_kib_, flush_ns_per_kib);
  pacer_.SetNaps(ns_per_kib);
  const DelayCause cause = flush_ns_per_kib < share_ns_per_kib_ ? DelayCause::kReaders : DelayCause::kFlush;
  naps_.Set(events_, ns_per_kib == 0 ? DelayCause::kNone : cause);
}

}  // namespace amethyst::engine
