// The files of a database that this build made, of which one thing is then changed to what a newer build may write.
// Everything changed has a checksum that holds. Thread safety: one thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "catalog/manifest.h"
#include "formats/forged_table.h"

namespace amethyst::formats {

using Files = std::map<std::string, std::string>;

// How far the database had come.
enum class Stage : uint8_t {
  kLogged,   // A log alone, as a process leaves it that is killed.
  kFlushed,  // Tables that a compaction made, one table of level 0 (TableEntries) and a log, likewise.
  kClosed,   // The same tables, and no log, as a process leaves them that closes.
};

class ForgedDatabase {
 public:
  explicit ForgedDatabase(Files files);

  [[nodiscard]] const Files& files() const { return files_; }

  // Makes the table of level 0 anew.
  void SetTable(const TableForm& form);
  // Adds encoded fields to the last edit of the manifest.
  void AddManifestFields(std::string_view fields) { RewriteManifest(fields, nullptr); }
  void SetSegmentVersion(uint32_t version);
  void AppendRecord(uint8_t kind, uint32_t count, std::string_view payload);

 private:
  // With these fields behind the last edit, and with `info`, if it is given, for the table.
  void RewriteManifest(std::string_view fields, const sstable::TableInfo* info);

  Files files_;
  std::string manifest_;
  std::string log_;
  catalog::ManifestIdentity identity_;
  key::FileNumber table_{};
  sstable::TableInfo info_;
};

// The database as it is before anything of it is changed.
[[nodiscard]] Files UnforgedFiles(Stage stage);
// Every key and value of it.
[[nodiscard]] std::map<std::string, std::string> UnforgedContent(Stage stage);

}  // namespace amethyst::formats
