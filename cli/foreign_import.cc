#include "cli/foreign_import.h"

#include <fmt/format.h>

#include <algorithm>
#include <expected>
#include <iterator>
#include <memory>
#include <vector>

#include "base/error.h"
#include "cli/foreign_database.h"
#include "cli/import.h"
#include "cli/import_format.h"
#include "cli/text.h"
#include "tree/family_description.h"

namespace amethyst::cli {

namespace {

struct ForeignKind {
  std::string_view option;
  bool has_families;
  bool has_ttl;
  Result<std::unique_ptr<ForeignDatabase>> (*open)(const std::string& path, const ForeignOptions& options);
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

// What is wrong with the arguments beside the options above; empty: nothing.
std::string Misused(const Arguments& arguments, const ForeignKind& kind) {
  const auto given = [&](const ForeignKind& other) { return arguments.Value(other.option).has_value(); };
  const auto has = [&](const OptionSpec& option) { return arguments.Has(option.name); };
  if (arguments.at(0) || std::ranges::any_of(kImportFormatOptions, has) ||
      std::ranges::count_if(kForeignKinds, given) > 1) {
    return fmt::format("{} takes the place of FILE, of --format and what belongs to it, and of other sources",
                       kind.option);
  }
  if (!arguments.Value("--skip-bad").value_or("").empty()) {
    return fmt::format("--skip-bad=FILE is for text, not for {}", kind.option);
  }
  const std::string_view path = *arguments.Value(kind.option);
  if (path.empty()) return fmt::format("{} names no database", kind.option);
  if (path.find('\0') != std::string_view::npos) {  // The libraries would take what stands before it for the path.
    return fmt::format("{} names a path with a zero byte", kind.option);
  }
  return {};
}

Status ExpectNamesThatFit(const std::string& path, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (!name.empty() && name.size() <= tree::kFamilyNameBytesMax) continue;
    return base::InvalidArgument(
        "{}: the name of {} has {} bytes, and a family's has 1 to {}; --column-family NAME --family OTHER imports one "
        "alone into a family of another name",
        path, Readable(name), name.size(), tree::kFamilyNameBytesMax);
  }
  return {};
}

Result<ExitCode> TakeOne(const Invocation& invocation, const std::string& path, ForeignDatabase& source) {
  AMETHYST_TRY(invocation.OpenFamily(Session::Access::kCreate));
  AMETHYST_ASSIGN(auto reader, source.Read(0));
  Import import(invocation, 0);
  return import.Finish(
      import.Take({.name = path, .family = invocation.family, .reader = std::move(reader), .bad = nullptr}));
}

Result<ExitCode> TakeAll(const Invocation& invocation, const std::string& path, ForeignDatabase& source) {
  const std::vector<std::string>& names = source.families();
  AMETHYST_TRY(ExpectNamesThatFit(path, names));
  for (const std::string& name : names) AMETHYST_TRY(invocation.session.MakeFamily(name));  // Empty ones, too.
  Import import(invocation, 0);
  Result<ExitCode> taken = ExitCode::kOk;
  for (size_t i = 0; i < names.size() && taken && *taken == ExitCode::kOk; ++i) {
    AMETHYST_ASSIGN(auto reader, source.Read(i));
    taken = import.Take({.name = fmt::format("{}, family {}", path, Readable(names[i])),
                         .family = names[i],
                         .reader = std::move(reader),
                         .bad = nullptr});
  }
  return import.Finish(taken);
}

}  // namespace

bool NamesForeign(const Arguments& arguments) {
  return std::ranges::any_of(kForeignKinds,
                             [&](const ForeignKind& kind) { return arguments.Value(kind.option).has_value(); });
}

std::optional<std::string> ForeignOptionsWithoutSource(const Arguments& arguments) {
  const auto options = ForeignOptionsOf(arguments, nullptr);
  return options ? std::nullopt : std::optional(options.error());
}

Result<ExitCode> RunForeignImport(const Invocation& invocation) {
  const auto* const kind = std::ranges::find_if(
      kForeignKinds, [&](const ForeignKind& one) { return invocation.arguments.Value(one.option).has_value(); });
  if (const std::string wrong = Misused(invocation.arguments, *kind); !wrong.empty()) {
    return WrongUsage(invocation, wrong);
  }
  const auto options = ForeignOptionsOf(invocation.arguments, kind);
  if (!options) return WrongUsage(invocation, options.error());
  const std::string path(*invocation.arguments.Value(kind->option));
  AMETHYST_ASSIGN(const auto source, kind->open(path, *options));
  if (source->families().size() == 1) return TakeOne(invocation, path, *source);
  if (invocation.family != kDefaultFamily) {
    std::vector<std::string> names;
    for (const std::string& name : source->families()) names.push_back(Readable(name));
    return WrongUsage(invocation,
                      fmt::format("{} has several families: {}; --column-family NAME says which one is for {}", path,
                                  fmt::join(names, ", "), Readable(invocation.family)));
  }
  return TakeAll(invocation, path, *source);
}

}  // namespace amethyst::cli
