#include "inspect/log_dump.h"

#include "base/error.h"
#include "wal/batch_encoding.h"

namespace amethyst::inspect {

Result<wal::SegmentSummary> DumpLog(io::FileSystem& files, const std::string& path,
                                    base::FunctionRef<bool(const ShownEntry&)> visit) {
  AMETHYST_ASSIGN(const auto file, files.Open(path));
  bool wanted = true;
  std::string damage;
  AMETHYST_ASSIGN(wal::SegmentSummary summary, wal::ReadSegment(*file, [&](const wal::SegmentRecord& record) {
                    if (record.kind != wal::RecordKind::kBatch) return;
                    wal::BatchReader reader(record.payload);
                    for (wal::BatchEntry entry; wanted && reader.Next(&entry);) {
                      const key::SequenceNumber sequence = record.first + (reader.count() - 1);
                      wanted = visit({.tag = key::Tag(sequence, entry.kind),
                                      .key = entry.key,
                                      .value = entry.value,
                                      .family = key::FamilyId{entry.family}});
                    }
                    if (const Status status = reader.status(); wanted && !status && damage.empty()) {
                      damage = fmt::format("record at {}: {}", record.offset, status.error().message());
                    }
                  }));
  if (!damage.empty()) summary.damage = std::move(damage);
  return summary;
}

}  // namespace amethyst::inspect
