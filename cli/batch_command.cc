// batch: puts, merges and deletes, of one family or of several, that are applied as one.
#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/file_stream.h"
#include "cli/moments.h"
#include "cli/report_error.h"
#include "cli/text.h"
#include "cli/words.h"

namespace amethyst::cli {

namespace {

constexpr OptionSpec kFamilyOption{.name = "--family", .value = "NAME", .help = "that the line is about"};
constexpr OptionSpec kPlainOptions[] = {kFamilyOption};
constexpr OptionSpec kExpiringOptions[] = {kFamilyOption, kTtlOption, kExpiresAtOption};

// What a line may be. Its options are those of the command of that name, as far as they are of use here.
struct LineKind {
  std::string_view name;
  Arity arity;
  std::span<const OptionSpec> options;
};
constexpr LineKind kLineKinds[] = {
    {.name = "put", .arity = {2, 2}, .options = kExpiringOptions},
    {.name = "merge", .arity = {2, 2}, .options = kExpiringOptions},
    {.name = "delete", .arity = {1, kAnyNumber}, .options = kPlainOptions},
    {.name = "deleterange", .arity = {1, 2}, .options = kPlainOptions},
    {.name = "deleteprefix", .arity = {1, 1}, .options = kPlainOptions},
};

// Collects lines; what is wrong with one is told by a text.
class Lines {
 public:
  explicit Lines(const Invocation& invocation) : invocation_(invocation) {}

  // nullopt: the line is fine.
  std::optional<std::string> Add(std::string_view line) {
    const auto words = SplitWords(line);
    if (!words) return words.error();
    if (words->empty()) return std::nullopt;
    const auto* const kind = std::ranges::find(kLineKinds, words->front().text, &LineKind::name);
    if (kind == std::end(kLineKinds)) return Unexpected(line);
    const auto arguments = Arguments::Parse(std::span(*words).subspan(1), kind->options, {0, kAnyNumber});
    if (!arguments) return fmt::format("{}: {}", kind->name, arguments.error());
    const size_t count = arguments->positional().size();
    if (count < kind->arity.least || count > kind->arity.most) return Unexpected(line);
    const auto expiry = ExpiryOf(*arguments);
    if (!expiry) return fmt::format("{}: {}", kind->name, expiry.error());
    const std::string family(arguments->Value(kFamilyOption.name).value_or(invocation_.family));
    if (family == kDefaultFamily) {
      Append(kind->name, arguments->positional(), *expiry);
      return std::nullopt;
    }
    const Result<Family> opened = FamilyOf(family);
    if (!opened) return opened.error().message();
    Append(kind->name, arguments->positional(), *expiry, *opened);
    return std::nullopt;
  }

  [[nodiscard]] const WriteBatch& batch() const { return batch_; }

 private:
  static std::string Unexpected(std::string_view line) {
    return fmt::format(
        "expected put KEY VALUE, delete KEY..., deleterange FROM [TO], deleteprefix PREFIX, merge KEY OPERAND, or end; "
        "found {}",
        Shortened(line, 60));
  }

  // Of a database that is there: none is created for lines that may be wrong.
  Result<Family> FamilyOf(const std::string& name) {
    if (const auto known = families_.find(name); known != families_.end()) return known->second;
    AMETHYST_ASSIGN(const Family family, invocation_.session.OpenFamily(name, Session::Access::kModify));
    return families_.emplace(name, family).first->second;
  }

  // `family` is one, or none for the default family.
  template <typename... FamilyOrNone>
  void Append(std::string_view name, const std::vector<std::string>& words, const Expiry& expiry,
              const FamilyOrNone&... family) {
    if (name == "put") {
      IsGiven(expiry) ? batch_.Put(family..., words[0], words[1], expiry) : batch_.Put(family..., words[0], words[1]);
    } else if (name == "merge") {
      IsGiven(expiry) ? batch_.Merge(family..., words[0], words[1], expiry)
                      : batch_.Merge(family..., words[0], words[1]);
    } else if (name == "delete") {
      for (const std::string& key : words) batch_.Delete(family..., key);
    } else if (name == "deleterange") {
      batch_.DeleteRange(family..., words[0],
                         words.size() == 2 ? std::optional<std::string_view>(words[1]) : std::nullopt);
    } else {
      batch_.DeletePrefix(family..., words[0]);
    }
  }

