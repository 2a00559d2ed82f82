// Covers: memory_file
#include "io/memory_file_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "base/random.h"
#include "io/memory_file.h"

namespace amethyst::io {
namespace {

using testing::ElementsAre;

TEST(MemoryFile, BehavesAsAString) {
  base::Random random(1);
  MemoryFile file;
  std::string expected;
  for (int i = 0; i < 3000; ++i) {
    const uint64_t offset = random.Below(expected.size() + 1000);
    switch (random.Below(3)) {
      case 0: {
        const std::string bytes(random.OneIn(20) ? random.Below(200'000) : random.Below(500),
                                static_cast<char>('a' + random.Below(26)));
        file.WriteAt(offset, bytes);
        if (!bytes.empty()) {
          expected.resize(std::max(expected.size(), offset + bytes.size()));
          expected.replace(offset, bytes.size(), bytes);
        } else {
          expected.resize(std::max<size_t>(expected.size(), offset));
        }
        break;
      }
      case 1:
        if (random.OneIn(10)) {
          file.Resize(offset);
          expected.resize(offset);
        }
        break;
      default: {
        std::string read(random.Below(300'000), '?');
        read.resize(file.ReadAt(offset, read));
        ASSERT_EQ(read, offset > expected.size() ? "" : expected.substr(offset, read.size()));
        ASSERT_TRUE(read.size() < 300'000);
      }
    }
    ASSERT_EQ(file.Size(), expected.size());
  }
}

TEST(MemoryFileSystem, PathsAreTakenInNormalForm) {
  MemoryFileSystem files;
  ASSERT_TRUE(files.CreateDirectories("a//b/").has_value());
  EXPECT_TRUE(files.Exists("/a/b").value());
  EXPECT_TRUE(files.Exists("./a/../a/b/.").value());
  EXPECT_TRUE(files.Exists("/..").value()) << "the root is its own parent";
  EXPECT_THAT(files.List("/").value(), ElementsAre("a"));
  EXPECT_FALSE(files.RemoveDirectory("/").has_value());
}

TEST(MemoryFileSystem, ListsOnlyWhatIsDirectlyInside) {
  MemoryFileSystem files;
  ASSERT_TRUE(files.CreateDirectories("/a/deep/er").has_value());
  ASSERT_TRUE(files.CreateDirectories("/a.b").has_value());
  ASSERT_TRUE(files.CreateDirectories("/ab").has_value());
  EXPECT_THAT(files.List("/a").value(), ElementsAre("deep"));
  EXPECT_THAT(files.List("/").value(), ElementsAre("a", "a.b", "ab"));
  EXPECT_FALSE(files.RemoveDirectory("/a").has_value());
  EXPECT_TRUE(files.RemoveDirectory("/a/deep/er").has_value());
}

TEST(MemoryFileSystem, RenamePutsNoFileInTheWrongPlace) {
  MemoryFileSystem files;
  ASSERT_TRUE(files.CreateDirectories("/a").has_value());
  ASSERT_TRUE(files.Create("/file").has_value());
  EXPECT_FALSE(files.Rename("/file", "/a").has_value());
  EXPECT_FALSE(files.Rename("/file", "/missing/file").has_value());
  EXPECT_TRUE(files.Rename("/file", "/a/file").has_value());
  EXPECT_TRUE(files.Exists("/a/file").value());
}

TEST(MemoryFileSystem, ServesManyThreadsAtOnce) {
  MemoryFileSystem files;
  std::vector<std::thread> threads;
  for (int id = 0; id < 4; ++id) {
    threads.emplace_back([&files, id] {
      const std::string name = "/" + std::to_string(id);
      for (int i = 0; i < 300; ++i) {
        auto file = files.Create(name + ".tmp").value();
        ASSERT_TRUE(file->Append(std::string(1000, static_cast<char>(i))).has_value());
        ASSERT_TRUE(files.Rename(name + ".tmp", name).has_value());
        ASSERT_EQ(ReadFile(files, name).value()[999], static_cast<char>(i));
        ASSERT_TRUE(files.List("/").has_value());
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_THAT(files.List("/").value(), ElementsAre("0", "1", "2", "3"));
}

TEST(MemoryFileSystem, TellsOfAnExclusiveLockAlone) {
  MemoryFileSystem files;
  EXPECT_FALSE(files.IsLocked("/LOCK").value());
  {
    const auto shared = files.Lock("/LOCK", LockMode::kShared).value();
    EXPECT_FALSE(files.IsLocked("/LOCK").value());
  }
  const auto exclusive = files.Lock("/LOCK", LockMode::kExclusive).value();
  EXPECT_TRUE(files.IsLocked("/LOCK").value());
}

}  // namespace
}  // namespace amethyst::io
