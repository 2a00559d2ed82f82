// The entries of a table or of a log segment, one a line, as `dump` shows them.
#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "base/error.h"
#include "cli/json.h"
#include "cli/moments.h"
#include "cli/show.h"
#include "inspect/log_dump.h"
#include "inspect/table_report.h"
#include "inspect/tree_report.h"
#include "key/expiry.h"
#include "key/kind.h"
#include "key/moment.h"

namespace amethyst::cli {

namespace {

class EntryPrinter {
 public:
  // Names families by `state`, the manifest beside the file; `only`: the one whose entries are wanted.
  EntryPrinter(const Invocation& invocation, const inspect::ManifestState& state, std::optional<key::FamilyId> only)
      : invocation_(invocation), console_(invocation.console()), state_(state), only_(only) {}

  // One line for the entry. False: nobody wants more.
  bool Print(const inspect::ShownEntry& entry) const {
    if (!only_ || entry.family == *only_) {
      entry.tag.kind() == key::EntryKind::kRangeDelete ? PrintRangeDelete(entry) : PrintEntry(entry);
    }
    return console_.out.good() && !invocation_.interrupted();
  }

 private:
  void PrintEntry(const inspect::ShownEntry& entry) const {
    const key::EntryKind kind = entry.tag.kind();
    const std::string_view value = key::HasValue(kind) ? key::ValueOf(kind, entry.value) : std::string_view();
    const auto expires_at = key::ExpiresAtOf(key::ExpiryOf(kind, entry.value));
    if (invocation_.json) {
      fmt::print(console_.out, "{},{}{}{}{}}}\n", JsonHead(entry, key::TraitsOf(kind).name),
                 JsonField("key", entry.key), key::HasValue(kind) ? "," : "",
                 key::HasValue(kind) ? JsonField("value", value) : "", JsonExpiry(expires_at));
      return;
    }
    fmt::print(console_.out, "{}\t{}{}{}{}\n", TextHead(entry, key::TraitsOf(kind).name),
               Colored(console_.ColorsOut(), Hue::kKey, Readable(entry.key)), key::HasValue(kind) ? "\t" : "",
               key::HasValue(kind) ? Readable(value) : "", expires_at ? "\texpires " + MomentText(*expires_at) : "");
  }

  // The bounds that a range delete has in place of a key; an open side is left out, as JSON null.
  void PrintRangeDelete(const inspect::ShownEntry& entry) const {
    std::string_view encoded = entry.value;
    key::Range range;
    const bool is_whole = key::ReadRange(&encoded, &range);
    AMETHYST_ASSERT(is_whole);  // The reader of the file has read it before.
    if (invocation_.json) {
      fmt::print(console_.out, "{},{},{}}}\n", JsonHead(entry, "range delete"), JsonBound("begin", range.begin),
                 JsonBound("end", range.end));
      return;
    }
    const auto text = [&](std::optional<std::string_view> bound) {
      return bound ? Colored(console_.ColorsOut(), Hue::kKey, Readable(*bound)) : std::string();
    };
    fmt::print(console_.out, "{}\t{}\t..\t{}\n", TextHead(entry, "range delete"), text(range.begin), text(range.end));
  }

  static std::string JsonBound(std::string_view name, std::optional<std::string_view> bound) {
    return bound ? JsonField(name, *bound) : fmt::format("\"{}\":null", name);
  }
  [[nodiscard]] std::string JsonHead(const inspect::ShownEntry& entry, std::string_view kind) const {
    const bool is_default = entry.family == key::kDefaultFamily;
    return fmt::format("{{\"sequence\":{},\"kind\":\"{}\"{}{}", key::Raw(entry.tag.sequence()), kind,
                       is_default ? "" : ",",
                       is_default ? "" : JsonField("family", inspect::FamilyName(state_, entry.family)));
  }
  [[nodiscard]] std::string TextHead(const inspect::ShownEntry& entry, std::string_view kind) const {
    const bool is_default = entry.family == key::kDefaultFamily;
    return fmt::format("{}\t{}{}", key::Raw(entry.tag.sequence()), kind,
                       is_default ? "" : " in " + Readable(inspect::FamilyName(state_, entry.family)));
  }

  const Invocation& invocation_;
  Console& console_;
  const inspect::ManifestState& state_;
  const std::optional<key::FamilyId> only_;
};

// Reads the manifest of the file's directory. Without one the answer is empty.
inspect::ManifestState ManifestBeside(io::FileSystem& files, const std::string& path) {
  const size_t slash = path.rfind('/');
  auto report = inspect::InspectTree(files, slash == std::string::npos ? "." : path.substr(0, slash));
  return report ? std::move(report->state) : inspect::ManifestState();
}

Result<std::vector<std::string>> DumpFile(io::FileSystem& files, const std::string& path, const EntryPrinter& printer) {
  AMETHYST_ASSIGN(const FileKind kind, KindOf(files, path));
  const auto print = [&](const inspect::ShownEntry& entry) { return printer.Print(entry); };
  if (kind == FileKind::kTable) return inspect::DumpTable(files, path, print);
  if (kind != FileKind::kLog) return base::InvalidArgument("{}: holds no entries; `inspect` shows it", path);
  AMETHYST_ASSIGN(const wal::SegmentSummary summary, inspect::DumpLog(files, path, print));
  std::vector<std::string> problems;
  if (!summary.damage.empty()) problems.push_back(fmt::format("stops at {}: {}", summary.end.offset, summary.damage));
  return problems;
}

}  // namespace

Result<ExitCode> ShowEntries(const Invocation& invocation) {
  const std::string path(*invocation.arguments.at(0));
  io::FileSystem& files = invocation.session.environment().files();
  const inspect::ManifestState state = ManifestBeside(files, path);
  std::optional<key::FamilyId> only;
  if (const auto name = invocation.arguments.Value("--family")) {
    const std::vector<inspect::FamilyFigures> families = inspect::FiguresByFamily(state);
    const auto family = std::ranges::find(families, *name, &inspect::FamilyFigures::name);
    if (family == families.end()) return WrongUsage(invocation, NoFamilyText(families, *name));
    only = family->id;
  }
  const EntryPrinter printer(invocation, state, only);
  AMETHYST_ASSIGN(const std::vector<std::string> problems, DumpFile(files, path, printer));
  if (problems.empty() || invocation.interrupted()) return ExitCode::kOk;
  return base::Corruption("{}: {}", path, fmt::join(problems, "; "));
}

}  // namespace amethyst::cli
