#include "engine/read_context.h"

#include <algorithm>

#include "amethyst/snapshot.h"
#include "base/error.h"
#include "key/moment.h"

namespace amethyst::engine {

uint64_t ExpiredForAllMs(const ReadContext& reads) {
  if (!reads.clock->InUse()) return 0;
  const uint64_t long_past = reads.clock->LongPastMs();  // Before the snapshots: later ones read at a later time.
  return std::min(long_past, reads.snapshots->OldestReadTimeMs());
}

key::ReadPoint ChosenReadPoint(const ReadContext& reads, const ReadOptions& options) {
  const key::SequenceNumber visible{options.snapshot != nullptr ? options.snapshot->sequence()
                                                                : reads.visible.load(std::memory_order_acquire)};
  return {visible, key::MillisecondsOf(options.read_time ? *options.read_time : options.snapshot->read_time())};
}

Status CheckChosenTime(const ReadContext& reads, const ReadOptions& options) {
  const uint64_t chosen = key::MillisecondsOf(*options.read_time);
  const uint64_t oldest = options.snapshot != nullptr
                              ? key::MillisecondsOf(options.snapshot->read_time())
                              : reads.clock->NowMs() - std::min(reads.clock->NowMs(), ReadClock::kMarginMs);
  if (chosen >= oldest) return {};
  return base::MakeError(ErrorCode::kTooOld, "read_time is {} ms before {}", oldest - chosen,
                         options.snapshot != nullptr ? "the snapshot's own" : "the oldest that can be read");
}

}  // namespace amethyst::engine
