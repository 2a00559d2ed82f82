#include "formats/forged_database.h"

#include <memory>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "io/memory_file_system.h"
#include "simulation/serial_environment.h"
#include "support/database.h"
#include "support/newer_log.h"
#include "tree/file_names.h"
#include "tree/version_edit.h"

namespace amethyst::formats {
namespace {

constexpr int kOldKeys = 300;
constexpr int kLoggedKeys = 5;

void MustPut(DB& db, const std::string& key, const std::string& value) {
  const Status put = db.Put(key, value);
  AMETHYST_ASSERT(put.has_value());
}

void MustFlush(DB& db) {
  const Status flushed = db.Flush();
  AMETHYST_ASSERT(flushed.has_value());
}

std::string OldKey(int i) { return support::Key(static_cast<uint64_t>(i)); }

Files FilesOf(io::FileSystem& files) {
  Files content;
  const std::vector<std::string> names = files.List("/db").value();
  for (const std::string& name : names) content[name] = io::ReadFile(files, "/db/" + name).value();
  return content;
}

// Some that a compaction makes of others, and one of level 0.
void MakeTables(DB& db) {
  for (int round = 0; round < 3; ++round) {
    for (int i = round; i < kOldKeys; i += 2) MustPut(db, OldKey(i), std::string(50, 'o'));
    if (round == 1) {
      const Status deleted = db.Delete(OldKey(0));
      AMETHYST_ASSERT(deleted.has_value());
    }
    MustFlush(db);
  }
  const Status compacted = db.CompactRange();
  AMETHYST_ASSERT(compacted.has_value());
  for (const auto& [key, value] : TableEntries()) MustPut(db, key, value);
  MustFlush(db);
}

}  // namespace

Files UnforgedFiles(Stage stage) {
  simulation::SerialEnvironment environment(std::make_shared<io::MemoryFileSystem>(), 1);
  auto opened = DB::Open("/db", support::SmallOptions(), support::Over(environment));
  AMETHYST_ASSERT(opened.has_value());
  DB& db = **opened;
  if (stage != Stage::kLogged) MakeTables(db);
  for (int i = 0; i < kLoggedKeys; ++i) MustPut(db, "logged" + std::to_string(i), "value");
  if (stage == Stage::kClosed) {
    const Status closed = db.Close();
    AMETHYST_ASSERT(closed.has_value());
  }
  Files files = FilesOf(environment.files());
  for (auto& [name, bytes] : files) {  // The rest of a segment is zeros.
    if (name.ends_with(".wal")) bytes.resize(std::min(bytes.size(), bytes.find_last_not_of('\0') + 64));
  }
  return files;
}

std::map<std::string, std::string> UnforgedContent(Stage stage) {
  std::map<std::string, std::string> content;
  for (int i = 0; i < kLoggedKeys; ++i) content["logged" + std::to_string(i)] = "value";
  if (stage == Stage::kLogged) return content;
  for (int i = 1; i < kOldKeys; ++i) content[OldKey(i)] = std::string(50, 'o');
  for (const auto& [key, value] : TableEntries()) content[key] = value;
  return content;
}

ForgedDatabase::ForgedDatabase(Files files) : files_(std::move(files)) {
  for (const auto& [name, bytes] : files_) {
    const auto parsed = tree::ParseFileName(name);
    if (!parsed) continue;
    if (parsed->type == tree::FileType::kLogSegment) log_ = name;
    if (parsed->type == tree::FileType::kManifest) {
      manifest_ = name;
      identity_ = {.database_uid = *catalog::ManifestDatabase(bytes), .number = parsed->number};
    }
  }
  const auto report = catalog::ParseManifest(
      files_[manifest_], manifest_, identity_.number, [this](const tree::VersionEdit& edit) -> Status {
        for (const tree::AddedTable& added : edit.added) {
          if (added.level != 0 || added.info.smallest != TableEntries().front().first) continue;
          table_ = added.number;
          info_ = added.info;
        }
        return {};
      });
  AMETHYST_ASSERT(report.has_value());
}

void ForgedDatabase::SetTable(const TableForm& form) {
  AMETHYST_ASSERT(info_.entries == TableEntries().size());
  files_[tree::TableFileName(table_)] = ForgeTable(form, identity_.database_uid, &info_);
  RewriteManifest({}, &info_);
}

void ForgedDatabase::RewriteManifest(std::string_view fields, const sstable::TableInfo* info) {
  std::vector<std::string> payloads;
  const auto report =
      catalog::ParseManifest(files_[manifest_], manifest_, identity_.number, [&](tree::VersionEdit edit) -> Status {
        for (tree::AddedTable& added : edit.added) {
          if (info != nullptr && added.number == table_) added.info = *info;
        }
        edit.AppendTo(&payloads.emplace_back());
        return {};
      });
  AMETHYST_ASSERT(report.has_value());
  payloads.back() += fields;
  std::string bytes =
      catalog::EncodeManifestHeader(identity_) + catalog::EncodeManifestMark(identity_, payloads.size());
  for (uint32_t ordinal = 0; ordinal < payloads.size(); ++ordinal) {
    bytes += catalog::EncodeManifestRecord(identity_, bytes.size(), ordinal, payloads[ordinal]);
  }
  files_[manifest_] = bytes;
}

void ForgedDatabase::SetSegmentVersion(uint32_t version) { support::SetSegmentVersion(&files_[log_], version); }

void ForgedDatabase::AppendRecord(uint8_t kind, uint32_t count, std::string_view payload) {
  std::string& segment = files_[log_];
  support::StoreRecord(&segment, support::EndOf(segment), kind, count, payload);
}

}  // namespace amethyst::formats
