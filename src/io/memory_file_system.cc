#include "io/memory_file_system.h"

#include <cerrno>
#include <set>
#include <vector>

#include "base/assert.h"
#include "base/error.h"
#include "io/memory_file.h"

namespace amethyst::io {
namespace {

class MemoryWritableFile final : public WritableFile {
 public:
  MemoryWritableFile(std::string path, std::shared_ptr<MemoryFile> file)
      : path_(std::move(path)), file_(std::move(file)) {}

  Status Append(std::string_view bytes) override {
    AMETHYST_ASSERT(!closed_);
    file_->WriteAt(size_, bytes);
    size_ += bytes.size();
    return {};
  }
  Status Overwrite(uint64_t offset, std::string_view bytes) override {
    AMETHYST_ASSERT(!closed_ && offset + bytes.size() <= size_);
    file_->WriteAt(offset, bytes);
    return {};
  }
  Status Sync() override {
    AMETHYST_ASSERT(!closed_);
    return {};
  }
  Status Close() override {
    AMETHYST_ASSERT(!closed_);
    closed_ = true;
    return {};
  }
  uint64_t size() const override { return size_; }
  const std::string& path() const override { return path_; }

 private:
  const std::string path_;
  const std::shared_ptr<MemoryFile> file_;
  uint64_t size_ = 0;
  bool closed_ = false;
};

class MemoryRandomAccessFile final : public RandomAccessFile {
 public:
  MemoryRandomAccessFile(std::string path, std::shared_ptr<const MemoryFile> file)
      : path_(std::move(path)), file_(std::move(file)) {}

  Result<size_t> ReadAt(uint64_t offset, std::span<char> to) const override { return file_->ReadAt(offset, to); }
  void Prefetch(uint64_t, uint64_t) const override {}
  Result<uint64_t> Size() const override { return file_->Size(); }
  const std::string& path() const override { return path_; }

 private:
  const std::string path_;
  const std::shared_ptr<const MemoryFile> file_;
};

class MemoryLogSegment final : public LogSegment {
 public:
  MemoryLogSegment(std::string path, uint64_t capacity, std::shared_ptr<MemoryFile> file)
      : LogSegment(std::move(path), capacity), file_(std::move(file)) {}

  Status Sync() override { return {}; }
  Status Close(uint64_t end) override {
    AMETHYST_ASSERT(end <= capacity());
    file_->Resize(end);
    return {};
  }

 private:
  Status StoreOutsideWindow(uint64_t offset, std::string_view bytes) override {
    AMETHYST_ASSERT(bytes.size() <= capacity() && offset <= capacity() - bytes.size());
    file_->WriteAt(offset, bytes);
    return {};
  }

  const std::shared_ptr<MemoryFile> file_;
};

class MemoryFileLock final : public FileLock {
 public:
  // `file` null: there is nothing to lock.
  explicit MemoryFileLock(std::shared_ptr<MemoryFile> file) : file_(std::move(file)) {}
  ~MemoryFileLock() override {
    if (file_ != nullptr) file_->Unlock();
  }
  Status CheckHeld() const override { return {}; }
  bool OwnedByThisProcess() const override { return true; }  // A forked child has a file system of its own.

 private:
  const std::shared_ptr<MemoryFile> file_;
};

class MemoryReaderMarks final : public ReaderMarks {
 public:
  explicit MemoryReaderMarks(std::shared_ptr<MemoryFile> file) : file_(std::move(file)) {}
  ~MemoryReaderMarks() override {
    for (const uint64_t place : held_) file_->LetGo(place);
  }

  Status Hold(uint64_t place) override {
    base::MutexLock lock(mutex_);
    held_.insert(place);
    file_->Hold(place);
    return {};
  }
  void LetGo(uint64_t place) noexcept override {
    base::MutexLock lock(mutex_);
    held_.erase(held_.find(place));
    file_->LetGo(place);
  }
  bool AreHeld(uint64_t begin, uint64_t end) override { return file_->AreHeld(begin, end); }

