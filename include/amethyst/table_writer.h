// Writes a table from sorted entries, outside of any database, for databases to take in: DB::Ingest.
//
//   auto table = amethyst::TableWriter::Create("/data/part-1.table").value();
//   for (const auto& [key, value] : sorted) table.Put(key, value);
//   table.Finish();
//
// The order of the keys is that of the family which will take the table in, and so is the merge operator, if there is
// one: both are told at Create. A key has one entry. Range deletes concern what the database holds when the table comes
// in, never the table's own entries, and may be added at any time. Expiries count from the clock of this computer.
// Without a Finish that succeeds the file is removed. Thread safety: one thread at a time; it may be moved.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "amethyst/components.h"
#include "amethyst/error.h"
#include "amethyst/family_options.h"
#include "amethyst/write_batch.h"

namespace amethyst {

namespace ingest {
class ExternalTableWriter;
}

struct TableWriterOptions {
  // Those of the family that will take the table in. What is nullopt is as in Options{}; `ttl` is for puts and merges
  // without an expiry of their own; a compaction filter is not asked.
  FamilyOptions family{};
  // Whose files and clock are used; nullptr: the operating system's.
  std::shared_ptr<io::Environment> environment{};
};

// What was written.
struct TableSummary {
  uint64_t entries = 0;
  uint64_t range_deletes = 0;
  uint64_t file_bytes = 0;
  std::string smallest;  // First and last key; of long ones about that.
  std::string largest;
};

class TableWriter {
 public:
  // kInvalidArgument: there is something at `path`, or an option is out of range. Not in a database's own directory,
  // which is cleared of files that its manifest does not know.
  [[nodiscard]] static Result<TableWriter> Create(const std::filesystem::path& path,
                                                  const TableWriterOptions& options = {});
  TableWriter(TableWriter&&) noexcept;
  TableWriter& operator=(TableWriter&&) noexcept;
  ~TableWriter();

  // The next entry. kInvalidArgument: its key is not greater than the last one's, or over the limit, or there is no
  // merge operator; it was not added then, and the next one may come. Any other error is final.
  [[nodiscard]] Status Put(std::string_view key, std::string_view value);
  [[nodiscard]] Status Put(std::string_view key, std::string_view value, const Expiry& expiry);
  [[nodiscard]] Status Delete(std::string_view key);
  [[nodiscard]] Status Merge(std::string_view key, std::string_view operand);
  [[nodiscard]] Status Merge(std::string_view key, std::string_view operand, const Expiry& expiry);
  // Deletes what the database holds of these keys when the table comes in; nullopt: that side is open.
  [[nodiscard]] Status DeleteRange(std::optional<std::string_view> begin, std::optional<std::string_view> end);

  // The file is whole, and durable with its name. kInvalidArgument: there is no entry; a table of range deletes alone
  // cannot be.
  [[nodiscard]] Result<TableSummary> Finish();

 private:
  explicit TableWriter(std::unique_ptr<ingest::ExternalTableWriter> impl);

  std::unique_ptr<ingest::ExternalTableWriter> impl_;
};

}  // namespace amethyst
