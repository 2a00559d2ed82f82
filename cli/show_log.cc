// A log segment, record by record, as `inspect FILE` shows it.
#include <fmt/format.h>
#include <fmt/ostream.h>

#include "base/error.h"
#include "cli/json.h"
#include "cli/show.h"
#include "wal/segment_reader.h"

namespace amethyst::cli {

namespace {

std::string_view KindName(wal::RecordKind kind) {
  switch (kind) {
    case wal::RecordKind::kBatch: return "batch";
    case wal::RecordKind::kWatermark: return "watermark";
    case wal::RecordKind::kIngest: return "ingest";
    case wal::RecordKind::kFamily: return "family";
  }
  return "unknown";
}

Json CutJson(const wal::LogCut& cut) {
  return {{"segment", key::Raw(cut.segment)},
          {"offset", cut.offset},
          {"last_sequence", key::Raw(cut.last_sequence)},
          {"next_ordinal", cut.next_ordinal},
          {"chained_checksum", fmt::format("{:016x}", cut.chained_checksum)}};
}

// The header, if there is one: what is wrong with it otherwise, reading the segment tells.
Status PrintHeader(Console& console, const io::RandomAccessFile& file) {
  char bytes[wal::kSegmentHeaderBytes];
  AMETHYST_ASSIGN(const size_t found, file.ReadAt(0, bytes));
  const auto header = wal::DecodeSegmentHeader({bytes, found});
  if (!header) return {};
  const wal::LogCut& cut = header->cut;
  const std::string follows = cut.segment == key::FileNumber{}
                                  ? "nothing: the log begins here"
                                  : fmt::format("segment {}, which ends at {} with sequence {}", key::Raw(cut.segment),
                                                cut.offset, key::Raw(cut.last_sequence));
  fmt::print(console.out,
             "header\n  database    {}\n  segment     {}\n  follows     {}\n"
             "  durable     up to segment {}, offset {}\nrecords\n",
             UidText(header->database_uid), key::Raw(header->segment), follows, key::Raw(header->durable.segment),
             header->durable.offset);
  return {};
}

void PrintRecord(Console& console, const wal::SegmentRecord& record) {
  if (record.kind == wal::RecordKind::kIngest) {
    fmt::print(console.out, "ingest    at {:<10} {:>8} bytes  {:>5} numbers from sequence {}\n", record.offset,
               record.bytes, record.count, key::Raw(record.first));
  } else if (record.kind == wal::RecordKind::kBatch) {
    fmt::print(console.out, "batch     at {:<10} {:>8} bytes  {:>5} entries from sequence {}\n", record.offset,
               record.bytes, record.count, key::Raw(record.first));
  } else {
    fmt::print(console.out, "watermark at {:<10} {:>8} bytes  durable up to {}\n", record.offset, record.bytes,
               record.durable_offset);
  }
}

}  // namespace

Result<ExitCode> ShowLog(const Invocation& invocation, const std::string& path) {
  Console& console = invocation.console();
  AMETHYST_ASSIGN(const auto file, invocation.session.environment().files().Open(path));
  AMETHYST_ASSIGN(const uint64_t file_bytes, file->Size());
  Json records = Json::array();
  if (!invocation.json) {
    fmt::print(console.out, "log segment {}, {} bytes\n", path, Grouped(file_bytes));
    AMETHYST_TRY(PrintHeader(console, *file));
  }
  const auto show = [&](const wal::SegmentRecord& record) {
    if (invocation.json) {
      records.push_back({{"kind", KindName(record.kind)},
                         {"offset", record.offset},
                         {"bytes", record.bytes},
                         {"ordinal", record.ordinal},
                         {"first_sequence", key::Raw(record.first)},
                         {"entries", record.count},
                         {"durable_offset", record.durable_offset}});
    } else if (!invocation.interrupted() && console.out.good()) {
      PrintRecord(console, record);
    }
  };
  AMETHYST_ASSIGN(const wal::SegmentSummary summary, wal::ReadSegment(*file, show));
  if (invocation.json) {
    Json object = {{"log_segment", JsonMessage(path)}, {"file_bytes", file_bytes}};
    if (summary.header) {
      object["header"] = {{"uid", UidText(summary.header->database_uid)},
                          {"segment", key::Raw(summary.header->segment)},
                          {"follows", CutJson(summary.header->cut)}};
    }
    object["records"] = std::move(records);
    object["end"] = CutJson(summary.end);
    object["problem"] = JsonMessage(summary.damage);
    console.out << object.dump() << '\n';
  } else {
    fmt::print(console.out, "end       at {}, after {}, last sequence {}\n", summary.end.offset,
               Counted(summary.records, "record", "records"), key::Raw(summary.end.last_sequence));
    if (!summary.damage.empty()) {
      fmt::print(console.out, "{} reading stops there: {}\n", Colored(console.ColorsOut(), Hue::kBad, "damaged:"),
                 summary.damage);
    }
  }
  return summary.damage.empty() ? ExitCode::kOk : ExitCode::kError;
}

}  // namespace amethyst::cli
