// import: many entries from a file, a pipe, or a database of another library.
#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/file_stream.h"
#include "cli/foreign_database.h"
#include "cli/import_format.h"
#include "cli/progress.h"
#include "cli/record_format.h"
#include "cli/report_error.h"
#include "cli/text.h"

namespace amethyst::cli {

namespace {

// Entries are written in batches of about that size; a larger one alone, so that an error can name its line.
constexpr size_t kBatchBytes = size_t{256} << 10;

class Import {
 public:
  struct Source {
    std::string name;  // For messages.
    std::unique_ptr<RecordReader> reader;
    const InputFile* file = nullptr;  // nullptr: standard input, or no file.
    std::unique_ptr<OutputFile> bad;  // Where bad records go; nullptr: nowhere.
  };
  Import(const Invocation& invocation, Family family, Source source)
      : invocation_(invocation),
        family_(std::move(family)),
        source_(std::move(source)),
        progress_(invocation, "imported", source_.file == nullptr ? 0 : source_.file->bytes()) {}

  Result<ExitCode> Run() {
    const Result<ExitCode> result = ReadAll();
    const Status rest = WriteBatch();
    const Status bad = source_.bad == nullptr ? Status() : CommitBad();
    progress_.Finish({.entries = written_, .bytes = bytes_}, skipped_);
    if (!rest) return std::unexpected(rest.error());
    if (!bad) return std::unexpected(bad.error());
    if (!result || *result != ExitCode::kOk) return result;
    Remark();
    return left_out_ == 0 ? ExitCode::kOk : TellLeftOut();
  }

 private:
  Result<ExitCode> ReadAll() {
    const bool skip_bad = invocation_.arguments.Has("--skip-bad");
    Record record;
    while (!invocation_.interrupted()) {
      const RecordReader::Reading reading = source_.reader->Next(&record);
      if (source_.file != nullptr) AMETHYST_TRY(source_.file->status());
      if (reading.found == RecordReader::Found::kEnd) return ExitCode::kOk;
      std::string why = reading.why;
      if (reading.found == RecordReader::Found::kRecord) {
        why = TooLarge(record);
        if (why.empty()) {
          AMETHYST_TRY(Add(record));
          continue;
        }
      }
      if (reading.found == RecordReader::Found::kUnusable && !skip_bad) {
        LeaveOut(why);
        continue;
      }
      const bool hopeless = reading.found == RecordReader::Found::kBroken;
      if (hopeless || !skip_bad) return Refuse(why, hopeless);
      Skip();
    }
    return ExitCode::kInterrupted;
  }

  void Skip() {
    if (source_.bad != nullptr) {
      std::ostream& out = source_.bad->stream();
      if (skipped_ == 0) out << source_.reader->raw_header();
      out << source_.reader->raw() << '\n';
    }
    ++skipped_;
  }

  Status CommitBad() {
    AMETHYST_TRY(source_.bad->status());
    return source_.bad->Commit();
  }

  // Why no batch can hold it; empty: one can.
  [[nodiscard]] std::string TooLarge(const Record& record) const {
    if (record.key.size() > kKeyBytesMax) {
      return fmt::format("the key has {} bytes, {} is the most", record.key.size(), kKeyBytesMax);
    }
    const size_t bytes = record.key.size() + record.value.size();
    const size_t bytes_max = invocation_.session.EntryBytesMax();
    if (bytes <= bytes_max) return {};
    return fmt::format("the entry has {} bytes, {} is the most with this --memory", bytes, bytes_max);
  }

  Status Add(const Record& record) {
    const size_t bytes = record.key.size() + record.value.size();
    if (batch_.ByteSize() + bytes > batch_bytes_max_) {
      AMETHYST_TRY(WriteBatch());
      AMETHYST_ASSIGN(family_, invocation_.OpenFamily(Session::Access::kCreate, bytes));
    }
    batch_.Put(family_, record.key, record.value);
    batch_bytes_ += bytes;
    read_bytes_ += bytes + 2;
    progress_.Update({.entries = written_, .bytes = bytes_}, read_bytes_);
    return bytes > batch_bytes_max_ ? WriteBatch() : Status();
  }

  Status WriteBatch() {
    if (batch_.Empty()) return {};
    if (const Status written = invocation_.session.open_database()->Write(batch_); !written) {
      const Error& error = written.error();
      const std::string message = batch_.Count() == 1
                                      ? fmt::format("{}:{}: {}", source_.name, source_.reader->line(), error.message())
                                      : error.message();
      batch_.Clear();
      return std::unexpected(Error(error.code(), message));
    }
    written_ += batch_.Count();
    bytes_ += batch_bytes_;
    batch_bytes_ = 0;
    batch_.Clear();
    return {};
  }

  // Tells the first few records by name; TellLeftOut tells how many there were.
  void LeaveOut(std::string_view why) {
    constexpr uint64_t kNamedMax = 10;
    if (++left_out_ > kNamedMax) return;
    PrintError(invocation_.console(), invocation_.json,
               {.code = "InvalidInput",
                .message = fmt::format("{}:{}: left out: {}", source_.name, source_.reader->line(), why),
                .hint = ""});
  }

