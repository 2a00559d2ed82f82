// import: many entries from a file, a pipe, or a database of another library.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <memory>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/file_stream.h"
#include "cli/foreign_import.h"
#include "cli/import.h"
#include "cli/import_format.h"
#include "cli/table_import.h"

namespace amethyst::cli {

namespace {

Result<ExitCode> RunImport(const Invocation& invocation) {
  if (NamesForeign(invocation.arguments)) return RunForeignImport(invocation);
  if (const auto problem = ForeignOptionsWithoutSource(invocation.arguments)) {
    return WrongUsage(invocation, *problem);
  }
  const std::string path(invocation.arguments.at(0).value_or("-"));
  const bool from_stdin = path == "-";
  if (from_stdin && invocation.from_lines)
    return WrongUsage(invocation, "name a FILE: commands come from standard input");
  const auto format = ImportFormat::Of(invocation.arguments, path);
  if (!format) return WrongUsage(invocation, format.error());
  const bool as_table = invocation.arguments.Has("--as-table");
  if (as_table && invocation.arguments.Has("--skip-bad")) {
    return WrongUsage(invocation, "--as-table and --skip-bad exclude each other: a table is whole, or not there");
  }
  const std::string bad_path(invocation.arguments.Value("--skip-bad").value_or(""));
  std::unique_ptr<InputFile> file;
  if (!from_stdin) {
    AMETHYST_ASSIGN(file, InputFile::Open(invocation.session.environment().files(), path));
  }
  AMETHYST_TRY(invocation.OpenFamily(Session::Access::kCreate));
  std::unique_ptr<OutputFile> bad;
  if (!bad_path.empty()) {
    AMETHYST_ASSIGN(bad, OutputFile::Create(invocation.session.environment().files(), bad_path));
  }
  Import::Source source{.name = from_stdin ? "standard input" : path,
                        .family = invocation.family,
                        .reader = format->NewReader(from_stdin ? invocation.console().in : file->stream()),
                        .file = file.get(),
                        .bad = std::move(bad)};
  if (as_table) {
    AMETHYST_ASSIGN(const Family family, invocation.OpenFamily(Session::Access::kCreate));
    return ImportAsTable(invocation, family, source);
  }
  Import import(invocation, file == nullptr ? 0 : file->bytes());
  return import.Finish(import.Take(std::move(source)));
}

constexpr OptionSpec kOwnOptions[] = {
    {.name = "--skip-bad",
     .value = "FILE",
     .help = "count records that cannot be stored and go on; write them to FILE as they are",
     .optional_value = true},
    {.name = "--as-table",
     .value = "",
     .help = "records are in the order of their keys: store all as one table, or none"},
};
constexpr auto kImportOptions = [] {
  std::array<OptionSpec, std::size(kImportFormatOptions) + std::size(kOwnOptions) + std::size(kForeignImportOptions)>
      all;
  const auto behind = std::ranges::copy(kOwnOptions, std::ranges::copy(kImportFormatOptions, all.begin()).out).out;
  std::ranges::copy(kForeignImportOptions, behind);
  return all;
}();

constexpr Command kImportCommands[] = {
    {.name = "import",
     .arguments = "[FILE]",
     .summary = "Read entries from FILE, or from standard input, and store them",
     .details =
         "A malformed record ends the import, with its line; the records before it stay stored.\n"
         "  tsv    key, tab, value; \\t \\n \\r \\\\ stand for tab, line end, carriage return, backslash\n"
         "  csv    RFC 4180 with the header key,value\n"
         "  jsonl  {\"key\":\"...\",\"value\":\"...\"} a line; \"key_base64\", \"value_base64\" for other bytes "
         "than UTF-8;\n"
         "         \"expires_at\" and \"family\" where export wrote them: the family is made if it is not there\n"
         "  lists  with --keys-only, a key a line as `scan --keys-only` prints it\n"
         "  dump   what `export --format dump` writes: any bytes, and a dump cut off or changed is noticed;\n"
         "         expiries and families as in jsonl\n"
         "  mdb_dump, ldb_dump   what LMDB's mdb_dump and Berkeley DB's db_dump print, and RocksDB's `ldb dump "
         "--hex`\n\n"
         "--from-... reads another library's database in the place of FILE; in messages DIR:7 is its seventh "
         "entry.\n"
         "RocksDB's column families and LMDB's named databases become families of the same names;\n"
         "--column-family NAME imports one alone, into the family that --family names, or default.\n"
         "Entries that only their own program can read are left out, told, and make the exit code 3.\n\n"
         "  amethyst import fruit.tsv\n"
         "  zcat big.jsonl.gz | amethyst import --format jsonl --skip-bad=bad.jsonl\n"
         "  amethyst import users.csv --key id --value email\n"
         "  amethyst import --format csv --delimiter ';' --no-header --key 2 --value 1 table.txt\n"
         "  amethyst import events.jsonl --key id\n"
         "  amethyst --family users import users.csv\n"
         "  mdb_dump store | amethyst import --format mdb_dump\n"
         "  amethyst --db new import --from-rocksdb old",
     .arity = {0, 1},
     .options = kImportOptions,
     .run = RunImport,
     .takes_files = true,
     .of_family = true},
};

}  // namespace

std::span<const Command> ImportCommands() { return kImportCommands; }

}  // namespace amethyst::cli
