// The formats in which entries come and go: what reads and writes one record after the other.
//
//   tsv    key, tab, value; \t \n \r \\ stand for tab, line end, carriage return, backslash. Any bytes.
//   csv    RFC 4180, with the header key,value. Any bytes.
//   jsonl  {"key":"…","value":"…"}, one a line; what is not UTF-8 as "key_base64", "value_base64".
//   dump   a header, lengths before every record, checksums, and an end that tells a dump cut off (dump_format.cc).
//
// Text formats skip empty lines and take a line end of "\r\n" as well; a byte order mark at the beginning is no part of
// the first record, in any format. What a writer writes, its reader takes. Thread safety: one thread.
#pragma once

#include <cstdint>
#include <istream>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

namespace amethyst::cli {

enum class RecordFormat : uint8_t { kTsv, kCsv, kJsonl, kDump };

struct Record {
  std::string key;
  std::string value;
};

class RecordReader {
 public:
  // A longer key or value is malformed: no input makes memory unbounded. No database holds one.
  static constexpr size_t kRecordBytesMax = size_t{1} << 30;

  enum class Found : uint8_t {
    kRecord,
    kEnd,
    kMalformed,  // This record; the next call goes on behind it.
    kUnusable,   // This record is whole, but no key with a value; the next call goes on behind it.
    kBroken,     // Nothing behind it can be told apart any more.
  };
  struct Reading {
    Found found = Found::kEnd;
    std::string why;  // Of the last three: what was expected, what was found.
  };

  virtual ~RecordReader() = default;
  [[nodiscard]] virtual Reading Next(Record* record) = 0;
  // Where the last record began: its line, from 1.
  [[nodiscard]] virtual uint64_t line() const = 0;
  // At the end: what is to be said about all of it; empty: nothing.
  [[nodiscard]] virtual std::string remark() const { return {}; }
};

class RecordWriter {
 public:
  virtual ~RecordWriter() = default;
  virtual void Add(std::string_view key, std::string_view value) = 0;
  virtual void Finish() {}
};

// The streams must outlive what is returned.
[[nodiscard]] std::unique_ptr<RecordReader> NewRecordReader(RecordFormat format, std::istream& in);
[[nodiscard]] std::unique_ptr<RecordWriter> NewRecordWriter(RecordFormat format, std::ostream& out);

// "tsv", "csv", "jsonl", "dump".
[[nodiscard]] std::optional<RecordFormat> ParseRecordFormat(std::string_view name);
// By the end of a file's name; nullopt: it tells nothing.
[[nodiscard]] std::optional<RecordFormat> GuessRecordFormat(std::string_view path);

// One for each format, in its own file.
[[nodiscard]] std::unique_ptr<RecordReader> NewTsvReader(std::istream& in);
[[nodiscard]] std::unique_ptr<RecordWriter> NewTsvWriter(std::ostream& out);
[[nodiscard]] std::unique_ptr<RecordReader> NewCsvReader(std::istream& in);
[[nodiscard]] std::unique_ptr<RecordWriter> NewCsvWriter(std::ostream& out);
[[nodiscard]] std::unique_ptr<RecordReader> NewJsonlReader(std::istream& in);
[[nodiscard]] std::unique_ptr<RecordWriter> NewJsonlWriter(std::ostream& out);
[[nodiscard]] std::unique_ptr<RecordReader> NewDumpReader(std::istream& in);
[[nodiscard]] std::unique_ptr<RecordWriter> NewDumpWriter(std::ostream& out);

}  // namespace amethyst::cli