  ExitCode TellLeftOut() const {
    PrintError(
        invocation_.console(), invocation_.json,
        {.code = "InvalidInput",
         .message = fmt::format("{} left out, all others are imported",
                                left_out_ == 1 ? "1 entry was" : fmt::format("{} entries were", Grouped(left_out_))),
         .hint = "--skip-bad says that this will do, and is then no error"});
    return ExitCode::kError;
  }

  void Remark() const {
    const std::string remark = source_.reader->remark();
    if (remark.empty()) return;
    std::ostream& err = invocation_.console().err;
    if (invocation_.json) {
      fmt::print(err, "{{\"note\":{}}}\n", JsonString(remark));
    } else {
      fmt::print(err, "note: {}\n", remark);
    }
  }

  ExitCode Refuse(std::string_view why, bool hopeless) {
    if (!WriteBatch()) return ExitCode::kError;  // Run tells it.
    PrintError(invocation_.console(), invocation_.json,
               {.code = "InvalidInput",
                .message = fmt::format("{}:{}: {}", source_.name, source_.reader->line(), why),
                .hint = hopeless ? "what stands before it is imported; nothing behind it can be read"
                                 : "what stands before it is imported; --skip-bad counts such records and goes on",
                .line = 0});
    return ExitCode::kError;
  }

