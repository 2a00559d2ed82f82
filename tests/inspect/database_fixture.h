// A database on disk with tables in two levels and a log with unflushed entries, as a killed process leaves it.
// Thread safety: one thread.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "amethyst/amethyst.h"
#include "io/system_environment.h"
#include "support/copy_live.h"
#include "support/temp_directory.h"

namespace amethyst::inspect {

class DatabaseTest : public testing::Test {
 protected:
  static constexpr int kKeys = 3000;
  static constexpr int kUnflushed = 50;

  void SetUp() override {
    Options options;
    options.block_bytes = 1024;
    auto opened = DB::Open(directory_.File("live"), options);
    ASSERT_TRUE(opened) << opened.error().message();
    DB& db = **opened;
    for (int i = 0; i < kKeys; ++i) ASSERT_TRUE(db.Put("key" + std::to_string(i), std::string(50, 'v')));
    ASSERT_TRUE(db.CompactRange());
    ASSERT_TRUE(db.Delete("key7"));
    ASSERT_TRUE(db.Flush());
    for (int i = 0; i < kUnflushed; ++i) ASSERT_TRUE(db.Put("late" + std::to_string(i), "value"));
    support::CopyLive(directory_.File("live"), path_);
    log_ = support::LogIn(path_);
  }

  std::vector<std::string> Files(const std::string& suffix) const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(path_)) {
      if (entry.path().string().ends_with(suffix)) found.push_back(entry.path());
    }
    std::ranges::sort(found, {}, [](const std::string& path) { return std::filesystem::file_size(path); });
    return found;
  }
  // The largest table: that of the compaction.
  std::string LargeTable() const { return Files(".sst").back(); }
  // The newest segment that was in use.
  const std::string& Log() const { return log_; }

  static std::string Read(const std::string& path) { return io::ReadFile(files(), path).value_or(""); }
  static void Write(const std::string& path, std::string_view bytes) {
    ASSERT_TRUE(io::ReplaceFile(files(), path, bytes));
  }
  static void Flip(const std::string& path, uint64_t offset) {
    std::string bytes = Read(path);
    ASSERT_LT(offset, bytes.size());
    bytes[offset] = static_cast<char>(bytes[offset] ^ 1);
    Write(path, bytes);
  }
  static io::FileSystem& files() { return io::DefaultEnvironment()->files(); }

  support::TempDirectory directory_;
  std::string log_;
  const std::string path_ = directory_.File("db");
};

}  // namespace amethyst::inspect
