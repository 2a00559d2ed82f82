// The formats in which entries come and go: what reads and writes one record after the other.
//
//   tsv    key, tab, value; \t \n \r \\ stand for tab, line end, carriage return, backslash. Any bytes.
//   csv    RFC 4180, with the header key,value. Any bytes.
//   jsonl  {"key":"…","value":"…"}, one a line; what is not UTF-8 as "key_base64", "value_base64". Beside them, where
//          there is something to say, "family" and "expires_at"; {"family":"…"} alone is a family without an entry.
//   dump   a header, lengths before every record, checksums, and an end that tells a dump cut off (dump_format.cc).
//
// jsonl and dump alone keep expiries and families.
//
// Text formats skip empty lines and take a line end of "\r\n" as well; a byte order mark at the beginning is no part of
// the first record, in any format. What a writer writes, its reader takes. Thread safety: one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <istream>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

namespace amethyst::cli {

enum class RecordFormat : uint8_t { kTsv, kCsv, kJsonl, kDump };

// Which part of a record of csv or jsonl is the key and which the value, where the source was not made for us.
struct RecordFields {
  // A column's name, or its number from 1 where csv has no header; a field's name in jsonl. nullopt: "key", or 1.
  std::optional<std::string> key;
  // nullopt: "value", or 2; with a key in jsonl, the whole object.
  std::optional<std::string> value;
  bool keys_only = false;  // Values are empty.
  bool header = true;      // Of csv, as is the delimiter.
  char delimiter = ',';

  // One part of a record was chosen, so the rest may be left out.
  [[nodiscard]] bool chosen() const { return key || value || keys_only; }
};

struct Record {
  std::string key;
  std::string value;
  // Set anew by the readers of formats that keep them, and left alone by all others.
  std::optional<std::chrono::system_clock::time_point> expires_at{};
  std::optional<std::string> family{};
};

class RecordReader {
 public:
  // A longer key or value is malformed: no input makes memory unbounded. No database holds one.
  static constexpr size_t kRecordBytesMax = size_t{1} << 30;

  enum class Found : uint8_t {
    kRecord,
    kFamily,  // No record: one family more is there, and named.
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
  // The last record as it stands in the source, without its last line end: for a text format. A line that is too long
  // may be cut off.
  [[nodiscard]] virtual std::string_view raw() const { return {}; }
  // What has to stand before such records for a reader to take them; with its line end, if there is any.
  [[nodiscard]] virtual std::string_view raw_header() const { return {}; }
  // At the end: what is to be said about all of it; empty: nothing.
  [[nodiscard]] virtual std::string remark() const { return {}; }
};

class RecordWriter {
 public:
  struct Entry {
    std::string_view key;
    std::string_view value;
    std::optional<std::chrono::system_clock::time_point> expires_at{};
  };

  virtual ~RecordWriter() = default;
  virtual void Add(const Entry& entry) = 0;
  // What follows is of that family. For formats that keep families.
  virtual void BeginFamily(std::string_view /*name*/) {}
  virtual void Finish() {}
};

// The streams must outlive what is returned. `of_families`: BeginFamily will be called, before any entry.
[[nodiscard]] std::unique_ptr<RecordReader> NewRecordReader(RecordFormat format, std::istream& in);
[[nodiscard]] std::unique_ptr<RecordWriter> NewRecordWriter(RecordFormat format, std::ostream& out,
                                                            bool of_families = false);
// Whether the format has a place for expiries and families.
[[nodiscard]] constexpr bool KeepsAll(RecordFormat format) {
  return format == RecordFormat::kJsonl || format == RecordFormat::kDump;
}

// "tsv", "csv", "jsonl", "dump".
[[nodiscard]] std::optional<RecordFormat> ParseRecordFormat(std::string_view name);
[[nodiscard]] std::string_view RecordFormatName(RecordFormat format);
// By the end of a file's name; nullopt: it tells nothing.
[[nodiscard]] std::optional<RecordFormat> GuessRecordFormat(std::string_view path);

// One for each format, in its own file.
[[nodiscard]] std::unique_ptr<RecordReader> NewTsvReader(std::istream& in);
[[nodiscard]] std::unique_ptr<RecordWriter> NewTsvWriter(std::ostream& out);
[[nodiscard]] std::unique_ptr<RecordReader> NewCsvReader(std::istream& in, RecordFields fields = {});
[[nodiscard]] std::unique_ptr<RecordWriter> NewCsvWriter(std::ostream& out);
[[nodiscard]] std::unique_ptr<RecordReader> NewJsonlReader(std::istream& in, RecordFields fields = {});
[[nodiscard]] std::unique_ptr<RecordWriter> NewJsonlWriter(std::ostream& out);
[[nodiscard]] std::unique_ptr<RecordReader> NewDumpReader(std::istream& in);
[[nodiscard]] std::unique_ptr<RecordWriter> NewDumpWriter(std::ostream& out, bool of_families = false);

// What can be read alone.
//   keys       a key a line, as `scan --keys-only` prints it; values are empty.
//   mdb_dump   what mdb_dump and db_dump print, with and without -p.
//   ldb_dump   what RocksDB's `ldb dump --hex` and `ldb scan --hex` print.
[[nodiscard]] std::unique_ptr<RecordReader> NewKeyListReader(std::istream& in);
[[nodiscard]] std::unique_ptr<RecordReader> NewMdbDumpReader(std::istream& in);
[[nodiscard]] std::unique_ptr<RecordReader> NewLdbDumpReader(std::istream& in);

}  // namespace amethyst::cli