  const Invocation& invocation_;
  Family family_;
  const Source source_;
  // Small entries take more memory than bytes: a small memory has no room for a full batch of them.
  const size_t batch_bytes_max_ = std::min(kBatchBytes, invocation_.session.EntryBytesMax() / 16);
  Progress progress_;
  class WriteBatch batch_;
  size_t batch_bytes_ = 0;
  uint64_t read_bytes_ = 0;
  uint64_t written_ = 0;
  uint64_t bytes_ = 0;
  uint64_t skipped_ = 0;   // Because --skip-bad was given.
  uint64_t left_out_ = 0;  // Although nobody said that they may be.
};

struct ForeignKind {
  std::string_view option;
  bool has_families;
  bool has_ttl;
  Result<std::unique_ptr<RecordReader>> (*open)(const std::string& path, const ForeignOptions& options);
};
constexpr ForeignKind kForeignKinds[] = {
    {.option = "--from-leveldb", .has_families = false, .has_ttl = false, .open = OpenLevelDb},
    {.option = "--from-rocksdb", .has_families = true, .has_ttl = true, .open = OpenRocksDb},
    {.option = "--from-lmdb", .has_families = true, .has_ttl = false, .open = OpenLmdb},
};

// The options for one kind of source; an error: what is wrong with them. `kind` is nullptr for a file.
std::expected<ForeignOptions, std::string> ForeignOptionsOf(const Arguments& arguments, const ForeignKind* kind) {
  ForeignOptions options;
  if (const auto family = arguments.Value("--column-family")) {
    if (kind == nullptr || !kind->has_families) return std::unexpected("--column-family is for RocksDB and LMDB");
    if (family->empty()) return std::unexpected("--column-family names none");
    if (family->find('\0') != std::string_view::npos) return std::unexpected("no column family has a zero byte");
    options.family = std::string(*family);
  }
  if (const auto suffix = arguments.Value("--ttl-suffix")) {
    if (kind == nullptr || !kind->has_ttl) return std::unexpected("--ttl-suffix is for RocksDB");
    if (*suffix != "strip" && *suffix != "keep") {
      return std::unexpected(fmt::format("--ttl-suffix is strip or keep, not {}", *suffix));
    }
    options.ttl_suffix = *suffix == "strip" ? TtlSuffix::kStrip : TtlSuffix::kKeep;
  }
  return options;
}

Result<ExitCode> RunForeignImport(const Invocation& invocation, const ForeignKind& kind) {
  const std::string path(*invocation.arguments.Value(kind.option));
  const auto given = [&](const ForeignKind& other) { return invocation.arguments.Value(other.option).has_value(); };
  const auto has = [&](const OptionSpec& option) { return invocation.arguments.Has(option.name); };
  if (invocation.arguments.at(0) || std::ranges::any_of(kImportFormatOptions, has) ||
      std::ranges::count_if(kForeignKinds, given) > 1) {
    return WrongUsage(invocation, fmt::format("{} takes the place of FILE, of --format and what belongs to it, and of "
                                              "other sources",
                                              kind.option));
  }
  if (!invocation.arguments.Value("--skip-bad").value_or("").empty()) {
    return WrongUsage(invocation, fmt::format("--skip-bad=FILE is for text, not for {}", kind.option));
  }
  if (path.empty()) return WrongUsage(invocation, fmt::format("{} names no database", kind.option));
  if (path.find('\0') != std::string::npos) {  // The libraries would take what stands before it for the path.
    return WrongUsage(invocation, fmt::format("{} names a path with a zero byte", kind.option));
  }
  const auto options = ForeignOptionsOf(invocation.arguments, &kind);
  if (!options) return WrongUsage(invocation, options.error());
  AMETHYST_ASSIGN(auto reader, kind.open(path, *options));
  AMETHYST_ASSIGN(const Family family, invocation.OpenFamily(Session::Access::kCreate));
  return Import(invocation, family, {.name = path, .reader = std::move(reader), .file = nullptr, .bad = nullptr}).Run();
}

Result<ExitCode> RunImport(const Invocation& invocation) {
  for (const ForeignKind& kind : kForeignKinds) {
    if (invocation.arguments.Value(kind.option)) return RunForeignImport(invocation, kind);
  }
  if (const auto options = ForeignOptionsOf(invocation.arguments, nullptr); !options) {
    return WrongUsage(invocation, options.error());
  }
  const std::string path(invocation.arguments.at(0).value_or("-"));
  const bool from_stdin = path == "-";
  if (from_stdin && invocation.from_lines)
    return WrongUsage(invocation, "name a FILE: commands come from standard input");
  const auto format = ImportFormat::Of(invocation.arguments, path);
  if (!format) return WrongUsage(invocation, format.error());
  const std::string bad_path(invocation.arguments.Value("--skip-bad").value_or(""));
  std::unique_ptr<InputFile> file;
  if (!from_stdin) {
    AMETHYST_ASSIGN(file, InputFile::Open(invocation.session.environment().files(), path));
  }
  AMETHYST_ASSIGN(const Family family, invocation.OpenFamily(Session::Access::kCreate));
  std::unique_ptr<OutputFile> bad;
  if (!bad_path.empty()) {
    AMETHYST_ASSIGN(bad, OutputFile::Create(invocation.session.environment().files(), bad_path));
  }
  Import import(invocation, family,
                {.name = from_stdin ? "standard input" : path,
                 .reader = format->NewReader(from_stdin ? invocation.console().in : file->stream()),
                 .file = file.get(),
                 .bad = std::move(bad)});
  return import.Run();
}

constexpr OptionSpec kOwnOptions[] = {
    {.name = "--skip-bad",
     .value = "FILE",
     .help = "count records that cannot be stored and go on; write them to FILE as they are",
     .optional_value = true},
    {.name = "--from-leveldb", .value = "DIR", .help = "all entries of a database of LevelDB's"},
    {.name = "--from-rocksdb", .value = "DIR", .help = "those of RocksDB's"},
    {.name = "--from-lmdb", .value = "PATH", .help = "those of LMDB's, a directory or a file"},
    {.name = "--column-family", .value = "NAME", .help = "that column family (RocksDB), named database (LMDB) alone"},
    {.name = "--ttl-suffix",
     .value = "WHAT",
     .help = "strip or keep the 4 bytes that a TTL puts behind values (RocksDB); else by its OPTIONS"},
};
constexpr auto kImportOptions = [] {
  std::array<OptionSpec, std::size(kImportFormatOptions) + std::size(kOwnOptions)> all;
  std::ranges::copy(kOwnOptions, std::ranges::copy(kImportFormatOptions, all.begin()).out);
  return all;
}();

constexpr Command kImportCommands[] = {
    {.name = "import",
     .arguments = "[FILE]",
     .summary = "Read entries from FILE, or from standard input, and store them",
     .details = "A malformed record ends the import, with its line; the records before it stay stored.\n"
                "  tsv    key, tab, value; \\t \\n \\r \\\\ stand for tab, line end, carriage return, backslash\n"
                "  csv    RFC 4180 with the header key,value\n"
                "  jsonl  {\"key\":\"...\",\"value\":\"...\"} a line; \"key_base64\", \"value_base64\" for other bytes "
                "than UTF-8\n"
                "  lists  with --keys-only, a key a line as `scan --keys-only` prints it\n"
                "  dump   what `export --format dump` writes: any bytes, and a dump cut off or changed is noticed\n"
                "  mdb_dump, ldb_dump   what LMDB's mdb_dump and Berkeley DB's db_dump print, and RocksDB's `ldb dump "
                "--hex`\n\n"
                "--from-... reads another library's database in the place of FILE; in messages DIR:7 is its seventh "
                "entry.\n"
                "One with entries in several column families, or with databases within it, is refused until "
                "--column-family\n"
                "names one. Entries that only their own program can read are left out, told, and make the exit code "
                "3.\n\n"
                "  amethyst import fruit.tsv\n"
                "  zcat big.jsonl.gz | amethyst import --format jsonl --skip-bad=bad.jsonl\n"
                "  amethyst import users.csv --key id --value email\n"
                "  amethyst import --format csv --delimiter ';' --no-header --key 2 --value 1 table.txt\n"
                "  amethyst import events.jsonl --key id\n"
                "  amethyst --family users import users.csv\n"
                "  mdb_dump store | amethyst import --format mdb_dump\n"
                "  amethyst --db new import --from-leveldb old",
     .arity = {0, 1},
     .options = kImportOptions,
     .run = RunImport,
     .takes_files = true,
     .of_family = true},
};

}  // namespace

std::span<const Command> ImportCommands() { return kImportCommands; }

}  // namespace amethyst::cli
