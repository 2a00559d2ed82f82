#include "cli/table_import.h"

#include <fmt/format.h>

#include "base/error.h"
#include "cli/report_error.h"

namespace amethyst::cli {

namespace {

Result<ExitCode> Refuse(const Invocation& invocation, const Import::Source& source, std::string_view why,
                        std::string_view hint) {
  PrintError(invocation.console(), invocation.json,
             {.code = "InvalidInput",
              .message = fmt::format("{}:{}: {}", source.name, source.reader->line(), why),
              .hint = std::string(hint),
              .line = 0});
  return ExitCode::kError;
}

}  // namespace

Result<ExitCode> ImportAsTable(const Invocation& invocation, const Family& family, const Import::Source& source) {
  constexpr std::string_view kNothing = "nothing was imported; leave out --as-table for records in any order";
  // Beside the database, so that it can be linked in.
  const std::string path = invocation.session.settings().directory + ".import.table";
  io::FileSystem& files = invocation.session.environment().files();
  AMETHYST_ASSIGN(const bool is_left, files.Exists(path));
  if (is_left) AMETHYST_TRY(files.Remove(path));  // Of an import that was cut short.
  AMETHYST_ASSIGN(TableWriter table,
                  TableWriter::Create(
                      path, {.family = {.ttl = family.ttl()}, .environment = invocation.session.shared_environment()}));
  Progress progress(invocation, "imported", source.file == nullptr ? 0 : source.file->bytes());
  Progress::Moved moved{.entries = 0, .bytes = 0};
  Record record;
  for (;;) {
    if (invocation.interrupted()) return ExitCode::kInterrupted;
    const RecordReader::Reading reading = source.reader->Next(&record);
    if (source.file != nullptr) AMETHYST_TRY(source.file->status());
    if (reading.found == RecordReader::Found::kEnd) break;
    if (reading.found != RecordReader::Found::kRecord && reading.found != RecordReader::Found::kFamily) {
      return Refuse(invocation, source, reading.why, "nothing was imported");
    }
    if (record.family && *record.family != source.family) {
      return Refuse(invocation, source, "the record is of another family", kNothing);
    }
    if (reading.found == RecordReader::Found::kFamily) continue;
    const Status added = record.expires_at ? table.Put(record.key, record.value, ExpiresAt(*record.expires_at))
                                           : table.Put(record.key, record.value);
    if (!added && added.error().code() == ErrorCode::kInvalidArgument) {
      return Refuse(invocation, source, added.error().message(), kNothing);
    }
    AMETHYST_TRY(added);
    moved.entries = *moved.entries + 1;
    moved.bytes += record.key.size() + record.value.size();
    progress.Update(moved, moved.bytes + 2 * *moved.entries);
  }
  if (*moved.entries > 0) {
    AMETHYST_TRY(table.Finish());
    AMETHYST_TRY(invocation.session.open_database()->Ingest(
        std::filesystem::path(path), {.family = family, .mode = IngestMode::kMove, .replace = {}}));
  }
  progress.Finish(moved);
  return ExitCode::kOk;
}

}  // namespace amethyst::cli
