// The format csv, as RFC 4180 has it: a header, fields between commas, quoted where they hold a comma, quote or line
// end.
#include <fmt/format.h>

#include <vector>

#include "cli/line_source.h"
#include "cli/record_format.h"
#include "cli/text.h"

namespace amethyst::cli {

namespace {

class CsvReader final : public RecordReader {
 public:
  explicit CsvReader(std::istream& in) : buffer_(*in.rdbuf()) {}

  Reading Next(Record* record) override {
    if (!header_read_) {
      header_read_ = true;
      if (Reading header = ReadHeader(); header.found != Found::kRecord) return header;
    }
    std::vector<std::string> fields;
    if (Reading reading = ReadFields(&fields); reading.found != Found::kRecord) return reading;
    if (fields.size() != 2) {
      return {Found::kMalformed, fmt::format("expected 2 fields, found {}", fields.size())};
    }
    record->key = std::move(fields[0]);
    record->value = std::move(fields[1]);
    return {Found::kRecord, {}};
  }
  uint64_t line() const override { return line_; }

 private:
  using Traits = std::streambuf::traits_type;
  static constexpr int kEof = Traits::eof();

  Reading ReadHeader() {
    if (buffer_.sgetc() == static_cast<unsigned char>(kByteOrderMark.front())) {  // Else the header is wrong anyway.
      for (size_t i = 0; i < kByteOrderMark.size(); ++i) Take();
    }
    std::vector<std::string> fields;
    Reading reading = ReadFields(&fields);
    if (reading.found == Found::kEnd) return {Found::kBroken, "expected the header key,value, found nothing"};
    if (reading.found != Found::kRecord) return reading;
    if (fields.size() == 2 && fields[0] == "key" && fields[1] == "value") return reading;
    return {Found::kBroken,
            fmt::format("expected the header key,value, found {}", Shortened(fields.empty() ? "" : fields[0], 40))};
  }

  int Take() {
    const int byte = buffer_.sbumpc();
    if (byte == '\n') ++next_line_;
    return byte;
  }

  // A line that is not empty, as fields.
  Reading ReadFields(std::vector<std::string>* fields) {
    int byte;
    do {
      line_ = next_line_;
      byte = Take();
      if (byte == '\r' && buffer_.sgetc() == '\n') byte = Take();
      if (byte == kEof) return {};
    } while (byte == '\n');
    too_long_ = false;
    for (;;) {
      fields->emplace_back();
      if (auto problem = TakeField(&byte, &fields->back())) {
        while (byte != '\n' && byte != kEof) byte = Take();
        return {Found::kMalformed, *std::move(problem)};
      }
      if (byte == ',') {
        byte = Take();
      } else {
        return too_long_ ? Reading{Found::kMalformed, "a field is too long"} : Reading{Found::kRecord, {}};
      }
    }
  }

  // Takes a field that begins with `*byte`; then that is the comma, line end or end of file behind it.
  std::optional<std::string> TakeField(int* byte, std::string* field) {
    if (*byte == '"') return TakeQuoted(byte, field);
    while (*byte != ',' && *byte != '\n' && *byte != kEof) {
      if (*byte == '"') return "a quote inside a field that does not begin with one";
      Append(*byte, field);
      *byte = Take();
    }
    if (*byte != ',' && field->ends_with('\r')) field->pop_back();
    return std::nullopt;
  }

  std::optional<std::string> TakeQuoted(int* byte, std::string* field) {
    for (;;) {
      *byte = Take();
      if (*byte == kEof) return fmt::format("the quote that line {} opens is not closed", line_);
      if (*byte == '"') {
        *byte = Take();
        if (*byte != '"') break;
      }
      Append(*byte, field);
    }
    if (*byte == '\r' && buffer_.sgetc() == '\n') *byte = Take();
    if (*byte == ',' || *byte == '\n' || *byte == kEof) return std::nullopt;
    return "text between a closing quote and the comma";
  }

  // A field that is too long is read to its end all the same, for what is behind it.
  void Append(int byte, std::string* field) {
    if (field->size() < kRecordBytesMax) {
      *field += Traits::to_char_type(byte);
    } else {
      too_long_ = true;
    }
  }

  std::streambuf& buffer_;
  bool header_read_ = false;
  bool too_long_ = false;  // A field of the record at hand.
  uint64_t line_ = 0;
  uint64_t next_line_ = 1;
};

class CsvWriter final : public RecordWriter {
 public:
  explicit CsvWriter(std::ostream& out) : out_(out) { out_ << "key,value\n"; }
  void Add(std::string_view key, std::string_view value) override {
    AddField(key);
    out_ << ',';
    AddField(value);
    out_ << '\n';
  }

 private:
  void AddField(std::string_view field) {
    if (field.find_first_of(",\"\r\n") == std::string_view::npos) {
      out_ << field;
      return;
    }
    out_ << '"';
    for (const char c : field) {
      if (c == '"') out_ << '"';
      out_ << c;
    }
    out_ << '"';
  }

  std::ostream& out_;
};

}  // namespace

std::unique_ptr<RecordReader> NewCsvReader(std::istream& in) { return std::make_unique<CsvReader>(in); }
std::unique_ptr<RecordWriter> NewCsvWriter(std::ostream& out) { return std::make_unique<CsvWriter>(out); }

}  // namespace amethyst::cli
