// BackupStore::Create. Thread safety: any thread.
#pragma once

#include <cstdint>
#include <memory>

#include "amethyst/backup.h"
#include "backup/backup_files.h"
#include "engine/engine.h"
#include "io/environment.h"

namespace amethyst::backup {

// Tells a BackupProgress how far it is.
class Telling {
 public:
  Telling(const BackupProgress& progress, uint64_t total) : progress_(progress), total_(total) {}
  // kClosed: the caller ends it.
  [[nodiscard]] Status Add(uint64_t bytes);

 private:
  const BackupProgress& progress_;
  const uint64_t total_;
  uint64_t done_ = 0;
};

// Errors: as BackupStore::Create.
[[nodiscard]] Result<uint64_t> CreateBackup(const BackupFiles& files,
                                            const std::shared_ptr<io::Environment>& environment, engine::Engine& engine,
                                            const BackupProgress& progress);

}  // namespace amethyst::backup
