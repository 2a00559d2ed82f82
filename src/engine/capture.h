// A state of the database as of one moment, all of it in tables: what a checkpoint or a backup is made of.
//
// The writer flushes, and its state is in its own directory. A follower has no right to write there: what it has in
// memory becomes tables in a directory that the caller gives. The state lists both; their numbers differ. Their files
// stay while the capture does: the writer's, for its own state refers to their tables; a follower's, for it holds a
// mark (tree/file_removal.h). Thread safety: an immutable value.
#pragma once

#include <memory>
#include <string>

#include "amethyst/error.h"
#include "catalog/catalog_state.h"
#include "engine/database.h"

namespace amethyst::engine {

// Where a follower's memtables become tables: a directory that is there, with no table in it.
struct FlushPlace {
  std::shared_ptr<io::Environment> environment;
  std::string directory;
};

struct Capture {
  catalog::CatalogState state;
  std::shared_ptr<tree::TableStore> database_tables;
  std::shared_ptr<tree::TableStore> flushed_tables{};  // nullptr: there are none but the database's own.
  key::FileNumber first_flushed{};                     // The numbers from here on are of `flushed_tables`.
  std::shared_ptr<const void> files{};                 // What keeps the database's.

  [[nodiscard]] bool IsFlushed(key::FileNumber number) const {
    return flushed_tables != nullptr && number >= first_flushed;
  }
  [[nodiscard]] tree::TableStore& StoreOf(key::FileNumber number) const {
    return IsFlushed(number) ? *flushed_tables : *database_tables;
  }
};

// Of a follower: what its reads would see after a refresh. Errors: as Engine::Refresh, and of writing at `place`.
[[nodiscard]] Result<Capture> CaptureFollower(Database& database, const FlushPlace& place);

}  // namespace amethyst::engine
