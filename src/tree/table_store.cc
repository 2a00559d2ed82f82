#include "tree/table_store.h"

#include <utility>

#include "base/assert.h"
#include "base/containment.h"
#include "tree/file_names.h"

namespace amethyst::tree {

TableStore::TableStore(std::shared_ptr<io::Environment> environment, std::shared_ptr<cache::MemoryBudget> budget,
                       Settings settings)
    : environment_(std::move(environment)),
      budget_(std::move(budget)),
      settings_(std::move(settings)),
      open_files_(std::make_shared<OpenFiles>(environment_, settings_.max_open_files)) {
  AMETHYST_ASSERT(budget_ != nullptr && !settings_.directory.empty());
}

std::string TableStore::Path(key::FileNumber number) const {
  return io::JoinPath(settings_.directory, TableFileName(number));
}

Result<std::unique_ptr<io::WritableFile>> TableStore::Create(key::FileNumber number) {
  return WithDescriptor([&] { return files().Create(Path(number)); });
}

std::shared_ptr<io::RandomAccessFile> TableStore::Handle(key::FileNumber number) {
  return open_files_->Handle(Path(number));
}

void TableStore::AddObsolete(key::FileNumber number) noexcept {
  AMETHYST_ASSERT(number != key::FileNumber{});
  base::MutexLock lock(mutex_);
  base::DoIfPossible([&]() AMETHYST_NO_THREAD_SAFETY_ANALYSIS {
    if (!closed_) obsolete_.push_back(number);
  });
}

bool TableStore::HasObsolete() const {
  base::MutexLock lock(mutex_);
  return !obsolete_.empty();
}

Status TableStore::DeleteObsolete() {
  std::vector<key::FileNumber> files_to_delete;
  {
    base::MutexLock lock(mutex_);
    files_to_delete.swap(obsolete_);
  }
  Status first_error;
  for (const key::FileNumber number : files_to_delete) {
    Status removed = base::Contained([&] { return files().Remove(Path(number)); });
    if (removed) continue;
    if (first_error) first_error = std::move(removed);
    AddObsolete(number);
  }
  return first_error;
}

void TableStore::Close() {
  {
    base::MutexLock lock(mutex_);
    closed_ = true;
    obsolete_.clear();
  }
  open_files_->Close();
  environment_.reset();
}

}  // namespace amethyst::tree
