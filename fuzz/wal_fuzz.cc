// Log segments of any content: recovery gives an error, or the same batches each time.
//
// Input: a byte of flags, the lengths of the first two segments (16 bits each), and the segments' bytes: at most three,
// the third being the rest. Flag 1 makes the headers' fixed fields and checksums right, flag 2 the records' checksums,
// so that what lies behind them is reached; flag 4 gives recovery a clean end, the end of what is good in the first
// segment; with flag 8 the headers that flag 1 makes right are of version 2.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "base/coding.h"
#include "base/error.h"
#include "io/memory_file_system.h"
#include "wal/batch_encoding.h"
#include "wal/log_format.h"
#include "wal/log_recovery.h"
#include "wal/segment_reader.h"

namespace amethyst::wal {
namespace {

constexpr base::Uid kUid{.low = 1, .high = 2};
enum Flags : uint8_t { kRepairHeaders = 1, kRepairRecords = 2, kCleanEnd = 4, kVersion2 = 8 };

void RepairHeader(std::string& bytes, key::FileNumber number, uint64_t version) {
  if (bytes.size() < kSegmentHeaderBytes) return;
  char* const at = bytes.data();
  std::ranges::copy(kSegmentMagic, at);
  base::StoreFixed(at + 8, version);
  base::StoreFixed(at + 16, kUid.low);
  base::StoreFixed(at + 24, kUid.high);
  base::StoreFixed(at + 32, key::Raw(number));
  base::StoreFixed(at + 96, base::Checksum({at, 96}, {.owner = ChecksumOwner(kUid, number), .offset = 0}));
}

void RepairRecords(std::string& bytes, key::FileNumber number) {
  for (uint64_t offset = kSegmentHeaderBytes; offset + kRecordHeaderBytes <= bytes.size();) {
    char* const at = bytes.data() + offset;
    const RecordHeader header = DecodeRecordHeader(at);
    if (header.length < kRecordHeaderBytes || header.padded_bytes() > bytes.size() - offset) return;
    const uint64_t payload_hash = base::Hash64({at + kRecordHeaderBytes, header.payload_bytes()});
    base::StoreFixed(at, RecordChecksum(at, payload_hash, {.owner = ChecksumOwner(kUid, number), .offset = offset}));
    offset += header.padded_bytes();
  }
}

// What recovery makes of the files, as text.
std::string Recover(io::FileSystem& files, const LogRecoverySettings& settings) {
  std::string told;
  const auto report = RecoverLog(files, settings, [&](const RecoveredBatch& batch) -> Status {
    if (batch.kind == RecordKind::kBatch) {
      BatchReader reader(batch.payload);
      for (BatchEntry entry; reader.Next(&entry);) told += entry.key;
      AMETHYST_TRY(reader.status());
    }
    told += std::to_string(key::Raw(batch.first)) + ";";
    return {};
  });
  if (!report) return report.error().ToString();
  AMETHYST_ASSERT(report->replayed_segments.size() + report->dropped_segments.size() == settings.segments.size());
  AMETHYST_ASSERT(report->replayed_segments.empty() || report->replayed_segments.back() == report->cut.segment);
  return told + std::to_string(report->cut.offset);
}

void Run(std::string_view input) {
  uint8_t flags;
  uint16_t lengths[2];
  if (!base::ReadFixed(&input, &flags) || !base::ReadFixed(&input, &lengths[0]) ||
      !base::ReadFixed(&input, &lengths[1])) {
    return;
  }
  io::MemoryFileSystem files;
  LogRecoverySettings settings{.directory = "/",
                               .database_uid = kUid,
                               .segments = {},
                               .first_segment = key::FileNumber{1},
                               .clean_end = std::nullopt};
  for (uint64_t i = 0; i < 3 && (i == 0 || !input.empty()); ++i) {
    const key::FileNumber number{i + 1};
    std::string bytes(input.substr(0, i < 2 ? lengths[i] : input.size()));
    input.remove_prefix(bytes.size());
    if ((flags & kRepairHeaders) != 0) RepairHeader(bytes, number, (flags & kVersion2) != 0 ? 2 : 1);
    if ((flags & kRepairRecords) != 0) RepairRecords(bytes, number);
    const std::string path = io::JoinPath("/", SegmentFileName(number));
    auto file = files.Create(path);
    AMETHYST_ASSERT(file.has_value() && (*file)->Append(bytes).has_value());
    settings.segments.push_back(number);

    const auto opened = files.Open(path);
    uint64_t records = 0;
    const auto summary = ReadSegment(**opened, [&](const SegmentRecord&) { ++records; });
    AMETHYST_ASSERT(summary.has_value() && summary->records == records && summary->end.offset <= bytes.size());
    if ((flags & kCleanEnd) != 0 && i == 0 && summary->header) settings.clean_end = summary->end;
  }
  AMETHYST_ASSERT(Recover(files, settings) == Recover(files, settings));
}

}  // namespace
}  // namespace amethyst::wal

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  amethyst::wal::Run({reinterpret_cast<const char*>(data), size});
  return 0;
}
