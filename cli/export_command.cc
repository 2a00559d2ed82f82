// export: all entries, or a part of them, to a file or a pipe.
#include <fmt/format.h>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/file_stream.h"
#include "cli/key_notation.h"
#include "cli/key_range.h"
#include "cli/progress.h"
#include "cli/record_format.h"

namespace amethyst::cli {

namespace {

// Writes everything `it` walks over. False: stopped, by an interrupt or because the stream takes no more.
Result<bool> WriteAll(const Invocation& invocation, Iterator& it, RecordFormat format, std::ostream& out) {
  const std::unique_ptr<RecordWriter> writer = NewRecordWriter(format, out);
  Progress progress(invocation, "exported", 0);
  uint64_t entries = 0;
  uint64_t bytes = 0;
  for (it.SeekToFirst(); it.Valid(); it.Next()) {
    if (!out.good() || invocation.interrupted()) return false;
    writer->Add(it.key(), it.value());
    bytes += it.key().size() + it.value().size();
    progress.Update({.entries = ++entries, .bytes = bytes}, 0);
  }
  AMETHYST_TRY(it.status());
  writer->Finish();
  if (!out.good()) return false;
  progress.Finish({.entries = entries, .bytes = bytes});
  return true;
}

Result<ExitCode> RunExport(const Invocation& invocation) {
  const Arguments& arguments = invocation.arguments;
  const std::string path(arguments.at(0).value_or("-"));
  const bool to_stdout = path == "-";
  const auto name = arguments.Value("--format");
  const auto format = name ? ParseRecordFormat(*name) : GuessRecordFormat(path).or_else([&] {
    return to_stdout ? std::optional(RecordFormat::kTsv) : std::nullopt;
  });
  if (!format) {
    return WrongUsage(invocation,
                      name ? fmt::format("--format is tsv, csv, jsonl or dump, not {}", *name)
                           : fmt::format("{} does not tell a format: add --format tsv, csv, jsonl or dump", path));
  }
  KeyRange range;
  if (const auto prefix = arguments.Value("--prefix")) {
    auto found = KeyRange::OfPrefix(arguments, *prefix);
    if (!found) return WrongUsage(invocation, found.error());
    range = *std::move(found);
  }
  AMETHYST_ASSIGN(const Family family, invocation.OpenFamily(Session::Access::kRead));
  Iterator it = family.NewIterator(range.ToRead());
  if (to_stdout) {
    AMETHYST_ASSIGN(const bool whole, WriteAll(invocation, it, *format, invocation.console().out));
    return whole || !invocation.interrupted() ? ExitCode::kOk
                                              : ExitCode::kInterrupted;  // The caller checks the stream.
  }
  AMETHYST_ASSIGN(const std::unique_ptr<OutputFile> file,
                  OutputFile::Create(invocation.session.environment().files(), path));
  AMETHYST_ASSIGN(const bool whole, WriteAll(invocation, it, *format, file->stream()));
  AMETHYST_TRY(file->status());
  if (!whole) return ExitCode::kInterrupted;
  AMETHYST_TRY(file->Commit());
  return ExitCode::kOk;
}

constexpr OptionSpec kExportOptions[] = {
    {.name = "--format",
     .value = "FORMAT",
     .help = "tsv, csv, jsonl or dump; else by the end of the file's name, or tsv"},
    {.name = "--prefix", .value = "P", .help = "only keys that begin with P"},
    {.name = kHexOption.name, .value = "", .help = "P is hexadecimal digits"},
    {.name = kEscapesOption.name, .value = "", .help = "P has \\n \\t \\\\ and \\xNN in it"},
};

constexpr Command kExportCommands[] = {
    {.name = "export",
     .arguments = "[FILE]",
     .summary = "Write all entries of the family to FILE, or to standard output, in key order",
     .details = "FILE appears, or is replaced, only when it is whole and on disk; a device or pipe is written to. "
                "`help import`\n"
                "shows the formats; every one keeps any bytes, and dump also tells when it was cut off or changed.\n\n"
                "  amethyst export backup.dump\n"
                "  amethyst export --prefix user: users.csv\n"
                "  amethyst --family users export users.dump\n"
                "  amethyst export --format jsonl | jq .value",
     .arity = {0, 1},
     .options = kExportOptions,
     .run = RunExport,
     .takes_files = true,
     .of_family = true},
};

}  // namespace

std::span<const Command> ExportCommands() { return kExportCommands; }

}  // namespace amethyst::cli
