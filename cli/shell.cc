#include "cli/shell.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "cli/commands.h"
#include "cli/help.h"
#include "cli/pager.h"
#include "cli/report_error.h"
#include "cli/text.h"

namespace amethyst::cli {

namespace {

bool IsQuit(std::span<const Word> words) {
  return !words.empty() && (words.front().text == "quit" || words.front().text == "exit");
}

// As the first argument, where other programs have it.
bool NamesDatabase(std::string_view name, io::FileSystem& files) {
  return name.find('/') != std::string_view::npos || files.Exists(io::JoinPath(name, "CURRENT")).value_or(false);
}

uint64_t LineOf(const LineSource& lines, const Shell::Mode& mode) { return mode.from_lines ? lines.line_number() : 0; }

}  // namespace

ExitCode WrongUsage(const Invocation& invocation, std::string_view message) {
  const Command& command = invocation.command;
  PrintError(invocation.console(), invocation.json,
             {.code = "Usage",
              .message = fmt::format("{}: {}", command.name, message),
              .hint = fmt::format("usage: {}", UsageLine(command)),
              .line = invocation.from_lines ? invocation.lines.line_number() : 0});
  return ExitCode::kUsage;
}

ExitCode Shell::RunLines() {
  ExitCode worst = ExitCode::kOk;
  Console& console = session_.console();
  while (const auto line = lines_.Next(PromptText())) {
    console.interrupted = false;
    if (!lines_.too_long()) {
      const auto words = SplitWords(*line);
      if (words && IsQuit(*words)) break;
    }
    const ExitCode code = RunLine(*line);
    if (mode_.scripted && code >= ExitCode::kUsage) session_.FailTransaction();
    if (mode_.scripted) worst = Worst(worst, code);  // A person has seen it.
    if (mode_.scripted && (console.interrupted || output_failed_)) break;
  }
  return Worst(worst, Finish());
}

std::string Shell::PromptText() {
  const std::string& family = session_.family();
  const std::string name = family == kDefaultFamily ? "amethyst" : fmt::format("amethyst:{}", Shortened(family, 40));
  return session_.transaction() == nullptr ? fmt::format("{}> ", name) : fmt::format("{} (transaction)> ", name);
}

ExitCode Shell::RunLine(std::string_view line) {
  const auto words = lines_.too_long() ? std::unexpected(std::string("the line is too long")) : SplitWords(line);
  if (words) return RunWords(*words);
  PrintError(session_.console(), session_.settings().json,
             {.code = "Usage", .message = words.error(), .hint = "", .line = LineOf(lines_, mode_)});
  return ExitCode::kUsage;
}

ExitCode Shell::RunWords(std::span<const Word> words) {
  if (words.empty()) return ExitCode::kOk;
  const Command* const command = FindCommand(words.front().text);
  if (command == nullptr) return UnknownCommand(words.front().text);

  for (const Word& word : words.subspan(1)) {
    if (word.text == "--") break;
    if (word.text != "--help" || word.quoted) continue;
    session_.console().out << CommandHelp(*command);
    return CheckOutput();
  }
  const auto arguments = Arguments::Parse(words.subspan(1), OptionsOf(*command), command->arity);
  if (arguments) return Execute(*command, *arguments);
  PrintError(session_.console(), session_.settings().json,
             {.code = "Usage",
              .message = fmt::format("{}: {}", command->name, arguments.error()),
              .hint = fmt::format("usage: {}", UsageLine(*command)),
              .line = LineOf(lines_, mode_)});
  return ExitCode::kUsage;
}

ExitCode Shell::Execute(const Command& command, const Arguments& arguments) {
  const Invocation invocation{.command = command,
                              .session = session_,
                              .arguments = arguments,
                              .lines = lines_,
                              .json = session_.settings().json || arguments.Has("--json"),
                              .scripted = mode_.scripted,
                              .from_lines = mode_.from_lines,
                              .family = std::string(arguments.Value("--family").value_or(session_.family()))};
  if (session_.transaction() != nullptr && !command.in_transaction) {
    PrintError(session_.console(), invocation.json,
               {.code = "Usage",
                .message = fmt::format("{}: not while a transaction is open", command.name),
                .hint = "`commit` or `rollback` ends it",
                .line = LineOf(lines_, mode_)});
    return ExitCode::kUsage;
  }
  const Result<ExitCode> result = command.paged ? RunPaged(invocation) : command.run(invocation);
  ExitCode code = result ? *result : Fail(result.error(), invocation.json);
  // A name without a family is a wrong argument, though only the database could tell.
  if (!result && command.of_family && session_.Lacks(invocation.family)) code = ExitCode::kUsage;
  const ExitCode output = CheckOutput();
  if (!session_.console().interrupted) return Worst(code, output);
  PrintError(session_.console(), invocation.json, {.code = "Interrupted", .message = "interrupted", .hint = ""});
  return Worst(code, ExitCode::kInterrupted);
}

ExitCode Shell::UnknownCommand(std::string_view name) {
  const std::string_view nearest = NearestCommand(name);
  std::string hint =
      nearest.empty() ? "`help` lists all commands" : fmt::format("did you mean {}? `help` lists all", nearest);
  if (NamesDatabase(name, session_.environment().files())) hint = fmt::format("the database is named by --db {}", name);
  PrintError(session_.console(), session_.settings().json,
             {.code = "Usage",
              .message = fmt::format("unknown command {}", name.empty() ? "\"\"" : name),
              .hint = hint,
              .line = LineOf(lines_, mode_)});
  return ExitCode::kUsage;
}

ExitCode Shell::Fail(const Error& error, bool json) {
  PrintError(session_.console(), json,
             {.code = ErrorCodeName(error.code()),
              .message = error.message(),
              .hint = HintFor(error, session_.settings().directory, session_.environment().files()),
              .line = LineOf(lines_, mode_)});
  return error.code() == ErrorCode::kConflict ? ExitCode::kConflict : ExitCode::kError;
}

ExitCode Shell::CheckOutput() {
  Console& console = session_.console();
  console.out.flush();
  if (console.out.good() || output_failed_) return ExitCode::kOk;
  output_failed_ = true;
  const int cause = console.out_error;
  if (cause == EPIPE) return ExitCode::kPipeClosed;
  PrintError(console, session_.settings().json,
             {.code = "Io", .message = fmt::format("cannot write the answer: {}", std::strerror(cause)), .hint = ""});
  return ExitCode::kError;
}

ExitCode Shell::Finish() {
  ExitCode left = ExitCode::kOk;
  if (session_.transaction() != nullptr) {
    static_cast<void>(session_.Rollback());
    PrintError(session_.console(), session_.settings().json,
               {.code = "InvalidInput",
                .message = "the open transaction was rolled back: nothing of it was written",
                .hint = "`commit` writes it"});
    if (mode_.scripted) left = ExitCode::kUsage;  // A person has seen it.
  }
  const Status closed = session_.Close();
  const ExitCode code = closed ? ExitCode::kOk : Fail(closed.error(), session_.settings().json);
  return Worst(Worst(left, code), CheckOutput());
}

}  // namespace amethyst::cli
