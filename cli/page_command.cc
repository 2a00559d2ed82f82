// page: a picture of a database, in a file that a browser opens.
#include <fmt/format.h>
#include <fmt/ostream.h>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/file_stream.h"
#include "page/report.h"
#include "page/watcher.h"

namespace amethyst::cli {

namespace {

constexpr std::string_view kHtml = "--html";

Result<ExitCode> Page(const Invocation& invocation) {
  Console& console = invocation.console();
  const std::string directory(invocation.arguments.at(0).value_or(invocation.session.settings().directory));
  const auto path = invocation.arguments.Value(kHtml);
  if (!path && !invocation.json) {
    return WrongUsage(invocation, "--html FILE writes the page to FILE; --json prints what it would show");
  }
  io::Environment& environment = invocation.session.environment();
  page::Watcher watcher(environment, {.directory = directory,
                                      .memory_budget_bytes = invocation.session.settings().memory_bytes.value_or(0)});
  AMETHYST_TRY(watcher.Look());
  if (!path) {
    console.out << watcher.ReportText() << '\n';
    return ExitCode::kOk;
  }
  const std::string html = page::MakeReport(watcher.ReportText());
  if (*path == "-") {
    console.out << html;
    return ExitCode::kOk;
  }
  AMETHYST_ASSIGN(const std::unique_ptr<OutputFile> file, OutputFile::Create(environment.files(), std::string(*path)));
  file->stream() << html;
  AMETHYST_TRY(file->status());
  AMETHYST_TRY(file->Commit());
  if (!invocation.json) fmt::print(console.err, "wrote {}: open it in a browser\n", *path);
  return ExitCode::kOk;
}

constexpr OptionSpec kPageOptions[] = {
    {.name = kHtml, .value = "FILE", .help = "write the page to FILE, or to standard output if that is -"},
};

constexpr Command kPageCommands[] = {
    {.name = "page",
     .arguments = "[DIRECTORY]",
     .summary = "Draw a database as a page for a browser: levels, files, history, what wants doing",
     .details =
         "The page is one file that needs nothing else. It shows the files of each level by their keys, in colours "
         "that\ntell age, deleted share and compression; how they came about, edit by edit; and the last figures of "
         "the\n"
         "writer. Takes no lock, so the database may be open or closed. With --json alone it prints the state that "
         "the\n"
         "page shows as one object. `amethystd --http` serves the same page live.\n\n"
         "  amethyst page --html report.html\n  amethyst page data/amethyst --html report.html",
     .arity = {0, 1},
     .options = kPageOptions,
     .run = Page,
     .takes_files = true},
};

}  // namespace

std::span<const Command> PageCommands() { return kPageCommands; }

}  // namespace amethyst::cli
