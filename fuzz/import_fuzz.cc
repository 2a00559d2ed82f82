// What `amethyst import` reads of files that others wrote: each text format, with every choice of columns, and the
// options files that RocksDB leaves.
//
// The first byte chooses the format, the second which part of a record is taken. Whatever is found: a reader comes to
// an end, its lines go forward, a bad record that is kept as it stands is bad again, and good ones, written anew in the
// format as its own program writes it, come back as they were.
#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "cli/foreign/rocksdb_ttl.h"
#include "cli/record_format.h"
#include "cli/text.h"

namespace amethyst::cli {
namespace {

using Found = RecordReader::Found;
using Open = std::function<std::unique_ptr<RecordReader>(std::istream&)>;

// Of the bits of `choice`: which columns or fields, by what name, and what is between them.
RecordFields FieldsOf(uint8_t choice) {
  RecordFields fields;
  fields.header = (choice & 1) != 0;
  const bool by_number = !fields.header;
  if ((choice & 2) != 0) fields.key = by_number ? "2" : "id";
  if ((choice & 4) != 0) fields.value = by_number ? "1" : "name";
  fields.keys_only = (choice & 8) != 0 && !fields.value;
  constexpr char kDelimiters[] = {',', ';', '\t', '\xff'};
  fields.delimiter = kDelimiters[(choice >> 4) % std::size(kDelimiters)];
  return fields;
}

// A bad record goes into a file of its own under --skip-bad, and is read from there again.
void ExpectBadAgain(const Open& open, const RecordReader& reader) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (reader.raw().starts_with(kByteOrderMark)) return;  // At the beginning of a file it is no part of the record.
  std::istringstream kept(fmt::format("{}{}\n", reader.raw_header(), reader.raw()));
  Record record;
  AMETHYST_ASSERT(open(kept)->Next(&record).found != Found::kRecord);
}

std::vector<Record> ReadAll(const Open& open, const std::string& text, bool keeps_bad) {
  std::istringstream in(text);
  const std::unique_ptr<RecordReader> reader = open(in);
  std::vector<Record> records;
  Record record;
  uint64_t line = 0;
  for (size_t readings = 0;; ++readings) {
    AMETHYST_ASSERT(readings <= text.size() + 1);
    const RecordReader::Reading reading = reader->Next(&record);
    AMETHYST_ASSERT(reader->line() >= line);
    line = reader->line();
    const bool is_bad = reading.found == Found::kMalformed || reading.found == Found::kUnusable;
    AMETHYST_ASSERT((is_bad || reading.found == Found::kBroken) == !reading.why.empty());
    if (reading.found == Found::kEnd || reading.found == Found::kBroken) break;
    if (reading.found == Found::kRecord) records.push_back(record);
    if (is_bad && keeps_bad) ExpectBadAgain(open, *reader);
  }
  static_cast<void>(reader->remark());
  return records;
}

void ExpectTheSame(const Open& open, const std::vector<Record>& expected, const std::string& written) {
  std::istringstream in(written);
  const std::unique_ptr<RecordReader> reader = open(in);
  Record record;
  for (const Record& one : expected) {
    AMETHYST_ASSERT(reader->Next(&record).found == Found::kRecord);
    AMETHYST_ASSERT(record.key == one.key && record.value == one.value);
  }
  AMETHYST_ASSERT(reader->Next(&record).found == Found::kEnd);
}

// A line of mdb_dump (Berkeley DB's, which doubles a backslash, with `print`).
std::string DumpLine(std::string_view bytes, bool print) {
  std::string line(" ");
  if (!print) return line + EncodeHex(bytes) + '\n';
  for (const char c : bytes) {
    if (c == '\\') {
      line += "\\\\";
    } else if (c >= ' ' && c <= '~') {
      line += c;
    } else {
      line += '\\' + EncodeHex(std::string_view(&c, 1));
    }
  }
  return line + '\n';
}

void FuzzMdbDump(const std::string& text) {
  const Open open = [](std::istream& in) { return NewMdbDumpReader(in); };
  const std::vector<Record> records = ReadAll(open, text, false);
  for (const bool print : {false, true}) {
    std::string written = fmt::format("VERSION=3\nformat={}\ntype=btree\nHEADER=END\n", print ? "print" : "bytevalue");
    for (const Record& record : records) written += DumpLine(record.key, print) + DumpLine(record.value, print);
    ExpectTheSame(open, records, written + "DATA=END\n");
  }
}

void FuzzLdbDump(const std::string& text) {
  const Open open = [](std::istream& in) { return NewLdbDumpReader(in); };
  const std::vector<Record> records = ReadAll(open, text, true);
  std::string written;
  for (const Record& record : records) {
    written += fmt::format("0x{} ==> 0x{}\n", EncodeHex(record.key), EncodeHex(record.value));
  }
  ExpectTheSame(open, records, fmt::format("{}Keys in range: {}\n", written, records.size()));
}

void FuzzKeyList(const std::string& text) {
  const Open open = [](std::istream& in) { return NewKeyListReader(in); };
  const std::vector<Record> records = ReadAll(open, text, true);
  std::string written;
  for (const Record& record : records) written += Readable(record.key) + '\n';
  ExpectTheSame(open, records, written);
}

// What comes over is exported and imported again; that readers and writers of a format agree is shell_fuzz's.
void FuzzChosenFields(const Open& open, bool first_record_tells, const std::string& text) {
  const std::vector<Record> records = ReadAll(open, text, !first_record_tells);
  std::ostringstream out;
  const std::unique_ptr<RecordWriter> writer = NewRecordWriter(RecordFormat::kTsv, out);
  for (const Record& record : records) writer->Add({.key = record.key, .value = record.value});
  writer->Finish();
  ExpectTheSame([](std::istream& in) { return NewTsvReader(in); }, records, out.str());
}

void FuzzOptionsFile(const std::string& text) {
  static_cast<void>(NamesTtl(text, "default"));
  static_cast<void>(NamesTtl(text, std::string_view(text).substr(0, text.find('\n'))));
  TtlSuspicion suspicion;
  for (size_t at = 0; at < text.size(); at += 7) suspicion.Add(std::string_view(text).substr(at, 7));
  static_cast<void>(suspicion.Holds());
}

}  // namespace
}  // namespace amethyst::cli

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace amethyst::cli;  // NOLINT: a program of one file.
  if (size < 2) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 2, size - 2);
  const RecordFields fields = FieldsOf(data[1]);
  switch (data[0] % 8) {
    case 0: FuzzMdbDump(text); break;
    case 1: FuzzLdbDump(text); break;
    case 2: FuzzKeyList(text); break;
    case 3: FuzzOptionsFile(text); break;
    case 4: FuzzChosenFields([&](std::istream& in) { return NewJsonlReader(in, fields); }, false, text); break;
    default: FuzzChosenFields([&](std::istream& in) { return NewCsvReader(in, fields); }, !fields.header, text); break;
  }
  return 0;
}
