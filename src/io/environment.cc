#include "io/environment.h"

#include <utility>

#include "base/error.h"

namespace amethyst::io {
namespace {

class DirectoryEnvironment final : public Environment {
 public:
  DirectoryEnvironment(std::shared_ptr<Environment> base, std::shared_ptr<FileSystem> files)
      : base_(std::move(base)), files_(std::move(files)) {}

  FileSystem& files() override { return *files_; }
  Clock& clock() override { return base_->clock(); }
  Result<std::unique_ptr<Executor>> NewExecutor(uint32_t threads) override { return base_->NewExecutor(threads); }

 private:
  const std::shared_ptr<Environment> base_;
  const std::shared_ptr<FileSystem> files_;
};

}  // namespace

Result<std::shared_ptr<Environment>> OpenDirectory(std::shared_ptr<Environment> base, const std::string& directory) {
  AMETHYST_ASSIGN(std::shared_ptr<FileSystem> files, base->files().OpenDirectory(directory));
  return std::make_shared<DirectoryEnvironment>(std::move(base), std::move(files));
}

}  // namespace amethyst::io
