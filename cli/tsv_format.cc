// The format tsv: a line is key, tab, value.
#include <fmt/format.h>

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

class TsvReader final : public RecordReader {
 public:
  explicit TsvReader(std::istream& in) : in_(in) {}

  Reading Next(Record* record) override {
    LineRead read;
    do {
      read = ReadLine(in_, kLineBytesMax, &text_);
      if (read == LineRead::kEnd) return {};
      if (++line_ == 1) DropByteOrderMark(&text_);
      if (text_.ends_with('\r')) text_.pop_back();  // An escaped one is a backslash and an r.
    } while (text_.empty());
    if (read == LineRead::kTooLong) return {Found::kMalformed, "the line is too long"};
    return Split(record);
  }
  uint64_t line() const override { return line_; }
  std::string_view raw() const override { return text_; }

 private:
  static constexpr size_t kLineBytesMax = 2 * kRecordBytesMax + (1 << 20);  // All of a value escaped, and a key.

  Reading Split(Record* record) const {
    const std::string_view text = text_;
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

  std::istream& in_;
  std::string text_;
  uint64_t line_ = 0;
};

class TsvWriter final : public RecordWriter {
 public:
  explicit TsvWriter(std::ostream& out) : out_(out) {}
  void Add(std::string_view key, std::string_view value) override {
    // The reader drops one: a key that begins with one keeps its own.
    if (first_ && key.starts_with(kByteOrderMark)) out_ << kByteOrderMark;
    first_ = false;
    out_ << Escaped(key) << '\t' << Escaped(value) << '\n';
  }

 private:
  std::ostream& out_;
  bool first_ = true;
};

}  // namespace

std::unique_ptr<RecordReader> NewTsvReader(std::istream& in) { return std::make_unique<TsvReader>(in); }
std::unique_ptr<RecordWriter> NewTsvWriter(std::ostream& out) { return std::make_unique<TsvWriter>(out); }

}  // namespace amethyst::cli
