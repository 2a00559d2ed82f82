#include "api/destroy.h"

#include <algorithm>
#include <memory>

#include "amethyst/db.h"
#include "base/error.h"
#include "io/environment.h"
#include "tree/file_names.h"

namespace amethyst {
namespace api {
namespace {

bool IsOurs(const std::string& name) { return tree::ParseFileName(name).has_value(); }

}  // namespace

// CURRENT goes first, LOCK last, still held.
Status DestroyIn(io::FileSystem& files, const std::string& directory) {
  AMETHYST_ASSIGN(const bool exists, files.Exists(directory));
  if (!exists) return base::InvalidArgument("{}: there is no database here: no such directory", directory);
  AMETHYST_ASSIGN(std::vector<std::string> names, files.List(directory));
  if (std::ranges::none_of(names, IsOurs)) {
    return base::InvalidArgument("{}: there is no database here: none of its files", directory);
  }
  const auto join = [&](std::string_view name) { return io::JoinPath(directory, name); };
  AMETHYST_ASSIGN(std::unique_ptr<io::FileLock> lock, files.Lock(join(tree::kLockFileName), io::LockMode::kExclusive));
  AMETHYST_ASSIGN(names, files.List(directory));  // Under the lock: nobody adds any more.
  if (std::ranges::find(names, tree::kCurrentFileName) != names.end()) {
    AMETHYST_TRY(files.Remove(join(tree::kCurrentFileName)));
    AMETHYST_TRY(files.SyncDirectory(directory));
  }
  for (const std::string& name : names) {
    if (!IsOurs(name) || name == tree::kCurrentFileName || name == tree::kLockFileName) continue;
    AMETHYST_TRY(files.Remove(join(name)));
  }
  AMETHYST_TRY(files.Remove(join(tree::kLockFileName)));
  AMETHYST_TRY(files.SyncDirectory(directory));
  lock.reset();
  if (!std::ranges::all_of(names, IsOurs)) return {};
  AMETHYST_TRY(files.RemoveDirectory(directory));
  return files.SyncDirectory(io::ParentDirectory(directory));
}

}  // namespace api

Status DB::Destroy(const std::filesystem::path& path) {
  return api::DestroyIn(io::DefaultEnvironment()->files(), path.string());
}

}  // namespace amethyst