  const Invocation& invocation_;
  std::map<std::string, Family> families_;  // Which lines have named.
  WriteBatch batch_;
};

// What a batch's lines are, and how they ended.
struct Collected {
  Lines lines;
  bool ended = false;  // By `end`.
  uint64_t bad_lines = 0;
};

// Reads on to `end` even behind a bad line, so that the rest of a bad batch is not taken for commands.
Collected Collect(const Invocation& invocation, LineSource& from, std::string_view source) {
  Collected collected{.lines = Lines(invocation)};
  while (const auto line = from.Next("batch> ")) {
    if (*line == "end" || invocation.interrupted()) {
      collected.ended = *line == "end";
      break;
    }
    const auto problem =
        from.too_long() ? std::optional<std::string>("the line is too long") : collected.lines.Add(*line);
    if (!problem) continue;
    ++collected.bad_lines;
    const std::string message =
        source.empty() ? *problem : fmt::format("{}:{}: {}", source, from.line_number(), *problem);
    PrintError(
        invocation.console(), invocation.json,
        {.code = "InvalidInput", .message = message, .hint = "", .line = source.empty() ? from.line_number() : 0});
  }
  return collected;
}

Result<ExitCode> RunBatch(const Invocation& invocation) {
  const auto path = invocation.arguments.at(0);
  std::unique_ptr<InputFile> file;
  std::optional<StreamLines> file_lines;
  if (path) {
    AMETHYST_ASSIGN(file, InputFile::Open(invocation.session.environment().files(), std::string(*path)));
    file_lines.emplace(file->stream());
  }
  const Collected collected = Collect(invocation, file_lines ? *file_lines : invocation.lines, path.value_or(""));
  if (file != nullptr) AMETHYST_TRY(file->status());
  if (invocation.interrupted()) return ExitCode::kInterrupted;
  const bool cut_off = !collected.ended && !path && invocation.from_lines;
  if (collected.bad_lines != 0 || cut_off) {
    PrintError(
        invocation.console(), invocation.json,
        {.code = "InvalidInput",
         .message = cut_off ? "the batch has no end: nothing of it was written" : "nothing of the batch was written",
         .hint = ""});
    return ExitCode::kUsage;
  }
  AMETHYST_ASSIGN(DB* const database,
                  invocation.session.Database(Session::Access::kCreate, collected.lines.batch().ByteSize()));
  AMETHYST_TRY(database->Write(collected.lines.batch()));
  if (!invocation.scripted)
    fmt::print(invocation.console().out, "ok, {}\n",
               Counted(collected.lines.batch().Count(), "operation", "operations"));
  return ExitCode::kOk;
}

constexpr Command kBatchCommands[] = {
    {.name = "batch",
     .arguments = "[FILE]",
     .summary = "Apply lines of put, merge, delete, deleterange and deleteprefix, up to `end`, as one: all or nothing",
     .details =
         "The lines follow, or are those of FILE, or of standard input; there `end` is not needed. They act in their\n"
         "order. If one of them is wrong, nothing is written. Each may name its own family with --family NAME.\n"
         "put and merge take --ttl and --expires-at.\n\n"
         "  printf 'put a 1\\ndelete b\\n' | amethyst batch\n"
         "  printf 'deleteprefix user:\\nput user:1 ada\\n' | amethyst batch\n"
         "  printf 'put --family users 7 ada\\nput --ttl 30m session:7 ada\\n' | amethyst batch\n"
         "  amethyst batch changes.txt",
     .arity = {0, 1},
     .options = {},
     .run = RunBatch,
     .takes_files = true,
     .of_family = true},
};

}  // namespace

std::span<const Command> BatchCommands() { return kBatchCommands; }

}  // namespace amethyst::cli
