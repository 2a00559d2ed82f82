#include "tree/open_files.h"

#include <utility>

#include "base/assert.h"
#include "base/error.h"

namespace amethyst::tree {
namespace {

class OnDemandFile final : public io::RandomAccessFile {
 public:
  OnDemandFile(std::shared_ptr<OpenFiles> open_files, uint64_t id, std::string path)
      : open_files_(std::move(open_files)), id_(id), path_(std::move(path)) {}
  ~OnDemandFile() override { open_files_->Release(id_); }

  Result<size_t> ReadAt(uint64_t offset, std::span<char> to) const override {
    AMETHYST_ASSIGN(const OpenFiles::FilePtr file, open_files_->Acquire(id_, path_));
    return file->ReadAt(offset, to);
  }
  void Prefetch(uint64_t offset, uint64_t bytes) const override {
    if (const auto file = open_files_->Acquire(id_, path_)) (*file)->Prefetch(offset, bytes);
  }
  Result<uint64_t> Size() const override {
    AMETHYST_ASSIGN(const OpenFiles::FilePtr file, open_files_->Acquire(id_, path_));
    return file->Size();
  }
  const std::string& path() const override { return path_; }

 private:
  const std::shared_ptr<OpenFiles> open_files_;
  const uint64_t id_;
  const std::string path_;
};

}  // namespace

OpenFiles::OpenFiles(std::shared_ptr<io::Environment> environment, uint32_t limit, bool missing_is_too_old)
    : missing_is_too_old_(missing_is_too_old), limit_(limit), environment_(std::move(environment)) {
  AMETHYST_ASSERT(environment_ != nullptr && limit > 0);
}

std::shared_ptr<io::RandomAccessFile> OpenFiles::Handle(std::string path) {
  base::MutexLock lock(mutex_);
  return std::make_shared<OnDemandFile>(shared_from_this(), ++last_id_, std::move(path));
}

Result<OpenFiles::FilePtr> OpenFiles::Acquire(uint64_t id, const std::string& path) {
  HeldList evicted;
  std::shared_ptr<io::Environment> environment;
  {
    base::MutexLock lock(mutex_);
    if (closed_) return base::MakeError(ErrorCode::kClosed, "{}: the database is closed", path);
    AMETHYST_ASSERT(environment_ != nullptr);
    if (const auto place = places_.find(id); place != places_.end()) {
      held_.splice(held_.begin(), held_, place->second);
      return held_.front().file;
    }
    ++opening_;
    environment = environment_;
    if (const uint64_t wanted = held_.size() + opening_; wanted > limit_) evicted = TakeIdle(wanted - limit_);
  }
  evicted.clear();
  auto opened = WithDescriptor([&] { return environment->files().Open(path); });
  if (!opened && missing_is_too_old_) {
    const Result<bool> exists = environment->files().Exists(path);
    if (exists && !*exists) {
      opened = base::MakeError(ErrorCode::kTooOld, "{}: the writer has removed it: refresh, and read anew", path);
    }
  }
  base::MutexLock lock(mutex_);
  AMETHYST_ASSERT(opening_ > 0);
  --opening_;
  if (!opened) return std::unexpected(std::move(opened).error());
  FilePtr file = std::move(*opened);
  if (closed_) return file;
  if (const auto place = places_.find(id); place != places_.end()) return place->second->file;  // Another was faster.
  // Without memory to hold it, it is opened for this read alone.
  base::DoIfPossible([&]() AMETHYST_NO_THREAD_SAFETY_ANALYSIS {
    HeldList held;
    held.push_front({id, file});
    places_.emplace(id, held.begin());
    held_.splice(held_.begin(), held);
  });
  AMETHYST_ASSERT(places_.size() == held_.size());
  return file;
}

void OpenFiles::Release(uint64_t id) {
  HeldList released;  // Outlives the lock: its file closes without it.
  base::MutexLock lock(mutex_);
  const auto place = places_.find(id);
  if (place == places_.end()) return;
  released.splice(released.begin(), held_, place->second);
  places_.erase(place);
  AMETHYST_ASSERT(places_.size() == held_.size());
}

uint64_t OpenFiles::count() const {
  base::MutexLock lock(mutex_);
  return held_.size();
}

void OpenFiles::Close() {
  HeldList released;  // Outlives the lock, as the environment does, which may hold a descriptor.
  std::shared_ptr<io::Environment> environment;
  base::MutexLock lock(mutex_);
  closed_ = true;
  environment.swap(environment_);
  released.swap(held_);
  places_.clear();
  AMETHYST_ASSERT(held_.empty() && environment_ == nullptr);
}

void OpenFiles::SetLimit(uint32_t limit) {
  AMETHYST_ASSERT(limit > 0);
  HeldList evicted;  // Outlives the lock.
  base::MutexLock lock(mutex_);
  limit_ = limit;
  if (held_.size() > limit_) evicted = TakeIdle(held_.size() - limit_);
}

void OpenFiles::CloseIdle(size_t most) {
  HeldList evicted;  // Outlives the lock.
  base::MutexLock lock(mutex_);
  evicted = TakeIdle(most);
}

OpenFiles::HeldList OpenFiles::TakeIdle(size_t most) {
  HeldList taken;
  for (auto place = held_.end(); place != held_.begin() && taken.size() < most;) {
    --place;
    if (place->file.use_count() > 1) continue;  // Being read: only under the lock could that become more.
    places_.erase(place->id);
    const auto idle = place++;
    taken.splice(taken.end(), held_, idle);
  }
  AMETHYST_ASSERT(taken.size() <= most && places_.size() == held_.size());
  return taken;
}

}  // namespace amethyst::tree
