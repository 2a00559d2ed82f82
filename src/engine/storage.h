// Where an open database keeps what is durable: its directory, tables, manifest and log.
//
// Set while opening, before any other thread sees them; the parts go at Close, once nobody is left who may use them.
// Thread safety: as each part says.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/function_ref.h"
#include "catalog/catalog.h"
#include "engine/delete_clock.h"
#include "engine/external_log.h"
#include "engine/limiter.h"
#include "engine/read_context.h"
#include "engine/space_reserve.h"
#include "io/environment.h"
#include "tree/table_store.h"
#include "wal/log.h"

namespace amethyst::engine {

class CursorList;
class DurableWaits;
class FollowedLog;

struct Storage {
  std::string directory;
  // Its files are those of `directory` as it was when it was opened; until Close.
  std::shared_ptr<io::Environment> home;
  std::unique_ptr<io::FileLock> lock;
  std::shared_ptr<tree::TableStore> store;
  std::unique_ptr<catalog::Catalog> catalog;
  std::unique_ptr<DeleteClock> delete_clock;
  std::shared_ptr<ReadClock> read_clock;
  std::shared_ptr<CursorList> cursors;    // Not null.
  std::unique_ptr<SpaceReserve> reserve;  // nullptr in a read-only database, as the log.
  std::unique_ptr<wal::Log> log;
  std::shared_ptr<FollowedLog> followed_log;  // In a follower, for its feeds; nullptr in any other.
  ExternalLog external_log;
  std::unique_ptr<Limiter> limiter;     // As the log.
  std::shared_ptr<DurableWaits> waits;  // Of the log.

  // Takes note of what a feature's first use makes necessary; once it has returned, a write may use it.
  [[nodiscard]] Status BeginExpiries();
  [[nodiscard]] Status BeginOperands(std::string_view merge_operator_name);

  [[nodiscard]] std::string PathOf(std::string_view name) const { return io::JoinPath(directory, name); }
  // Makes `edit` durable, with the time by which deletes age. Errors: as catalog::Catalog::Apply.
  [[nodiscard]] Status Note(tree::VersionEdit edit);
  // And then shows its forest to readers. `flushed`: the oldest immutable memtable, which is in tables now; or
  // nullptr. `shown` is called once they see it, before any later edit can be made.
  [[nodiscard]] Status Install(
      tree::VersionEdit edit, ReadContext& reads, const WriteBuffer* flushed, base::FunctionRef<void()> shown = [] {});
  // Removes a file of the directory that the manifest does not need any more, once no follower does.
  [[nodiscard]] Status Remove(std::string name) { return store->removal().Remove({std::move(name)}); }
  // Says in `edit` what the clocks show.
  void Date(tree::VersionEdit* edit) const;
  // Closes every file, and lets others have the directory. The log is closed before, and no thread is left.
  [[nodiscard]] Status Close() noexcept;
};

}  // namespace amethyst::engine
