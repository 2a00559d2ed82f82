#include "checkpoint/new_database.h"

#include <algorithm>
#include <memory>

#include "base/assert.h"
#include "base/error.h"
#include "catalog/manifest.h"

namespace amethyst::checkpoint {
namespace {

// Of a copy of a copy, and so on: tables of databases farther back were replaced long ago.
constexpr size_t kAncestorsMax = 256;

}  // namespace

void MakeAnother(tree::VersionEdit* state) {
  AMETHYST_ASSERT(state->database_uid.has_value());
  state->ancestors.insert(state->ancestors.begin(), *state->database_uid);
  if (state->ancestors.size() > kAncestorsMax) state->ancestors.resize(kAncestorsMax);
  state->database_uid = base::NewUid();
  // As in a database that was just made: the first open begins the log. Tables hold all that there is.
  state->clean_log_end.reset();
  state->cursors.clear();  // They are places in the other's log.
  state->first_log_segment.reset();
  state->oldest_delete_s = 0;
}

Status WriteDatabase(io::FileSystem& files, const std::string& directory, const tree::VersionEdit& state) {
  AMETHYST_ASSERT(state.database_uid.has_value());
  tree::VersionEdit first = state;
  const key::FileNumber number = state.next_file_number.value_or(key::FileNumber{1});
  first.next_file_number = key::FileNumber{key::Raw(number) + 1};
  std::string payload;
  first.AppendTo(&payload);
  AMETHYST_ASSIGN(
      const std::unique_ptr<catalog::ManifestWriter> manifest,
      catalog::ManifestWriter::Create(files, directory, {.database_uid = *state.database_uid, .number = number}));
  AMETHYST_TRY(manifest->Append(payload));
  AMETHYST_TRY(manifest->Close());
  return catalog::ReplaceCurrent(files, directory, number);
}

}  // namespace amethyst::checkpoint
