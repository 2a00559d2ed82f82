#include "tree/table_store.h"

#include <optional>
#include <string_view>
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
      open_files_(std::make_shared<OpenFiles>(environment_, settings_.max_open_files, settings_.missing_is_too_old)),
      removal_(environment_, settings_.directory) {
  AMETHYST_ASSERT(budget_ != nullptr && !settings_.directory.empty());
}

std::string TableStore::Path(key::FileNumber number) const {
  return io::JoinPath(settings_.directory, TableFileName(number));
}

Result<std::unique_ptr<io::WritableFile>> TableStore::Create(key::FileNumber number) {
  AMETHYST_ASSERT(number != key::FileNumber{});
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
  if (removal_.HasWaiting()) return true;
  base::MutexLock lock(mutex_);
  return !obsolete_.empty();
}

Status TableStore::DeleteObsolete(base::FunctionRef<void(key::FileNumber)> removed) {
  std::vector<key::FileNumber> files_to_delete;
  {
    base::MutexLock lock(mutex_);
    files_to_delete.swap(obsolete_);
  }
  std::vector<std::string> names;
  names.reserve(files_to_delete.size());
  for (const key::FileNumber number : files_to_delete) names.push_back(TableFileName(number));
  std::vector<std::string> failed;
  const auto tell = [&](std::string_view name) {
    const std::optional<ParsedFileName> parsed = ParseFileName(name);  // A segment of the log may have waited, too.
    if (parsed && parsed->type == FileType::kTable) removed(parsed->number);
  };
  Status gone = removal_.Remove(std::move(names), tell, &failed);
  AMETHYST_ASSERT(failed.size() <= files_to_delete.size());
  for (const std::string& name : failed) {
    const std::optional<ParsedFileName> parsed = ParseFileName(name);
    AMETHYST_ASSERT(parsed && parsed->type == FileType::kTable);
    AddObsolete(parsed->number);
  }
  Status waited = removal_.RemoveWaiting(tell);
  return gone ? waited : gone;
}

void TableStore::Close() {
  {
    base::MutexLock lock(mutex_);
    closed_ = true;
    obsolete_.clear();
  }
  open_files_->Close();
  removal_.Close();
  environment_.reset();
}

}  // namespace amethyst::tree
