// The format ldb_dump, which is only read: what RocksDB's `ldb dump --hex` and `ldb scan --hex` print.
//
//   0x6170706C65 ==> 0x617274     older releases: " : "
//   Keys in range: 1              the last line of a dump, not of a scan
//
// Without --hex, a key that holds " ==> " or a line feed cannot be told from its value, so such lines are refused.
#include <fmt/format.h>

#include "cli/arguments.h"
#include "cli/line_source.h"
#include "cli/record_format.h"
#include "cli/text.h"

namespace amethyst::cli {

namespace {

class LdbDumpReader final : public RecordReader {
 public:
  explicit LdbDumpReader(std::istream& in) : in_(in) {}

  Reading Next(Record* record) override {
    LineRead read;
    do {
      read = ReadLine(in_, kLineBytesMax, &text_);
      if (read == LineRead::kEnd) return {};
      if (++line_ == 1) DropByteOrderMark(&text_);
      if (text_.ends_with('\r')) text_.pop_back();
    } while (text_.empty());
    if (read == LineRead::kTooLong) return {Found::kMalformed, "the line is too long"};
    if (text_.starts_with(kCount)) return CheckCount();
    ++lines_;
    return Split(record);
  }
  uint64_t line() const override { return line_; }
  std::string_view raw() const override { return text_; }

 private:
  static constexpr std::string_view kCount = "Keys in range: ";
  static constexpr size_t kLineBytesMax = 2 * kRecordBytesMax + (1 << 20);

  Reading CheckCount() {
    const auto count = ParseNumber(std::string_view(text_).substr(kCount.size()));
    if (count == lines_) return {};
    return {Found::kBroken,
            fmt::format("\"{}\", but {} stand before it", Shortened(text_, 40), Counted(lines_, "entry", "entries"))};
  }

  Reading Split(Record* record) const {
    const std::string_view text = text_;
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

  std::istream& in_;
  std::string text_;
  uint64_t line_ = 0;
  uint64_t lines_ = 0;
};

}  // namespace

std::unique_ptr<RecordReader> NewLdbDumpReader(std::istream& in) { return std::make_unique<LdbDumpReader>(in); }

}  // namespace amethyst::cli