 private:
  const std::shared_ptr<MemoryFile> file_;
  base::Mutex mutex_{base::LockRank::kReaderMarks};
  std::multiset<uint64_t> held_ AMETHYST_GUARDED_BY(mutex_);
};

// "/a/b": with one slash before each name, without "." and "..".
std::string Normal(std::string_view path) {
  std::string normal;
  while (!path.empty()) {
    const size_t slash = std::min(path.find('/'), path.size());
    const std::string_view name = path.substr(0, slash);
    path.remove_prefix(std::min(slash + 1, path.size()));
    if (name == "..") {
      normal.resize(normal.empty() ? 0 : normal.rfind('/'));
    } else if (!name.empty() && name != ".") {
      normal.append("/").append(name);
    }
  }
  return normal.empty() ? "/" : normal;
}

// What the names of everything inside a directory begin with.
std::string Inside(const std::string& normal) { return normal == "/" ? normal : normal + "/"; }

}  // namespace

MemoryFileSystem::MemoryFileSystem() { nodes_["/"] = nullptr; }
MemoryFileSystem::~MemoryFileSystem() = default;

int MemoryFileSystem::WhyNoParent(const std::string& normal) const {
  const auto parent = nodes_.find(ParentDirectory(normal));
  if (parent == nodes_.end()) return ENOENT;
  return parent->second == nullptr ? 0 : ENOTDIR;
}

bool MemoryFileSystem::HasInside(const std::string& normal) const {
  const auto inside = nodes_.upper_bound(Inside(normal));
  return inside != nodes_.end() && inside->first.starts_with(Inside(normal));
}

Result<MemoryFileSystem::FilePointer> MemoryFileSystem::Add(const std::string& path) {
  const std::string normal = Normal(path);
  base::MutexLock lock(mutex_);
  int failed = WhyNoParent(normal);
  if (failed == 0 && nodes_.contains(normal)) failed = EEXIST;
  if (failed != 0) return base::SystemError(failed, fmt::format("create {}", path));
  return nodes_[normal] = std::make_shared<MemoryFile>();
}

Result<MemoryFileSystem::FilePointer> MemoryFileSystem::Find(std::string_view action, const std::string& path) {
  base::MutexLock lock(mutex_);
  const auto found = nodes_.find(Normal(path));
  if (found == nodes_.end()) return base::SystemError(ENOENT, fmt::format("{} {}", action, path));
  if (found->second == nullptr) return base::SystemError(EISDIR, fmt::format("{} {}", action, path));
  return found->second;
}

Result<std::unique_ptr<WritableFile>> MemoryFileSystem::Create(const std::string& path) {
  AMETHYST_ASSIGN(FilePointer file, Add(path));
  return std::make_unique<MemoryWritableFile>(path, std::move(file));
}

Result<std::unique_ptr<LogSegment>> MemoryFileSystem::CreateLogSegment(const std::string& path,
                                                                       const LogSegmentOptions& options) {
  AMETHYST_ASSERT(options.capacity_bytes > 0);
  AMETHYST_ASSIGN(FilePointer file, Add(path));
  file->Resize(options.capacity_bytes);
  return std::make_unique<MemoryLogSegment>(path, options.capacity_bytes, std::move(file));
}

Result<std::unique_ptr<RandomAccessFile>> MemoryFileSystem::Open(const std::string& path) {
  AMETHYST_ASSIGN(FilePointer file, Find("open", path));
  return std::make_unique<MemoryRandomAccessFile>(path, std::move(file));
}

Status MemoryFileSystem::SyncFile(const std::string& path) {
  AMETHYST_TRY(Find("open", path));
  return {};
}

Result<bool> MemoryFileSystem::Exists(const std::string& path) {
  base::MutexLock lock(mutex_);
  return nodes_.contains(Normal(path));
}

Result<uint64_t> MemoryFileSystem::FileSize(const std::string& path) {
  AMETHYST_ASSIGN(const FilePointer file, Find("size of", path));
  return file->Size();
}

Result<std::vector<std::string>> MemoryFileSystem::List(const std::string& directory) {
  const std::string normal = Normal(directory);
  const std::string prefix = Inside(normal);
  base::MutexLock lock(mutex_);
  const auto found = nodes_.find(normal);
  if (found == nodes_.end()) return base::SystemError(ENOENT, fmt::format("list {}", directory));
  if (found->second != nullptr) return base::SystemError(ENOTDIR, fmt::format("list {}", directory));
  std::vector<std::string> names;
  for (auto node = nodes_.upper_bound(prefix); node != nodes_.end() && node->first.starts_with(prefix); ++node) {
    std::string name = node->first.substr(prefix.size());
    if (!name.contains('/')) names.push_back(std::move(name));
  }
  return names;
}

Status MemoryFileSystem::CreateDirectories(const std::string& directory) {
  const std::string normal = Normal(directory);
  base::MutexLock lock(mutex_);
  for (size_t end = 0; end != std::string::npos;) {
    end = normal.find('/', end + 1);
    const auto [node, created] = nodes_.try_emplace(normal.substr(0, end), nullptr);
    if (node->second != nullptr) return base::SystemError(ENOTDIR, fmt::format("create directory {}", directory));
  }
  return {};
}

Status MemoryFileSystem::RemoveDirectory(const std::string& directory) {
  const std::string normal = Normal(directory);
  base::MutexLock lock(mutex_);
  const auto found = nodes_.find(normal);
  int failed = 0;
  if (found == nodes_.end()) {
    failed = ENOENT;
  } else if (found->second != nullptr) {
    failed = ENOTDIR;
  } else if (HasInside(normal)) {
    failed = ENOTEMPTY;
  } else if (normal == "/") {
    failed = EBUSY;
  }
  if (failed != 0) return base::SystemError(failed, fmt::format("remove directory {}", directory));
  nodes_.erase(found);
  directory_locks_.erase(normal);
  return {};
}

Status MemoryFileSystem::SyncDirectory(const std::string& directory) {
  AMETHYST_TRY(List(directory));
  return {};
}

int MemoryFileSystem::MoveDirectory(const std::string& from, const std::string& to) {
  if (from == to) return 0;
  if (from == "/" || to.starts_with(Inside(from))) return EINVAL;
  if (const auto replaced = nodes_.find(to); replaced != nodes_.end()) {
    if (replaced->second != nullptr) return ENOTDIR;
    if (HasInside(to)) return ENOTEMPTY;
  }
  for (Nodes* const nodes : {&nodes_, &directory_locks_}) {
    nodes->erase(to);
    Nodes moved;
    for (auto node = nodes->lower_bound(from); node != nodes->end();) {
      const bool is_it = node->first == from || node->first.starts_with(Inside(from));
      if (is_it) moved[to + node->first.substr(from.size())] = node->second;
      if (!is_it && !node->first.starts_with(from)) break;
      node = is_it ? nodes->erase(node) : std::next(node);
    }
    nodes->merge(moved);
  }
  return 0;
}

Status MemoryFileSystem::Rename(const std::string& from, const std::string& to) {
  const std::string target = Normal(to);
  base::MutexLock lock(mutex_);
  const auto source = nodes_.find(Normal(from));
  int failed = source == nodes_.end() ? ENOENT : WhyNoParent(target);
  const bool is_directory = failed == 0 && source->second == nullptr;
  if (is_directory) failed = MoveDirectory(Normal(from), target);
  if (failed == 0 && !is_directory && nodes_.contains(target) && nodes_[target] == nullptr) failed = EISDIR;
  if (failed != 0) return base::SystemError(failed, fmt::format("rename {} to {}", from, to));
  if (is_directory) return {};
  if (source->first == target) return {};
  nodes_[target] = std::move(source->second);
  nodes_.erase(source);
  return {};
}

Status MemoryFileSystem::Remove(const std::string& path) {
  base::MutexLock lock(mutex_);
  const auto found = nodes_.find(Normal(path));
  const int failed = found == nodes_.end() ? ENOENT : found->second == nullptr ? EISDIR : 0;
  if (failed != 0) return base::SystemError(failed, fmt::format("remove {}", path));
  nodes_.erase(found);
  return {};
}

Status MemoryFileSystem::Link(const std::string& from, const std::string& to) {
  const std::string target = Normal(to);
  base::MutexLock lock(mutex_);
  const auto source = nodes_.find(Normal(from));
  int failed = source == nodes_.end() ? ENOENT : source->second == nullptr ? EISDIR : WhyNoParent(target);
  if (failed == 0 && nodes_.contains(target)) failed = EEXIST;
  if (failed != 0) return base::SystemError(failed, fmt::format("link {} to {}", from, to));
  nodes_[target] = source->second;
  return {};
}

MemoryFileSystem::FilePointer MemoryFileSystem::LockOf(const std::string& directory) {
  base::MutexLock lock(mutex_);
  if (!nodes_.contains(directory)) return nullptr;
  FilePointer& file = directory_locks_[directory];
  if (file == nullptr) file = std::make_shared<MemoryFile>();
  return file;
}

Result<std::unique_ptr<FileLock>> MemoryFileSystem::Lock(const std::string& path, LockMode mode) {
  FilePointer directory = LockOf(ParentDirectory(Normal(path)));
  if (directory != nullptr && !directory->TryLock(mode)) {
    return base::MakeError(ErrorCode::kBusy, "{}: somebody has it open already", path);
  }
  auto lock = std::make_unique<MemoryFileLock>(std::move(directory));
  AMETHYST_ASSIGN(const bool exists, Exists(path));
  if (!exists && mode == LockMode::kExclusive) AMETHYST_TRY(Add(path));
  return lock;
}

Result<bool> MemoryFileSystem::IsLocked(const std::string& path) {
  const FilePointer directory = LockOf(ParentDirectory(Normal(path)));
  return directory != nullptr && directory->IsLockedExclusively();
}

Result<std::unique_ptr<ReaderMarks>> MemoryFileSystem::OpenMarks(const std::string& path, MarksFile file) {
  AMETHYST_ASSIGN(const bool exists, Exists(path));
  if (!exists && file == MarksFile::kFound) return nullptr;
  AMETHYST_ASSIGN(FilePointer marked, exists ? Find("open", path) : Add(path));
  return std::make_unique<MemoryReaderMarks>(std::move(marked));
}

}  // namespace amethyst::io
