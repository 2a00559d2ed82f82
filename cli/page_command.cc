// page: a picture of a database, live in a browser or in a file that a browser opens.
#include <fmt/format.h>
#include <fmt/ostream.h>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/file_stream.h"
#include "cli/page_server.h"
#include "net/http_address.h"
#include "page/report.h"
#include "page/watcher.h"

namespace amethyst::cli {

namespace {

constexpr std::string_view kHtml = "--html";
constexpr std::string_view kHttp = "--http";

Result<ExitCode> Serve(const Invocation& invocation, const std::string& directory) {
  const std::string_view text = invocation.arguments.Value(kHttp).value_or("127.0.0.1:0");
  const auto at = net::ReadHttpAddress(text);
  if (!at) return WrongUsage(invocation, at.error().message());
  if (!net::IsLoopback(at->host)) {
    return WrongUsage(invocation, fmt::format("others can reach {}, and the page asks for no password: give --http "
                                              "127.0.0.1:{}",
                                              text, at->port));
  }
  AMETHYST_TRY(ServePage(invocation, directory, *at));
  return ExitCode::kInterrupted;
}

Result<ExitCode> Page(const Invocation& invocation) {
  Console& console = invocation.console();
  const std::string directory(invocation.arguments.at(0).value_or(invocation.session.settings().directory));
  const auto path = invocation.arguments.Value(kHtml);
  const bool is_live = invocation.arguments.Has(kHttp) || (!path && !invocation.json);
  if (path && is_live) return WrongUsage(invocation, "--html writes a file and --http serves: give one of them");
  if (is_live) return Serve(invocation, directory);
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
    {.name = kHttp, .value = "HOST:PORT", .help = "serve the page there; default 127.0.0.1 and a free port"},
    {.name = kHtml, .value = "FILE", .help = "write the page to FILE, or to standard output if that is -"},
};

constexpr Command kPageCommands[] = {
    {.name = "page",
     .arguments = "[DIRECTORY]",
     .summary = "Draw a database as a page for a browser: levels, files, history, what wants doing",
     .details =
         "Says where the page is, and serves it until interrupted, at an address that this machine alone can reach.\n"
         "It shows the files of each level by their keys, in colours that tell age, deleted share and compression;\n"
         "how they came about, edit by edit; the figures of the writer; and where a key lives. It follows a database\n"
         "that a process writes, and shows the files of one that nobody has open. With --html the page is one file,\n"
         "which needs nothing else. With --json alone it prints the state that the page shows as one object.\n\n"
         "  amethyst page\n  amethyst page data/amethyst --http 127.0.0.1:8080\n"
         "  amethyst page --html report.html",
     .arity = {0, 1},
     .options = kPageOptions,
     .run = Page,
     .takes_files = true},
};

}  // namespace

std::span<const Command> PageCommands() { return kPageCommands; }

}  // namespace amethyst::cli
