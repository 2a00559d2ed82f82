// Writes one table from sorted entries, outside of any database: a file that a database can take in later.
//
// All its entries have sequence number 0, and its header names no database: the one that takes it in says by its
// manifest which number counts for all of them. Range deletes stand in its properties, for they concern what is older
// than the table, never its own entries. Thread safety: one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "amethyst/error.h"
#include "amethyst/family_options.h"
#include "io/environment.h"
#include "key/kind.h"
#include "key/range.h"
#include "sstable/table_writer.h"

namespace amethyst::ingest {

class ExternalTableWriter {
 public:
  // Creates the file, which must not exist. kInvalidArgument: an option is out of range.
  [[nodiscard]] static Result<std::unique_ptr<ExternalTableWriter>> Create(std::shared_ptr<io::Environment> environment,
                                                                           const std::string& path,
                                                                           const FamilyOptions& family);
  // Without a Finish that succeeded the file is removed.
  ~ExternalTableWriter();
  ExternalTableWriter(const ExternalTableWriter&) = delete;
  ExternalTableWriter& operator=(const ExternalTableWriter&) = delete;

  // The next entry; its key is greater than the last one's. `value` is as it is stored: of a kind that expires, it
  // begins with the time (key/expiry.h). kInvalidArgument: it does not fit, and was not added. Any other error: of the
  // file, which can take no more.
  [[nodiscard]] Status Add(key::EntryKind kind, std::string_view key, std::string_view value);
  [[nodiscard]] Status AddRangeDelete(const key::Range& range);
  // Writes the rest; the file and its name are durable. kInvalidArgument: there is no entry.
  [[nodiscard]] Result<sstable::TableInfo> Finish();

  // By the clock of the environment.
  [[nodiscard]] uint64_t NowMs() const;
  // When what says nothing of its own expires; key::kNeverMs: never.
  [[nodiscard]] uint64_t DefaultExpiryMs() const;
  [[nodiscard]] uint64_t range_deletes() const { return external_.range_deletes.size(); }

 private:
  ExternalTableWriter(std::shared_ptr<io::Environment> environment, std::unique_ptr<io::WritableFile> file,
                      FamilyOptions family, const sstable::TableOptions& options);

  [[nodiscard]] Status CheckUsable() const;
  [[nodiscard]] Status Refuse(std::string_view key) const;

  const std::shared_ptr<io::Environment> environment_;
  const std::string path_;
  const FamilyOptions family_;
  const key::Order order_;
  sstable::TableWriter table_;
  sstable::ExternalPart external_;
  Status failed_;
  bool finished_ = false;
};

}  // namespace amethyst::ingest
