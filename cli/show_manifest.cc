// A manifest, edit by edit, and CURRENT, as `inspect FILE` shows them; and telling the kinds of files apart.
#include <fmt/format.h>
#include <fmt/ostream.h>

#include "base/coding.h"
#include "base/error.h"
#include "catalog/manifest.h"
#include "cli/json.h"
#include "cli/show.h"
#include "sstable/footer.h"
#include "tree/file_names.h"
#include "wal/log_format.h"

namespace amethyst::cli {

namespace {

std::string NameOf(const std::string& path) { return path.substr(path.rfind('/') + 1); }

Json EditJson(const tree::VersionEdit& edit) {
  Json object = Json::object();
  for (const tree::AddedTable& added : edit.added) {
    Json table = {{"level", added.level},
                  {"file", tree::TableFileName(added.number)},
                  {"bytes", added.info.file_bytes},
                  {"entries", added.info.entries},
                  {"deletes", added.info.deletes}};
    AddBytes(&table, "smallest", added.info.smallest);
    AddBytes(&table, "largest", added.info.largest);
    object["added"].push_back(std::move(table));
  }
  for (const tree::RemovedTable& removed : edit.removed) {
    object["removed"].push_back({{"level", removed.level}, {"file", tree::TableFileName(removed.number)}});
  }
  if (edit.flushed_sequence) object["flushed_sequence"] = key::Raw(*edit.flushed_sequence);
  if (edit.first_log_segment) object["first_log_segment"] = key::Raw(*edit.first_log_segment);
  if (edit.next_file_number) object["next_file_number"] = key::Raw(*edit.next_file_number);
  if (edit.last_sequence) object["last_sequence"] = key::Raw(*edit.last_sequence);
  if (edit.clean_log_end) {
    object["clean_log_end"] = {{"segment", key::Raw(edit.clean_log_end->segment)},
                               {"offset", edit.clean_log_end->offset}};
  }
  if (edit.database_uid) object["uid"] = UidText(*edit.database_uid);
  for (const base::Uid& ancestor : edit.ancestors) object["ancestors"].push_back(UidText(ancestor));
  if (edit.comparator_name) object["order"] = JsonMessage(*edit.comparator_name);
  return object;
}

void PrintEdit(Console& console, uint64_t number, const tree::VersionEdit& edit) {
  std::string facts;
  const Json object = EditJson(edit);
  for (const auto& [name, value] : object.items()) {
    if (name != "added" && name != "removed")
      facts += fmt::format("  {} {}", name, value.is_string() ? value.get<std::string>() : value.dump());
  }
  fmt::print(console.out, "record {}{}\n", number, facts);
  for (const tree::RemovedTable& removed : edit.removed) {
    fmt::print(console.out, "  - {} from level {}\n", tree::TableFileName(removed.number), removed.level);
  }
  for (const tree::AddedTable& added : edit.added) {
    fmt::print(console.out, "  + {} to level {}  {} entries, {}  {} .. {}\n", tree::TableFileName(added.number),
               added.level, Grouped(added.info.entries), HumanBytes(added.info.file_bytes),
               Shortened(added.info.smallest, 28), Shortened(added.info.largest, 28));
  }
}

// The number that checksums are mixed with: of the name, or, in a copy under another name, of the header.
key::FileNumber NumberOf(const std::string& path, std::string_view bytes) {
  const auto parsed = tree::ParseFileName(NameOf(path));
  if (parsed && parsed->type == tree::FileType::kManifest) return parsed->number;
  return key::FileNumber{bytes.size() < catalog::kManifestHeaderBytes ? 0
                                                                      : base::LoadFixed<uint64_t>(bytes.data() + 32)};
}

}  // namespace

Result<ExitCode> ShowManifest(const Invocation& invocation, const std::string& path) {
  Console& console = invocation.console();
  AMETHYST_ASSIGN(const std::string bytes, io::ReadFile(invocation.session.environment().files(), path));
  Json edits = Json::array();
  uint64_t records = 0;
  if (!invocation.json) fmt::print(console.out, "manifest {}, {} bytes\n", path, Grouped(bytes.size()));
  const auto report =
      catalog::ParseManifest(bytes, path, NumberOf(path, bytes), [&](const tree::VersionEdit& edit) -> Status {
        if (invocation.json) {
          edits.push_back(EditJson(edit));
        } else {
          PrintEdit(console, records, edit);
        }
        ++records;
        return {};
      });
  if (invocation.json) {
    Json object = {{"manifest", JsonMessage(path)}, {"file_bytes", bytes.size()}, {"records", std::move(edits)}};
    if (report) {
      object["uid"] = UidText(report->database_uid);
      object["damaged_copies"] = report->damaged_copies;
      object["torn_bytes"] = report->torn_bytes;
    } else {
      object["problem"] = JsonMessage(report.error().message());
    }
    console.out << object.dump() << '\n';
  } else if (report) {
    fmt::print(
        console.out, "end after {}{}{}\n", Counted(records, "record", "records"),
        report->damaged_copies == 0 ? ""
                                    : fmt::format(", {} damaged in one of their two copies", report->damaged_copies),
        report->torn_bytes == 0 ? "" : fmt::format(", then {} torn bytes, never acknowledged", report->torn_bytes));
  } else {
    fmt::print(console.out, "{} reading stops after {}: {}\n", Colored(console.ColorsOut(), Hue::kBad, "damaged:"),
               Counted(records, "record", "records"), report.error().message());
  }
  return report && report->damaged_copies == 0 ? ExitCode::kOk : ExitCode::kError;
}

Result<ExitCode> ShowCurrent(const Invocation& invocation, const std::string& path) {
  AMETHYST_ASSIGN(const std::string bytes, io::ReadFile(invocation.session.environment().files(), path));
  AMETHYST_ASSIGN(const key::FileNumber manifest, catalog::ParseCurrent(bytes, path));
  const std::string name = tree::ManifestFileName(manifest);
  invocation.console().out << (invocation.json ? fmt::format("{{\"current\":\"{}\"}}\n", name)
                                               : fmt::format("names {}\n", name));
  return ExitCode::kOk;
}

Result<FileKind> KindOf(io::FileSystem& files, const std::string& path) {
  const std::string name = NameOf(path);
  if (name.ends_with(".sst")) return FileKind::kTable;
  if (name.ends_with(".wal")) return FileKind::kLog;
  if (name.starts_with("MANIFEST-")) return FileKind::kManifest;
  if (name == tree::kCurrentFileName) return FileKind::kCurrent;
  AMETHYST_ASSIGN(const auto file, files.Open(path));
  AMETHYST_ASSIGN(const uint64_t bytes, file->Size());
  std::string magic(8, '\0');
  if (bytes >= sstable::kFooterBytes) {
    AMETHYST_TRY(io::ReadExactly(*file, 0, magic));
    if (magic == wal::kSegmentMagic) return FileKind::kLog;
    if (magic == catalog::kManifestMagic) return FileKind::kManifest;
    AMETHYST_TRY(io::ReadExactly(*file, bytes - magic.size(), magic));
    if (base::LoadFixed<uint64_t>(magic.data()) == sstable::kTableMagic) return FileKind::kTable;
  }
  return base::InvalidArgument(
      "{}: neither a table (.sst), a log segment (.wal), a manifest (MANIFEST-...) nor CURRENT", path);
}

}  // namespace amethyst::cli
