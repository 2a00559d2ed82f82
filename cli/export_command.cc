// export: all entries, or a part of them, to a file or a pipe.
#include <fmt/format.h>
#include <fmt/ostream.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/file_stream.h"
#include "cli/key_notation.h"
#include "cli/key_range.h"
#include "cli/progress.h"
#include "cli/record_format.h"
#include "cli/text.h"

namespace amethyst::cli {

namespace {

constexpr std::string_view kAllFamilies = "--all-families";
constexpr size_t kEntriesAtOnce = 256;

// Writes families, each from its first key to the last, and tells what it wrote.
class Export {
 public:
  Export(const Invocation& invocation, RecordFormat format, bool of_families)
      : invocation_(invocation), format_(format), of_families_(of_families), progress_(invocation, "exported", 0) {}

  // False: stopped, by an interrupt or because the stream takes no more.
  Result<bool> WriteTo(std::ostream& out, const std::vector<Family>& families, const ReadOptions& options) {
    const std::unique_ptr<RecordWriter> writer = NewRecordWriter(format_, out, of_families_);
    for (const Family& family : families) {
      if (of_families_) writer->BeginFamily(family.name());
      const uint64_t before = all_.entries.value_or(0);
      Iterator it = family.NewIterator(options);
      AMETHYST_ASSIGN(const bool whole, WriteAll(it, *writer, out));
      if (!whole) return false;
      shares_.push_back({.family = family.name(), .entries = all_.entries.value_or(0) - before});
    }
    writer->Finish();
    if (!out.good()) return false;
    Tell();
    return true;
  }

 private:
  struct Share {
    std::string family;
    uint64_t entries;
  };

  Result<bool> WriteAll(Iterator& it, RecordWriter& writer, const std::ostream& out) {
    EntryView room[kEntriesAtOnce];
    for (it.SeekToFirst(); it.Valid(); it.Next()) {
      const std::span<const EntryView> batch = it.NextBatch(room);
      const auto expires_at = it.expires_at();
      expiring_ += expires_at ? batch.size() : 0;
      for (const auto& [key, value] : batch) {
        if (!out.good() || invocation_.interrupted()) return false;
        writer.Add({.key = key, .value = value, .expires_at = expires_at});
        all_.bytes += key.size() + value.size();
      }
      all_.entries = all_.entries.value_or(0) + batch.size();
      progress_.Update(all_, 0);
    }
    AMETHYST_TRY(it.status());
    return true;
  }

  void Tell() {
    progress_.Finish(all_);
    std::ostream& err = invocation_.console().err;
    for (const Share& share : shares_) {
      if (!of_families_) break;
      if (invocation_.json) {
        fmt::print(err, "{{{},\"exported\":{}}}\n", JsonField("family", share.family), share.entries);
      } else {
        fmt::print(err, "  {}: {}\n", Readable(share.family), Counted(share.entries, "entry", "entries"));
      }
    }
    if (expiring_ == 0 || KeepsAll(format_)) return;
    const std::string note = fmt::format("{} at a moment that {} does not keep; jsonl and dump do",
                                         expiring_ == 1 ? "1 entry expires" : Grouped(expiring_) + " entries expire",
                                         RecordFormatName(format_));
    if (invocation_.json) {
      fmt::print(err, "{{\"note\":{}}}\n", JsonString(note));
    } else {
      fmt::print(err, "note: {}\n", note);
    }
  }

  const Invocation& invocation_;
  const RecordFormat format_;
  const bool of_families_;
  Progress progress_;
  Progress::Moved all_{.entries = 0, .bytes = 0};
  std::vector<Share> shares_;
  uint64_t expiring_ = 0;
};

// The one that the command acts on, or all.
Result<std::vector<Family>> FamiliesOf(const Invocation& invocation, bool all) {
  std::vector<Family> families;
  if (!all) {
    AMETHYST_ASSIGN(Family family, invocation.OpenFamily(Session::Access::kRead));
    families.push_back(std::move(family));
    return families;
  }
  AMETHYST_ASSIGN(DB* const database, invocation.session.Database(Session::Access::kRead));
  for (const std::string& name : database->FamilyNames()) {
    AMETHYST_ASSIGN(Family family, database->OpenFamily(name));
    families.push_back(std::move(family));
  }
  return families;
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
  const bool all = arguments.Has(kAllFamilies);
  if (all && !KeepsAll(*format)) {
    return WrongUsage(invocation, fmt::format("{} is for jsonl and dump: {} has no place for families", kAllFamilies,
                                              RecordFormatName(*format)));
  }
  if (all && arguments.Has("--family")) {
    return WrongUsage(invocation, fmt::format("{} and --family exclude each other", kAllFamilies));
  }
  KeyRange range;
  if (const auto prefix = arguments.Value("--prefix")) {
    auto found = KeyRange::OfPrefix(arguments, *prefix);
    if (!found) return WrongUsage(invocation, found.error());
    range = *std::move(found);
  }
  AMETHYST_ASSIGN(const std::vector<Family> families, FamiliesOf(invocation, all));
  const Snapshot snapshot = invocation.session.open_database()->GetSnapshot();  // Of all of them as of one moment.
  ReadOptions options = range.ToRead();
  options.snapshot = &snapshot;
  Export exporting(invocation, *format, all);
  if (to_stdout) {
    AMETHYST_ASSIGN(const bool whole, exporting.WriteTo(invocation.console().out, families, options));
    return whole || !invocation.interrupted() ? ExitCode::kOk
                                              : ExitCode::kInterrupted;  // The caller checks the stream.
  }
  AMETHYST_ASSIGN(const std::unique_ptr<OutputFile> file,
                  OutputFile::Create(invocation.session.environment().files(), path));
  AMETHYST_ASSIGN(const bool whole, exporting.WriteTo(file->stream(), families, options));
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
    {.name = kAllFamilies,
     .value = "",
     .help = "all families, each entry with the name of its own; for jsonl and dump"},
    {.name = kHexOption.name, .value = "", .help = "P is hexadecimal digits"},
    {.name = kEscapesOption.name, .value = "", .help = "P has \\n \\t \\\\ and \\xNN in it"},
};

constexpr Command kExportCommands[] = {
    {.name = "export",
     .arguments = "[FILE]",
     .summary = "Write all entries of the family, or of all, to FILE or to standard output, in key order",
     .details =
         "FILE appears, or is replaced, only when it is whole and on disk; a device or pipe is written to. "
         "`help import`\n"
         "shows the formats; every one keeps any bytes, and dump also tells when it was cut off or changed.\n"
         "jsonl and dump keep when an entry expires, the others do not. Settings of families are not written.\n\n"
         "  amethyst export backup.dump\n"
         "  amethyst export --prefix user: users.csv\n"
         "  amethyst --family users export users.dump\n"
         "  amethyst export --all-families all.dump\n"
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
