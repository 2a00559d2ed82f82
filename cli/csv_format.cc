// The format csv, as RFC 4180 has it: a header, fields between commas, quoted where they hold a comma, quote or line
// end. Other columns and delimiters can be chosen for what others wrote.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "cli/arguments.h"
#include "cli/line_source.h"
#include "cli/record_format.h"
#include "cli/text.h"

namespace amethyst::cli {

namespace {

class CsvReader final : public RecordReader {
 public:
  CsvReader(std::istream& in, RecordFields fields) : buffer_(*in.rdbuf()), chosen_(std::move(fields)) {}

  Reading Next(Record* record) override {
    if (!begun_) {
      begun_ = true;
      DropMark();
      if (auto problem = chosen_.header ? ReadHeader() : NumberColumns()) return {Found::kBroken, *std::move(problem)};
    }
    std::vector<std::string> fields;
    if (Reading reading = ReadFields(&fields); reading.found != Found::kRecord) return reading;
    if (columns_ == 0 && fields.size() >= columns_least_) columns_ = fields.size();
    if (fields.size() != columns_) {
      return {Found::kMalformed,
              fmt::format("expected {} fields, found {}", columns_ == 0 ? columns_least_ : columns_, fields.size())};
    }
    record->value = chosen_.keys_only ? std::string() : fields[value_column_];
    record->key = std::move(fields[key_column_]);
    return {Found::kRecord, {}};
  }
  uint64_t line() const override { return line_; }
  std::string_view raw() const override {
    std::string_view raw = raw_;
    if (raw.ends_with('\n')) raw.remove_suffix(1);
    return raw;
  }
  std::string_view raw_header() const override { return header_; }

 private:
  using Traits = std::streambuf::traits_type;
  static constexpr int kEof = Traits::eof();

  // A byte order mark at the beginning belongs to no field.
  void DropMark() {
    size_t found = 0;
    while (found < kByteOrderMark.size() && buffer_.sgetc() == static_cast<unsigned char>(kByteOrderMark[found])) {
      buffer_.sbumpc();
      ++found;
    }
    if (found < kByteOrderMark.size()) pending_ = kByteOrderMark.substr(0, found);
  }

  // Finds the columns by the header. nullopt: it was fine; else what is wrong.
  std::optional<std::string> ReadHeader() {
    const std::string expected = chosen_.chosen() ? "a header" : "the header key,value";
    std::vector<std::string> names;
    const Reading reading = ReadFields(&names);
    if (reading.found == Found::kEnd) return fmt::format("expected {}, found nothing", expected);
    if (reading.found != Found::kRecord) return reading.why;
    header_ = raw_;
    columns_ = names.size();
    if (!chosen_.chosen() && names != std::vector<std::string>{"key", "value"}) {
      return fmt::format("expected {}, found {}; --key, --value and --no-header take others", expected,
                         Shortened(names[0], 40));
    }
    auto problem = FindColumn(names, chosen_.key.value_or("key"), &key_column_);
    if (!problem && !chosen_.keys_only) problem = FindColumn(names, chosen_.value.value_or("value"), &value_column_);
    return problem;
  }

  static std::optional<std::string> FindColumn(const std::vector<std::string>& names, const std::string& name,
                                               size_t* column) {
    const auto found = std::ranges::find(names, name);
    *column = static_cast<size_t>(found - names.begin());
    if (found == names.end()) {
      return fmt::format("the header has no column {}, but {}", Shortened(name, 40),
                         Shortened(fmt::format("{}", fmt::join(names, ", ")), 200));
    }
    if (std::ranges::count(names, name) == 1) return std::nullopt;
    return fmt::format("the header has several columns {}", Shortened(name, 40));
  }

  // Without a header, the first record tells how many columns there are if some of them are chosen.
  std::optional<std::string> NumberColumns() {
    const auto key = ParseNumber(chosen_.key.value_or("1"));
    const auto value = ParseNumber(chosen_.value.value_or("2"));
    if (!key || !value || *key == 0 || *value == 0) return "without a header, columns are numbers from 1";
    key_column_ = *key - 1;
    value_column_ = *value - 1;
    columns_least_ = chosen_.keys_only ? *key : std::max(*key, *value);
    if (!chosen_.chosen()) columns_ = columns_least_;
    return std::nullopt;
  }

  int Peek() { return pending_.empty() ? buffer_.sgetc() : static_cast<unsigned char>(pending_.front()); }
  int Take() {
    int byte;
    if (pending_.empty()) {
      byte = buffer_.sbumpc();
    } else {
      byte = static_cast<unsigned char>(pending_.front());
      pending_.remove_prefix(1);
    }
    if (byte == '\n') ++next_line_;
    if (byte != kEof && raw_.size() < 2 * kRecordBytesMax) raw_ += Traits::to_char_type(byte);
    return byte;
  }

  // A line that is not empty, as fields.
  Reading ReadFields(std::vector<std::string>* fields) {
    int byte;
    do {
      line_ = next_line_;
      raw_.clear();
      byte = Take();
      if (byte == '\r' && Peek() == '\n') byte = Take();
      if (byte == kEof) return {};
    } while (byte == '\n');
    too_long_ = false;
    for (;;) {
      fields->emplace_back();
      if (auto problem = TakeField(&byte, &fields->back())) {
        while (byte != '\n' && byte != kEof) byte = Take();
        return {Found::kMalformed, *std::move(problem)};
      }
      if (byte == delimiter_) {
        byte = Take();
      } else {
        return too_long_ ? Reading{Found::kMalformed, "a field is too long"} : Reading{Found::kRecord, {}};
      }
    }
  }

  // Takes a field that begins with `*byte`; then that is the delimiter, line end or end of file behind it.
  std::optional<std::string> TakeField(int* byte, std::string* field) {
    if (*byte == '"') return TakeQuoted(byte, field);
    while (*byte != delimiter_ && *byte != '\n' && *byte != kEof) {
      if (*byte == '"') return "a quote inside a field that does not begin with one";
      Append(*byte, field);
      *byte = Take();
    }
    if (*byte != delimiter_ && field->ends_with('\r')) field->pop_back();
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
    if (*byte == '\r' && Peek() == '\n') *byte = Take();
    if (*byte == delimiter_ || *byte == '\n' || *byte == kEof) return std::nullopt;
    return "text between a closing quote and the delimiter";
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
  const RecordFields chosen_;
  const int delimiter_ = static_cast<unsigned char>(chosen_.delimiter);
  bool begun_ = false;
  std::string_view pending_;  // Taken off the stream, but not yet read.
  std::string raw_;
  std::string header_;  // With its line end.
  size_t key_column_ = 0;
  size_t value_column_ = 1;
  size_t columns_ = 0;  // 0: the first record tells.
  size_t columns_least_ = 1;
  bool too_long_ = false;  // A field of the record at hand.
  uint64_t line_ = 0;
  uint64_t next_line_ = 1;
};

class CsvWriter final : public RecordWriter {
 public:
  explicit CsvWriter(std::ostream& out) : out_(out) { out_ << "key,value\n"; }
  void Add(const Entry& entry) override {
    AddField(entry.key);
    out_ << ',';
    AddField(entry.value);
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

std::unique_ptr<RecordReader> NewCsvReader(std::istream& in, RecordFields fields) {
  return std::make_unique<CsvReader>(in, std::move(fields));
}
std::unique_ptr<RecordWriter> NewCsvWriter(std::ostream& out) { return std::make_unique<CsvWriter>(out); }

}  // namespace amethyst::cli
