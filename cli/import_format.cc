#include "cli/import_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace amethyst::cli {

namespace {

// Turns a reader that chooses no fields into one of the common type.
template <std::unique_ptr<RecordReader> (*kOpen)(std::istream&)>
std::unique_ptr<RecordReader> OpenWhole(std::istream& in, RecordFields) {
  return kOpen(in);
}

struct Source {
  std::string_view name;
  ImportFormat format;
  bool has_fields = false;
};
const Source kSources[] = {
    {.name = "tsv", .format = {.open = OpenWhole<NewTsvReader>}},
    {.name = "csv", .format = {.open = NewCsvReader}, .has_fields = true},
    {.name = "jsonl", .format = {.open = NewJsonlReader}, .has_fields = true},
    {.name = "dump", .format = {.open = OpenWhole<NewDumpReader>, .has_lines = false}},
    {.name = "mdb_dump", .format = {.open = OpenWhole<NewMdbDumpReader>, .has_lines = false}},
    {.name = "ldb_dump", .format = {.open = OpenWhole<NewLdbDumpReader>}},
};
constexpr std::string_view kNames = "tsv, csv, jsonl, dump, mdb_dump or ldb_dump";

std::expected<std::string_view, std::string> NameOf(const Arguments& arguments, std::string_view path) {
  if (const auto name = arguments.Value("--format")) return *name;
  if (const auto guess = GuessRecordFormat(path)) return RecordFormatName(*guess);
  if (path == "-" || arguments.Has("--keys-only")) return "tsv";
  return std::unexpected(fmt::format("{} does not tell its format: add --format {}", path, kNames));
}

std::expected<RecordFields, std::string> FieldsOf(const Arguments& arguments, std::string_view format) {
  RecordFields fields{.key = std::optional<std::string>(arguments.Value("--key")),
                      .value = std::optional<std::string>(arguments.Value("--value")),
                      .keys_only = arguments.Has("--keys-only"),
                      .header = !arguments.Has("--no-header")};
  if (fields.keys_only && fields.value) return std::unexpected("--keys-only and --value exclude each other");
  const auto delimiter = arguments.Value("--delimiter");
  const bool is_csv = format == "csv";
  if ((delimiter || !fields.header) && !is_csv) return std::unexpected("--delimiter and --no-header are for csv");
  if ((fields.key || fields.value) && !is_csv && format != "jsonl") {
    return std::unexpected("--key and --value are for csv and jsonl");
  }
  if (delimiter) {
    if (*delimiter != "tab" && *delimiter != "\\t" && delimiter->size() != 1) {
      return std::unexpected(fmt::format("--delimiter is one byte, or tab, not {}", *delimiter));
    }
    fields.delimiter = delimiter->size() == 1 ? delimiter->front() : '\t';
    if (std::string_view("\"\r\n").find(fields.delimiter) != std::string_view::npos) {
      return std::unexpected("--delimiter is neither a quote nor a line end");
    }
  }
  if (!fields.header) {
    for (const auto& column : {fields.key, fields.value}) {
      if (column && ParseNumber(*column).value_or(0) == 0) {
        return std::unexpected(fmt::format("without a header, columns are numbers from 1, not {}", *column));
      }
    }
  }
  return fields;
}

}  // namespace

std::expected<ImportFormat, std::string> ImportFormat::Of(const Arguments& arguments, std::string_view path) {
  const auto name = NameOf(arguments, path);
  if (!name) return std::unexpected(name.error());
  const auto source = std::ranges::find(kSources, *name, &Source::name);
  if (source == std::end(kSources)) return std::unexpected(fmt::format("--format is {}, not {}", kNames, *name));
  auto fields = FieldsOf(arguments, *name);
  if (!fields) return std::unexpected(fields.error());
  if (!source->format.has_lines && !arguments.Value("--skip-bad").value_or("").empty()) {
    return std::unexpected(fmt::format("--skip-bad=FILE is for formats of lines, not for {}", *name));
  }
  ImportFormat format = source->format;
  if (fields->keys_only && !source->has_fields) {
    if (*name != "tsv") return std::unexpected(fmt::format("--keys-only is not for {}", *name));
    format.open = OpenWhole<NewKeyListReader>;
  }
  format.fields = *std::move(fields);
  return format;
}

}  // namespace amethyst::cli
