// The directory's table files: opens them under a limit of descriptors, names them, and deletes what is obsolete.
//
// Readers stay open in memory; it is descriptors that are limited (see open_files.h): a reader's file opens on demand
// and gives its descriptor back when the limit asks for it. Thread safety: any thread at once.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/function_ref.h"
#include "base/mutex.h"
#include "cache/memory_budget.h"
#include "io/environment.h"
#include "key/order.h"
#include "key/types.h"
#include "tree/file_removal.h"
#include "tree/open_files.h"

namespace amethyst::tree {

class TableStore {
 public:
  struct Settings {
    std::string directory;
    uint32_t max_open_files = 1000;
    key::Order order{};
    bool missing_is_too_old = false;  // A file that is not there: the writer, another process, has removed it.
  };
  TableStore(std::shared_ptr<io::Environment> environment, std::shared_ptr<cache::MemoryBudget> budget,
             Settings settings);

  [[nodiscard]] std::string Path(key::FileNumber number) const;
  [[nodiscard]] Result<std::unique_ptr<io::WritableFile>> Create(key::FileNumber number);
  // A file that opens on demand.
  [[nodiscard]] std::shared_ptr<io::RandomAccessFile> Handle(key::FileNumber number);

  [[nodiscard]] cache::MemoryBudget& budget() { return *budget_; }
  [[nodiscard]] const key::Order& order() const { return settings_.order; }
  [[nodiscard]] io::FileSystem& files() { return environment_->files(); }
  [[nodiscard]] FileRemoval& removal() { return removal_; }
  [[nodiscard]] uint64_t open_files() const { return open_files_->count(); }
  // As OpenFiles::WithDescriptor: tables give way to all others who need a descriptor.
  template <typename Call>
  [[nodiscard]] auto WithDescriptor(Call call) {
    return open_files_->WithDescriptor(call);
  }

  void SetMaxOpenFiles(uint32_t limit) { open_files_->SetLimit(limit); }
  void FreeDescriptors() { open_files_->GiveWay(); }

  // Collects the files of dead obsolete tables; DeleteObsolete removes them (the first error is returned, the rest is
  // tried, and what failed is tried again the next time). What there is no memory to note stays until the next open.
  void AddObsolete(key::FileNumber number) noexcept AMETHYST_EXCLUDES(mutex_);
  // Those that wait for a follower included.
  [[nodiscard]] bool HasObsolete() const AMETHYST_EXCLUDES(mutex_);
  // Counts tables that are obsolete, and that somebody still refers to.
  void NoteDying(int change) { dying_.fetch_add(change, std::memory_order_relaxed); }
  [[nodiscard]] bool HasDying() const { return dying_.load(std::memory_order_relaxed) != 0; }
  // `removed` is called with each that is gone, and must not throw.
  [[nodiscard]] Status DeleteObsolete(base::FunctionRef<void(key::FileNumber)> removed = [](key::FileNumber) {})
      AMETHYST_EXCLUDES(mutex_);
  // Closes every descriptor. Later reads fail with kClosed. Nothing is deleted afterwards.
  void Close() AMETHYST_EXCLUDES(mutex_);

 private:
  std::shared_ptr<io::Environment> environment_;  // Until Close, when nobody else calls any more.
  const std::shared_ptr<cache::MemoryBudget> budget_;
  const Settings settings_;
  const std::shared_ptr<OpenFiles> open_files_;
  FileRemoval removal_;
  mutable base::Mutex mutex_{base::LockRank::kTableStore};
  std::vector<key::FileNumber> obsolete_ AMETHYST_GUARDED_BY(mutex_);
  std::atomic<int64_t> dying_{0};  // A count and no more: whoever waits for its end looks again and again.
  bool closed_ AMETHYST_GUARDED_BY(mutex_) = false;
};

}  // namespace amethyst::tree
