// The format tsv: a line is key, tab, value.
#include <fmt/format.h>

#include "cli/line_reader.h"
#include "cli/line_source.h"
#include "cli/record_format.h"

namespace amethyst::cli {

namespace {

std::string Escaped(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    switch (c) {
      case '\t': text += "\\t"; break;
      case '\n': text += "\\n"; break;
      case '\r': text += "\\r"; break;
      case '\\': text += "\\\\"; break;
      default: text += c;
    }
  }
  return text;
}

// nullopt: it was fine; else what is wrong.
std::optional<std::string> Unescape(std::string_view text, std::string* bytes) {
  bytes->clear();
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      *bytes += text[i];
      continue;
    }
    if (++i == text.size()) return "a backslash at the end escapes nothing";
    switch (text[i]) {
      case 't': *bytes += '\t'; break;
      case 'n': *bytes += '\n'; break;
      case 'r': *bytes += '\r'; break;
      case '\\': *bytes += '\\'; break;
      default: return fmt::format("\"\\{}\" is no escape; there are \\t \\n \\r \\\\", text[i]);
    }
  }
  return std::nullopt;
}

class TsvReader final : public LineReader {
 public:
  explicit TsvReader(std::istream& in) : LineReader(in, kLineBytesMax) {}

 private:
  static constexpr size_t kLineBytesMax = 2 * kRecordBytesMax + (1 << 20);  // All of a value escaped, and a key.

  Reading Parse(const std::string& line, Record* record) override {
    const std::string_view text = line;
    const size_t tab = text.find('\t');
    if (tab == std::string_view::npos) return {Found::kMalformed, "expected key, tab, value; found no tab"};
    if (text.find('\t', tab + 1) != std::string_view::npos) {
      return {Found::kMalformed, "expected key, tab, value; found a second tab (one in a value is written \\t)"};
    }
    auto problem = Unescape(text.substr(0, tab), &record->key);
    if (!problem) problem = Unescape(text.substr(tab + 1), &record->value);
    if (problem) return {Found::kMalformed, *std::move(problem)};
    return {Found::kRecord, {}};
  }
};

class TsvWriter final : public RecordWriter {
 public:
  explicit TsvWriter(std::ostream& out) : out_(out) {}
  void Add(const Entry& entry) override {
    // The reader drops one: a key that begins with one keeps its own.
    if (first_ && entry.key.starts_with(kByteOrderMark)) out_ << kByteOrderMark;
    first_ = false;
    out_ << Escaped(entry.key) << '\t' << Escaped(entry.value) << '\n';
  }

 private:
  std::ostream& out_;
  bool first_ = true;
};

}  // namespace

std::unique_ptr<RecordReader> NewTsvReader(std::istream& in) { return std::make_unique<TsvReader>(in); }
std::unique_ptr<RecordWriter> NewTsvWriter(std::ostream& out) { return std::make_unique<TsvWriter>(out); }

}  // namespace amethyst::cli
