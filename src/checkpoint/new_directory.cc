#include "checkpoint/new_directory.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/containment.h"
#include "base/error.h"
#include "tree/file_names.h"

namespace amethyst::checkpoint {
namespace {

constexpr std::string_view kMeaning =
    "A copy of an Amethyst database was being made here and is not whole.\n"
    "If nobody is making it any more, this directory can be removed; making the copy again replaces it.\n";

// Without the slashes at its end, so that it has a parent and a name.
std::string Bare(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

Status CheckFree(io::FileSystem& files, const std::string& path) {
  AMETHYST_ASSIGN(const bool is_taken, files.Exists(path));
  return is_taken ? Status(base::InvalidArgument("{}: something is there already; choose a new name", path)) : Status();
}

// A name of a file that we put there.
bool IsOurs(const std::string& name) { return name == tree::kUnfinishedFileName || tree::ParseFileName(name); }

// Removes all files of a directory that was being filled. UNFINISHED goes last: while anything is left, it says so.
Status Empty(io::FileSystem& files, const std::string& directory) {
  AMETHYST_ASSIGN(std::vector<std::string> names, files.List(directory));
  for (const std::string& name : names) {
    if (IsOurs(name)) continue;
    return base::InvalidArgument(
        "{}: needed for a copy in the making, but it holds \"{}\", which is not of one; move it away", directory, name);
  }
  std::ranges::partition(names, [](const std::string& name) { return name != tree::kUnfinishedFileName; });
  for (const std::string& name : names) {
    if (name != tree::kLockFileName) AMETHYST_TRY(files.Remove(io::JoinPath(directory, name)));
  }
  return {};
}

// Not synced: it is durable before anything is that could be taken for a database (see WriteDatabase), and nothing
// hangs on what it says.
Status WriteMeaning(io::FileSystem& files, const std::string& path) {
  AMETHYST_ASSIGN(const std::unique_ptr<io::WritableFile> file, files.Create(path));
  AMETHYST_TRY(file->Append(kMeaning));
  return file->Close();
}

}  // namespace

Result<std::unique_ptr<NewDirectory>> NewDirectory::Begin(io::FileSystem& files, const std::string& given) {
  if (given.empty()) return base::InvalidArgument("the path of the copy to make is empty");
  const std::string path = Bare(given);
  AMETHYST_TRY(CheckFree(files, path));
  const std::string filled_at = path + std::string(kUnfinishedSuffix);
  AMETHYST_TRY(files.CreateDirectories(filled_at));
  AMETHYST_ASSIGN(std::unique_ptr<io::FileLock> lock,
                  files.Lock(io::JoinPath(filled_at, tree::kLockFileName), io::LockMode::kExclusive));
  AMETHYST_TRY(Empty(files, filled_at));
  std::unique_ptr<NewDirectory> made(new NewDirectory(files, path, filled_at, std::move(lock)));
  AMETHYST_TRY(WriteMeaning(files, made->PathOf(tree::kUnfinishedFileName)));
  return made;
}

NewDirectory::~NewDirectory() {
  if (has_moved_) return;
  base::DoIfPossible([this] {
    if (!Empty(files_, filled_at_)) return;
    if (!files_.Remove(PathOf(tree::kLockFileName))) return;
    lock_.reset();
    static_cast<void>(files_.RemoveDirectory(filled_at_));
  });
}

Status NewDirectory::Finish() {
  AMETHYST_TRY(files_.Remove(PathOf(tree::kUnfinishedFileName)));
  AMETHYST_TRY(files_.SyncDirectory(filled_at_));
  AMETHYST_TRY(lock_->CheckHeld());
  AMETHYST_TRY(CheckFree(files_, path_));
  AMETHYST_TRY(files_.Rename(filled_at_, path_));
  has_moved_ = true;
  lock_.reset();
  return files_.SyncDirectory(io::ParentDirectory(path_));
}

}  // namespace amethyst::checkpoint
