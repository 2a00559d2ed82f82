#include "io/file_system.h"

#include "base/error.h"

namespace amethyst::io {
namespace {

Status WriteAndSync(FileSystem& files, const std::string& path, std::string_view bytes) {
  AMETHYST_ASSIGN(const auto file, files.Create(path));
  AMETHYST_TRY(file->Append(bytes));
  AMETHYST_TRY(file->Sync());
  return file->Close();
}

}  // namespace

std::string JoinPath(std::string_view directory, std::string_view name) {
  std::string path(directory);
  if (!path.ends_with('/')) path += '/';
  return path.append(name);
}

std::string ParentDirectory(std::string_view path) {
  const size_t slash = path.find_last_of('/');
  if (slash == std::string_view::npos) return ".";
  return std::string(path.substr(0, slash == 0 ? 1 : slash));
}

Result<std::shared_ptr<FileSystem>> FileSystem::OpenDirectory(const std::string&) {
  return std::shared_ptr<FileSystem>(std::shared_ptr<void>(), this);
}

Result<std::unique_ptr<SharedFile>> FileSystem::OpenShared(const std::string& path, uint64_t) {
  return base::NotSupported("{}: this file system has no files that are changed in place", path);
}

Result<bool> FileSystem::IsLocked(const std::string& path) {
  return base::NotSupported("{}: this file system does not tell whether a file is locked", path);
}

Result<std::unique_ptr<ReaderMarks>> FileSystem::OpenMarks(const std::string&, MarksFile) { return nullptr; }

Status FileSystem::Link(const std::string& from, const std::string& to) {
  return base::NotSupported("link {} to {}: this file system has no links", from, to);
}

Result<std::string> ReadFile(FileSystem& files, const std::string& path) {
  AMETHYST_ASSIGN(const auto file, files.Open(path));
  return ReadToEnd(*file);
}

Status ReplaceFile(FileSystem& files, const std::string& path, std::string_view bytes) {
  const std::string temporary = path + ".tmp";
  AMETHYST_ASSIGN(const bool left_over, files.Exists(temporary));  // By a crash in here.
  if (left_over) AMETHYST_TRY(files.Remove(temporary));
  AMETHYST_TRY(WriteAndSync(files, temporary, bytes));
  AMETHYST_TRY(files.Rename(temporary, path));
  return files.SyncDirectory(ParentDirectory(path));
}

}  // namespace amethyst::io
