#include "torture/suites.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string_view>

namespace amethyst::torture {

namespace {

std::string Names(const Suites& suites) {
  std::string names;
  for (const auto& [name, suite] : suites) names += (names.empty() ? "" : ", ") + name;
  return names;
}

// What the ledger calls the code that was run: a commit, and whether the tree differs from it.
std::string Commit() {
  std::string commit;
  if (FILE* const git = popen("git describe --always --dirty --abbrev=12 --exclude='*' 2>/dev/null", "r")) {
    for (int next = std::fgetc(git); next != EOF && next != '\n'; next = std::fgetc(git)) {
      commit += static_cast<char>(next);
    }
    pclose(git);
  }
  return commit.empty() ? "unknown" : commit;
}

struct Arguments {
  std::string suite;
  std::string directory = std::filesystem::temp_directory_path();
  std::string ledger;
  std::string document;
  std::optional<uint64_t> seed;
  std::optional<uint64_t> rounds;
  std::optional<uint64_t> seconds;
  bool totals = false;
};

int Fail(const Error& error) {
  std::fputs((error.ToString() + "\n").c_str(), stderr);
  return 1;
}

// Prints the table, or, with a document, puts it between the document's two marks.
int PrintTotals(const std::string& ledger, const std::string& document) {
  const Result<std::string> totals = Ledger(ledger).Totals();
  if (!totals) return Fail(totals.error());
  if (document.empty()) return std::fputs(totals->c_str(), stdout) < 0 ? 1 : 0;
  constexpr std::string_view kBegin = "<!-- figures: written by amethyst_torture -->\n",
                             kEnd = "<!-- end of figures -->";
  std::ostringstream read;
  read << std::ifstream(document).rdbuf();
  std::string text = read.str();
  const size_t begin = text.find(kBegin), end = text.find(kEnd);
  if (begin == std::string::npos || end == std::string::npos || end < begin) {
    return Fail(Error(ErrorCode::kInvalidArgument, fmt::format("{}: it has no lines \"{}\" and \"{}\" to write between",
                                                               document, kBegin.substr(0, kBegin.size() - 1), kEnd)));
  }
  text.replace(begin + kBegin.size(), end - begin - kBegin.size(), *totals);
  std::ofstream out(document);
  out << text;
  return out.flush() ? 0 : 1;
}

// Rounds and seconds: the first that is reached. Neither: ten seconds.
bool HasEnded(const Arguments& arguments, const LedgerEntry& entry) {
  if (arguments.rounds && entry.rounds >= *arguments.rounds) return true;
  if (arguments.rounds && !arguments.seconds) return false;
  return entry.seconds >= arguments.seconds.value_or(10);
}

int RunSuite(const Suites& suites, const Arguments& arguments) {
  LedgerEntry entry{.commit = {}, .suite = arguments.suite, .first_seed = arguments.seed.value_or(1), .figures = {}};
  if (!arguments.seed && !arguments.ledger.empty()) {
    const Result<uint64_t> next = Ledger(arguments.ledger).NextSeed(arguments.suite);
    if (!next) return Fail(next.error());
    entry.first_seed = *next;
  }
  const Suite suite = suites.at(arguments.suite)(arguments.directory);
  const auto start = std::chrono::steady_clock::now();
  std::string violation;
  do {
    violation = suite.round(entry.first_seed + entry.rounds++);
    const auto elapsed = std::chrono::steady_clock::now() - start;
    entry.seconds = static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(elapsed).count());
  } while (violation.empty() && !HasEnded(arguments, entry));
  entry.violations = violation.empty() ? 0 : 1;
  entry.figures = suite.figures();
  if (!violation.empty()) std::puts(("violation: " + violation).c_str());
  std::puts(fmt::format("{}: {} rounds from seed {} in {} s: {}; {} violations", entry.suite, entry.rounds,
                        entry.first_seed, entry.seconds, Describe(entry.figures), entry.violations)
                .c_str());
  if (!arguments.ledger.empty()) {
    entry.commit = Commit();
    if (const Status appended = Ledger(arguments.ledger).Append(entry); !appended) return Fail(appended.error());
  }
  return violation.empty() ? 0 : 1;
}

}  // namespace

int RunSuites(const std::string& description, const Suites& suites, int argc, const char* const* argv) {
  CLI::App app(description);
  Arguments arguments;
  app.add_option("--suite", arguments.suite, Names(suites))->check([&](const std::string& name) {
    return suites.contains(name) ? "" : "no such suite; there are " + Names(suites);
  });
  app.add_option("--seed", arguments.seed, "The first seed; each round takes the next");
  app.add_option("--seconds", arguments.seconds, "No new round begins after that; 0: one round; default: 10");
  app.add_option("--rounds", arguments.rounds, "How many rounds; with --seconds, at most")->check(CLI::PositiveNumber);
  app.add_option("--directory", arguments.directory, "Where suites on the disk put their databases")
      ->check(CLI::ExistingDirectory);
  app.add_option("--ledger", arguments.ledger, "The file that the run is entered in, as one line");
  app.add_flag("--totals", arguments.totals, "Prints what the ledger adds up to, as a table in Markdown");
  app.add_option("--document", arguments.document, "With --totals: the document that the table is written into")
      ->check(CLI::ExistingFile);
  try {
    app.parse(argc, argv);
    if (arguments.totals && arguments.ledger.empty()) throw CLI::RequiredError("--ledger");
    if (!arguments.totals && arguments.suite.empty()) throw CLI::RequiredError("--suite");
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return arguments.totals ? PrintTotals(arguments.ledger, arguments.document) : RunSuite(suites, arguments);
}

}  // namespace amethyst::torture
