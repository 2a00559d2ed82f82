// Writes databases as newer builds may leave them, one directory each, for tools/old_builds.
//
//   forge_newer_formats --list        one line each: number of the directory, then where, number, form, what this build
//                                     does, what a build of before is to do, "log" or "tables"; separated by tabs
//   forge_newer_formats DIRECTORY     writes them to DIRECTORY/000 and so on
#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "formats/forgeries.h"
#include "io/system_environment.h"

namespace {

using amethyst::Status;
using amethyst::formats::Before;
using amethyst::formats::Files;
using amethyst::formats::ForgedDatabase;
using amethyst::formats::Forgery;
using amethyst::formats::Here;
using amethyst::formats::Stage;

std::string_view NameOf(Here here) {
  switch (here) {
    case Here::kRefuses: return "refused";
    case Here::kIgnores: return "ignored";
    case Here::kKnows: return "in use";
  }
  return "";
}

std::string_view NameOf(Before before) {
  switch (before) {
    case Before::kRefuses: return "refused";
    case Before::kIgnores: return "ignored";
    case Before::kEither: return "either";
  }
  return "";
}

// The databases of which nothing is changed come first.
std::vector<Forgery> All() {
  const auto nothing = [](std::string form, Stage stage) {
    return Forgery{"nothing", 0, std::move(form), Here::kKnows, Before::kIgnores, stage, "", [](ForgedDatabase&) {}};
  };
  std::vector<Forgery> all = {nothing("a log alone", Stage::kLogged), nothing("tables and a log", Stage::kFlushed),
                              nothing("closed", Stage::kClosed)};
  const std::vector<Forgery>& forgeries = amethyst::formats::Forgeries();
  all.insert(all.end(), forgeries.begin(), forgeries.end());
  return all;
}

void List() {
  int directory = 0;
  for (const Forgery& forgery : All()) {
    fmt::print("{:03}\t{}\t{}\t{}\t{}\t{}\t{}\n", directory++, forgery.where, forgery.number, forgery.form,
               NameOf(forgery.here), NameOf(forgery.before), forgery.stage == Stage::kLogged ? "log" : "tables");
  }
}

Status Write(amethyst::io::FileSystem& disk, const std::string& directory, const Files& files) {
  AMETHYST_TRY(disk.CreateDirectories(directory));
  for (const auto& [name, bytes] : files) {
    AMETHYST_ASSIGN(const auto file, disk.Create(directory + "/" + name));
    AMETHYST_TRY(file->Append(bytes));
    AMETHYST_TRY(file->Close());
  }
  return {};
}

Status WriteAll(const std::string& to) {
  const auto environment = amethyst::io::DefaultEnvironment();
  amethyst::io::FileSystem& disk = environment->files();
  int directory = 0;
  for (const Forgery& forgery : All()) {
    ForgedDatabase database(amethyst::formats::UnforgedFiles(forgery.stage));
    forgery.forge(database);
    AMETHYST_TRY(Write(disk, fmt::format("{}/{:03}", to, directory++), database.files()));
  }
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: forge_newer_formats --list | DIRECTORY\n");
    return 2;
  }
  const std::string_view argument = argv[1];
  if (argument == "--list") {
    List();
    return 0;
  }
  const Status written = WriteAll(argv[1]);
  if (!written) fmt::print(stderr, "forge_newer_formats: {}\n", written.error().ToString());
  return written ? 0 : 1;
}
