#include "repair/destroy.h"

#include <algorithm>
#include <memory>

#include "amethyst/db.h"
#include "base/containment.h"
#include "base/error.h"
#include "catalog/census.h"
#include "io/system_environment.h"

namespace amethyst {
namespace repair {
namespace {

// Without the slashes at its end, so that it has a parent and a name.
std::string Bare(std::string directory) {
  while (directory.size() > 1 && directory.ends_with('/')) directory.pop_back();
  return directory;
}

Status Remaining(const std::string& directory, const std::vector<catalog::Stranger>& strangers) {
  if (strangers.empty()) return {};
  std::string list;
  for (const catalog::Stranger& stranger : strangers) {
    list += fmt::format("{}{} ({})", list.empty() ? "" : ", ", stranger.name, stranger.what);
  }
  return base::InvalidArgument("{}: the database is removed, but not files that are not proven to be its own: {}",
                               directory, list);
}

}  // namespace

// CURRENT goes first, LOCK last, still held.
Status DestroyIn(io::FileSystem& files, const std::string& path) {
  const std::string directory = Bare(path);
  AMETHYST_ASSIGN(const bool exists, files.Exists(directory));
  if (!exists) return base::InvalidArgument("{}: there is no database here: no such directory", directory);
  AMETHYST_TRY(catalog::TakeCensus(files, directory));  // Before a LOCK is made in somebody else's directory.
  const auto join = [&](std::string_view name) { return io::JoinPath(directory, name); };
  AMETHYST_ASSIGN(std::unique_ptr<io::FileLock> lock, files.Lock(join(tree::kLockFileName), io::LockMode::kExclusive));
  AMETHYST_ASSIGN(const catalog::Census census, catalog::TakeCensus(files, directory));  // Nobody adds any more.
  if (census.IsOwn(tree::kCurrentFileName)) {
    AMETHYST_TRY(files.Remove(join(tree::kCurrentFileName)));
    AMETHYST_TRY(files.SyncDirectory(directory));
  }
  for (const std::string& name : census.own) {
    if (name != tree::kCurrentFileName && name != tree::kLockFileName) AMETHYST_TRY(files.Remove(join(name)));
  }
  if (census.IsOwn(tree::kLockFileName)) AMETHYST_TRY(files.Remove(join(tree::kLockFileName)));
  AMETHYST_TRY(files.SyncDirectory(directory));
  lock.reset();
  if (!census.strangers.empty() || !census.others.empty()) return Remaining(directory, census.strangers);
  // A link, a mount point, the working directory or one in a parent that cannot be written stays, empty.
  if (!files.RemoveDirectory(directory)) return {};
  return files.SyncDirectory(io::ParentDirectory(directory));
}

}  // namespace repair

Status DB::Destroy(const std::filesystem::path& path) {
  return base::Contained([&] { return repair::DestroyIn(io::DefaultEnvironment()->files(), path.string()); });
}

}  // namespace amethyst
