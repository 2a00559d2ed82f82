// The format ldb_dump, which is only read: what RocksDB's `ldb dump --hex` and `ldb scan --hex` print.
//
//   0x6170706C65 ==> 0x617274     older releases: " : "
//   Keys in range: 1              the last line of a dump, not of a scan
//
// Without --hex, a key that holds " ==> " or a line feed cannot be told from its value, so such lines are refused.
#include <fmt/format.h>

#include "cli/arguments.h"
#include "cli/line_reader.h"
#include "cli/record_format.h"
#include "cli/text.h"

namespace amethyst::cli {

namespace {

class LdbDumpReader final : public LineReader {
 public:
  explicit LdbDumpReader(std::istream& in) : LineReader(in, kLineBytesMax) {}

 private:
  static constexpr std::string_view kCount = "Keys in range: ";
  static constexpr size_t kLineBytesMax = 2 * kRecordBytesMax + (1 << 20);

  Reading Parse(const std::string& line, Record* record) override {
    if (line.starts_with(kCount)) return CheckCount(line);
    ++lines_;
    return Split(line, record);
  }

  Reading CheckCount(std::string_view line) const {
    const auto count = ParseNumber(line.substr(kCount.size()));
    if (count == lines_) return {};
    return {Found::kBroken,
            fmt::format("\"{}\", but {} stand before it", Shortened(line, 40), Counted(lines_, "entry", "entries"))};
  }

  static Reading Split(std::string_view text, Record* record) {
    for (const std::string_view arrow : {" ==> ", " : "}) {
      const size_t at = text.find(arrow);
      if (at == std::string_view::npos) continue;
      auto key = Bytes(text.substr(0, at));
      auto value = Bytes(text.substr(at + arrow.size()));
      if (!key || !value) break;
      record->key = *std::move(key);
      record->value = *std::move(value);
      return {Found::kRecord, {}};
    }
    return {Found::kMalformed,
            fmt::format("expected 0xKEY ==> 0xVALUE, found {}; ldb dump writes that with --hex", Shortened(text, 40))};
  }

  static std::optional<std::string> Bytes(std::string_view text) {
    return text.starts_with("0x") ? DecodeHex(text.substr(2)) : std::nullopt;
  }

  uint64_t lines_ = 0;
};

}  // namespace

std::unique_ptr<RecordReader> NewLdbDumpReader(std::istream& in) { return std::make_unique<LdbDumpReader>(in); }

}  // namespace amethyst::cli
