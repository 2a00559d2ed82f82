// What an import reads: a format, and for csv and jsonl which part of a record is the key and which the value.
// Thread safety: plain values.
#pragma once

#include <expected>
#include <istream>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "cli/arguments.h"
#include "cli/record_format.h"

namespace amethyst::cli {

struct ImportFormat {
  std::unique_ptr<RecordReader> (*open)(std::istream& in, RecordFields fields) = nullptr;
  bool has_lines = true;  // So bad ones can be written to a file, and imported from there once they are mended.
  RecordFields fields{};

  // Of the options below, for a source of that name; or what is wrong with them. "-" is standard input.
  [[nodiscard]] static std::expected<ImportFormat, std::string> Of(const Arguments& arguments, std::string_view path);
  // The stream must outlive the reader.
  [[nodiscard]] std::unique_ptr<RecordReader> NewReader(std::istream& in) const { return open(in, fields); }
};

inline constexpr OptionSpec kImportFormatOptions[] = {
    {.name = "--format",
     .value = "FORMAT",
     .help = "tsv, csv, jsonl, dump, mdb_dump or ldb_dump; else by the end of the file's name, or tsv"},
    {.name = "--key", .value = "NAME", .help = "the column (csv) or field (jsonl) that is the key; else \"key\""},
    {.name = "--value",
     .value = "NAME",
     .help = "that of the value; else \"value\", or in jsonl with --key the whole object"},
    {.name = "--keys-only", .value = "", .help = "values are empty; without csv or jsonl, a line is a key"},
    {.name = "--no-header", .value = "", .help = "the csv has no header, and columns are numbers from 1"},
    {.name = "--delimiter", .value = "C", .help = "between the fields of csv in the place of the comma; or tab"},
};

}  // namespace amethyst::cli
