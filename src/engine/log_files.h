// The files of the log in a database's directory: which there are, which cursors need beside those that recovery reads,
// and which are left over.
//
// What recovery reads begins where the manifest says. Older segments are there for cursors alone (cursor_list.h): each
// is continued by the one whose header names its end. Thread safety: while opening, before others have the database.
#pragma once

#include <utility>
#include <vector>

#include "base/error.h"
#include "engine/health.h"
#include "engine/storage.h"
#include "wal/log_recovery.h"

namespace amethyst::engine {

// By number.
[[nodiscard]] Result<std::vector<key::FileNumber>> ListSegments(const Storage& storage);

// All of it that is needed, where a manifest says so: `told` is its CatalogState, or the RecoveredCatalog.
template <typename Told>
[[nodiscard]] Result<wal::LogRecoverySettings> LogToRecover(const Storage& storage, const Told& told) {
  AMETHYST_ASSIGN(std::vector<key::FileNumber> segments, ListSegments(storage));
  std::erase_if(segments, [&](key::FileNumber segment) { return segment < told.first_log_segment; });
  return wal::LogRecoverySettings{.directory = storage.directory,
                                  .database_uid = told.database_uid,
                                  .segments = std::move(segments),
                                  .first_segment = told.first_log_segment,
                                  .clean_end = told.clean_log_end};
}

// The chain of segments that ends where the log was read from, and what is known of the log's places by it.
struct KeptLog {
  std::vector<key::FileNumber> segments;  // In front of those that were replayed, oldest first.
  std::vector<key::FileNumber> replayed;
  wal::LogCut begin;  // The end of what was in front of them all, in no file any more.
  wal::LogCut end;

  [[nodiscard]] bool Has(const wal::LogCut& place) const;
};
// Back to `first`, or as far as the files are there: one that is missing or damaged ends it.
[[nodiscard]] KeptLog FindKeptLog(const Storage& storage, const wal::LogRecoveryReport& report, key::FileNumber first);

// From where on the log is needed once the `flushed` oldest memtables are in tables.
[[nodiscard]] catalog::LogFloor FloorAfter(const View& view, size_t flushed);

// Nothing on disk needs the log's first segment yet: the first write may begin it.
[[nodiscard]] bool BeginsLater(const Storage& storage, const wal::LogRecoveryReport& report, const KeptLog& kept);
// Makes the manifest tell where such a log has begun, which only the first segment's header does until then.
[[nodiscard]] Status NoteLogBegin(Storage& storage, ReadContext& reads, key::FileNumber first);

// Removes what is not the database's any more, and is proven to have been; and the log's own files that nobody needs,
// which are its to remove: it would look for them again.
[[nodiscard]] Status RemoveLeftovers(Storage& storage, Health& health, const View& view,
                                     const std::vector<key::FileNumber>& dropped, key::FileNumber first_needed);

}  // namespace amethyst::engine
