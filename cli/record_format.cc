#include "cli/record_format.h"

#include <array>
#include <utility>

namespace amethyst::cli {

std::unique_ptr<RecordReader> NewRecordReader(RecordFormat format, std::istream& in) {
  switch (format) {
    case RecordFormat::kTsv: return NewTsvReader(in);
    case RecordFormat::kCsv: return NewCsvReader(in);
    case RecordFormat::kJsonl: return NewJsonlReader(in);
    case RecordFormat::kDump: return NewDumpReader(in);
  }
  std::unreachable();
}

std::unique_ptr<RecordWriter> NewRecordWriter(RecordFormat format, std::ostream& out, bool of_families) {
  switch (format) {
    case RecordFormat::kTsv: return NewTsvWriter(out);
    case RecordFormat::kCsv: return NewCsvWriter(out);
    case RecordFormat::kJsonl: return NewJsonlWriter(out);
    case RecordFormat::kDump: return NewDumpWriter(out, of_families);
  }
  std::unreachable();
}

std::optional<RecordFormat> ParseRecordFormat(std::string_view name) {
  if (name == "tsv") return RecordFormat::kTsv;
  if (name == "csv") return RecordFormat::kCsv;
  if (name == "jsonl") return RecordFormat::kJsonl;
  if (name == "dump") return RecordFormat::kDump;
  return std::nullopt;
}

std::string_view RecordFormatName(RecordFormat format) {
  switch (format) {
    case RecordFormat::kTsv: return "tsv";
    case RecordFormat::kCsv: return "csv";
    case RecordFormat::kJsonl: return "jsonl";
    case RecordFormat::kDump: return "dump";
  }
  std::unreachable();
}

std::optional<RecordFormat> GuessRecordFormat(std::string_view path) {
  constexpr std::array<std::pair<std::string_view, RecordFormat>, 7> kSuffixes = {{
      {".tsv", RecordFormat::kTsv},
      {".tab", RecordFormat::kTsv},
      {".csv", RecordFormat::kCsv},
      {".jsonl", RecordFormat::kJsonl},
      {".ndjson", RecordFormat::kJsonl},
      {".json", RecordFormat::kJsonl},
      {".dump", RecordFormat::kDump},
  }};
  for (const auto& [suffix, format] : kSuffixes) {
    if (path.ends_with(suffix)) return format;
  }
  return std::nullopt;
}

}  // namespace amethyst::cli
