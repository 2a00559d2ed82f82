// Records of the log that are neither batches nor watermarks: they stand in segments of a version that may hold such.
#include "base/assert.h"
#include "base/error.h"
#include "wal/log.h"

namespace amethyst::wal {

Result<LogPosition> Log::AppendFamilyChange(std::string_view payload) {
  return AppendOfKind({.kind = RecordKind::kFamily, .first = cut_.last_sequence}, payload,
                      SegmentSupply::Use::kDeletes);
}

Result<LogPosition> Log::AppendIngest(key::SequenceNumber first, uint32_t count, std::string_view payload) {
  AMETHYST_ASSERT(count > 0 && first > cut_.last_sequence);  // I1
  return AppendOfKind({.count = count, .kind = RecordKind::kIngest, .first = first}, payload, SegmentSupply::Use::kAll);
}

Result<LogPosition> Log::AppendOfKind(RecordHeader header, std::string_view payload, SegmentSupply::Use use) {
  if (latched_.load(std::memory_order_acquire)) return std::unexpected(health().error());
  if (payload.size() > kPayloadBytesMax) {
    return base::InvalidArgument("a record of {} bytes: the log takes {} at the most", payload.size(),
                                 kPayloadBytesMax);
  }
  AMETHYST_ASSERT(!payload.empty());
  header.length = static_cast<uint32_t>(kRecordHeaderBytes + payload.size());
  const uint64_t bytes = header.padded_bytes();
  if (current_ == nullptr) {
    AMETHYST_TRY(Start(bytes, use, kSegmentVersionOfKinds));
  } else if (torn_ || cut_.offset + bytes > current_->capacity() || CurrentVersion() < kSegmentVersionOfKinds) {
    AMETHYST_TRY(Roll(bytes, use, kSegmentVersionOfKinds));
  }
  AMETHYST_TRY(AppendRecord(header, payload, base::Hash64(payload)));
  batches_end_.store(cut_.offset, std::memory_order_release);
  return cut_.position();
}

}  // namespace amethyst::wal
