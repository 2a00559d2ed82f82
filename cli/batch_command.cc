// batch: puts and deletes, of keys and of ranges, that are applied as one.
#include <fmt/format.h>
#include <fmt/ostream.h>

#include <optional>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/file_stream.h"
#include "cli/report_error.h"
#include "cli/text.h"
#include "cli/words.h"

namespace amethyst::cli {

namespace {

// Adds one line to the batch; else what is wrong with it.
std::optional<std::string> AddLine(std::string_view line, WriteBatch* batch) {
  const auto words = SplitWords(line);
  if (!words) return words.error();
  if (words->empty()) return std::nullopt;
  const std::string& name = words->front().text;
  if (name == "put" && words->size() == 3) {
    batch->Put((*words)[1].text, (*words)[2].text);
    return std::nullopt;
  }
  if (name == "delete" && words->size() >= 2) {
    for (size_t i = 1; i < words->size(); ++i) batch->Delete((*words)[i].text);
    return std::nullopt;
  }
  if (name == "deleterange" && (words->size() == 2 || words->size() == 3)) {
    batch->DeleteRange((*words)[1].text, words->size() == 3 ? std::optional((*words)[2].text) : std::nullopt);
    return std::nullopt;
  }
  if (name == "deleteprefix" && words->size() == 2) {
    batch->DeletePrefix((*words)[1].text);
    return std::nullopt;
  }
  return fmt::format(
      "expected put KEY VALUE, delete KEY..., deleterange FROM [TO], deleteprefix PREFIX, or end; found {}",
      Shortened(line, 60));
}

// What a batch's lines are, and how they ended.
struct Collected {
  WriteBatch batch;
  bool ended = false;  // By `end`.
  uint64_t bad_lines = 0;
};

// Reads on to `end` even behind a bad line, so that the rest of a bad batch is not taken for commands.
Collected Collect(const Invocation& invocation, LineSource& lines, std::string_view source) {
  Collected collected;
  while (const auto line = lines.Next("batch> ")) {
    if (*line == "end" || invocation.interrupted()) {
      collected.ended = *line == "end";
      break;
    }
    const auto problem =
        lines.too_long() ? std::optional<std::string>("the line is too long") : AddLine(*line, &collected.batch);
    if (!problem) continue;
    ++collected.bad_lines;
    const std::string message =
        source.empty() ? *problem : fmt::format("{}:{}: {}", source, lines.line_number(), *problem);
    PrintError(
        invocation.console(), invocation.json,
        {.code = "InvalidInput", .message = message, .hint = "", .line = source.empty() ? lines.line_number() : 0});
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
                  invocation.session.Database(Session::Access::kCreate, collected.batch.ByteSize()));
  AMETHYST_TRY(database->Write(collected.batch));
  if (!invocation.scripted)
    fmt::print(invocation.console().out, "ok, {}\n", Counted(collected.batch.Count(), "operation", "operations"));
  return ExitCode::kOk;
}

constexpr Command kBatchCommands[] = {
    {.name = "batch",
     .arguments = "[FILE]",
     .summary = "Apply lines of put, delete, deleterange and deleteprefix, up to `end`, as one: all or nothing",
     .details =
         "The lines follow, or are those of FILE, or of standard input; there `end` is not needed. They act in their\n"
         "order. If one of them is wrong, nothing is written.\n\n"
         "  printf 'put a 1\\ndelete b\\n' | amethyst batch\n"
         "  printf 'deleteprefix user:\\nput user:1 ada\\n' | amethyst batch\n"
         "  amethyst batch changes.txt",
     .arity = {0, 1},
     .options = {},
     .run = RunBatch,
     .takes_files = true},
};

}  // namespace

std::span<const Command> BatchCommands() { return kBatchCommands; }

}  // namespace amethyst::cli
