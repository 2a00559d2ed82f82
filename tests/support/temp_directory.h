// A fresh directory of the test's own, removed with everything in it at the end.
// Thread safety: immutable.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "base/assert.h"

namespace amethyst::support {

class TempDirectory {
 public:
  // In `parent`, or where TMPDIR says.
  explicit TempDirectory(std::string_view parent = {}) {
    path_ = parent.empty() ? std::filesystem::temp_directory_path().string() : std::string(parent);
    path_ += "/amethyst_XXXXXX";
    AMETHYST_ASSERT(mkdtemp(path_.data()) != nullptr);
  }
  ~TempDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string File(std::string_view name) const { return path_ + "/" + std::string(name); }

 private:
  std::string path_;
};

}  // namespace amethyst::support
