// The contract of FileSystem, held by every implementation.
#include "io/file_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/core.h>
#include <algorithm>

#include "base/random.h"
#include "io/memory_file_system.h"
#include "io/posix_file_system.h"
#include "support/temp_directory.h"

namespace amethyst::io {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr LogSegmentOptions kSmallSegment{.capacity_bytes = 1 << 20};

enum class Kind { kPosix, kMemory };

class FileSystemContract : public testing::TestWithParam<Kind> {
 protected:
  FileSystemContract() {
    if (GetParam() == Kind::kPosix) {
      files_ = std::make_unique<PosixFileSystem>();
      root_ = temporary_.path();
    } else {
      files_ = std::make_unique<MemoryFileSystem>();
      root_ = "/data";
      EXPECT_TRUE(files_->CreateDirectories(root_).has_value());
    }
  }

  std::string Path(std::string_view name) const { return JoinPath(root_, name); }

  void Write(const std::string& path, std::string_view bytes) {
    auto file = files_->Create(path);
    ASSERT_TRUE(file.has_value()) << file.error().ToString();
    ASSERT_TRUE((*file)->Append(bytes).has_value());
    ASSERT_TRUE((*file)->Close().has_value());
  }

  std::string Read(const std::string& path) {
    auto content = ReadFile(*files_, path);
    EXPECT_TRUE(content.has_value()) << content.error().ToString();
    return content.value_or("unreadable");
  }

  // Failed with kIo, naming `path`.
  template <typename T>
  void ExpectIoError(const T& result, const std::string& path) {
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code(), ErrorCode::kIo);
    EXPECT_THAT(result.error().message(), HasSubstr(path));
  }

  support::TempDirectory temporary_;
  std::unique_ptr<FileSystem> files_;
  std::string root_;
};

TEST_P(FileSystemContract, ReadsWhatWasWritten) {
  Write(Path("file"), "some bytes");
  EXPECT_EQ(Read(Path("file")), "some bytes");
  EXPECT_EQ(files_->FileSize(Path("file")).value(), 10u);
  const auto file = files_->Open(Path("file")).value();
  EXPECT_EQ(file->path(), Path("file"));
  EXPECT_EQ(file->Size().value(), 10u);
  file->Prefetch(0, 10);
  char bytes[5];
  ASSERT_TRUE(ReadExactly(*file, 5, bytes).has_value());
  EXPECT_EQ(std::string_view(bytes, 5), "bytes");
}

TEST_P(FileSystemContract, ReadsShortOnlyAtTheEnd) {
  Write(Path("file"), "0123456789");
  const auto file = files_->Open(Path("file")).value();
  char bytes[8];
  EXPECT_EQ(file->ReadAt(4, bytes).value(), 6u);
  EXPECT_EQ(file->ReadAt(10, bytes).value(), 0u);
  EXPECT_EQ(file->ReadAt(1000, bytes).value(), 0u);
  const Status status = ReadExactly(*file, 4, bytes);
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code(), ErrorCode::kCorruption);
  EXPECT_THAT(status.error().message(), HasSubstr(Path("file") + " at 4: expected 8 bytes, found 6"));
}

TEST_P(FileSystemContract, AppendsOfAllSizesMakeUpTheFile) {
  base::Random random(1);
  std::string expected;
  auto file = files_->Create(Path("file")).value();
  for (int i = 0; i < 200; ++i) {
    const size_t size = random.OneIn(10) ? random.Below(300'000) : random.Below(3'000);
    std::string bytes(size, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    ASSERT_TRUE(file->Append(bytes).has_value());
    expected += bytes;
    ASSERT_EQ(file->size(), expected.size());
    if (random.OneIn(50)) {
      ASSERT_TRUE(file->Sync().has_value());
      EXPECT_EQ(Read(Path("file")), expected) << "after a sync everything is visible";
    }
  }
  ASSERT_TRUE(file->Close().has_value());
  EXPECT_EQ(Read(Path("file")), expected);
}

TEST_P(FileSystemContract, CreateRefusesWhatExists) {
  Write(Path("file"), "old");
  ExpectIoError(files_->Create(Path("file")), Path("file"));
  ExpectIoError(files_->CreateLogSegment(Path("file"), kSmallSegment), Path("file"));
  EXPECT_EQ(Read(Path("file")), "old");
}

TEST_P(FileSystemContract, MissingFilesAndDirectoriesAreErrorsThatNameThem) {
  const std::string missing = Path("missing");
  ExpectIoError(files_->Open(missing), missing);
  ExpectIoError(files_->FileSize(missing), missing);
  ExpectIoError(files_->SyncFile(missing), missing);
  ExpectIoError(files_->Remove(missing), missing);
  ExpectIoError(files_->Rename(missing, Path("other")), missing);
  ExpectIoError(files_->List(missing), missing);
  ExpectIoError(files_->SyncDirectory(missing), missing);
  ExpectIoError(files_->RemoveDirectory(missing), missing);
  ExpectIoError(files_->Create(missing + "/file"), missing);
  ExpectIoError(files_->Lock(missing + "/lock", LockMode::kExclusive), missing);
  EXPECT_FALSE(files_->Exists(missing).value());
  EXPECT_FALSE(files_->Exists(missing + "/file").value());
}

TEST_P(FileSystemContract, AFileIsNoDirectory) {
  Write(Path("file"), "");
  ExpectIoError(files_->Create(Path("file") + "/inside"), Path("file"));
  ExpectIoError(files_->List(Path("file")), Path("file"));
  ExpectIoError(files_->CreateDirectories(Path("file")), Path("file"));
  ExpectIoError(files_->CreateDirectories(Path("file/below")), Path("file"));
  ExpectIoError(files_->RemoveDirectory(Path("file")), Path("file"));
  EXPECT_FALSE(files_->Exists(Path("file/inside")).value());
}

TEST_P(FileSystemContract, DirectoriesAreNotRemovedAsFilesNorWhileTheyHoldSome) {
  ASSERT_TRUE(files_->CreateDirectories(Path("directory")).has_value());
  ExpectIoError(files_->Remove(Path("directory")), Path("directory"));
  Write(Path("directory/file"), "");
  ExpectIoError(files_->RemoveDirectory(Path("directory")), Path("directory"));
  ASSERT_TRUE(files_->Remove(Path("directory/file")).has_value());
  ASSERT_TRUE(files_->RemoveDirectory(Path("directory")).has_value());
  EXPECT_FALSE(files_->Exists(Path("directory")).value());
}

TEST_P(FileSystemContract, CreatesMissingParents) {
  ASSERT_TRUE(files_->CreateDirectories(Path("a/b//c/")).has_value());
  ASSERT_TRUE(files_->CreateDirectories(Path("a/b/c")).has_value()) << "it is there already";
  Write(Path("a/b/c/file"), "deep");
  EXPECT_EQ(Read(Path("a/b/../b/./c/file")), "deep");
  EXPECT_TRUE(files_->SyncDirectory(Path("a/b")).has_value());
}

TEST_P(FileSystemContract, ListsSortedNamesOfOneDirectory) {
  EXPECT_THAT(files_->List(root_).value(), IsEmpty());
  Write(Path("b"), "");
  Write(Path("b.tmp"), "");
  ASSERT_TRUE(files_->CreateDirectories(Path("a/inside")).has_value());
  Write(Path("ab"), "");
  EXPECT_THAT(files_->List(root_).value(), ElementsAre("a", "ab", "b", "b.tmp"));
  EXPECT_THAT(files_->List(Path("a/")).value(), ElementsAre("inside"));
}

TEST_P(FileSystemContract, RenameReplacesAtomically) {
  Write(Path("from"), "new");
  Write(Path("to"), "old");
  const auto reader = files_->Open(Path("to")).value();
  ASSERT_TRUE(files_->Rename(Path("from"), Path("to")).has_value());
  EXPECT_EQ(Read(Path("to")), "new");
  EXPECT_FALSE(files_->Exists(Path("from")).value());
  EXPECT_EQ(ReadToEnd(*reader).value(), "old") << "who has the old file open keeps it";
  ASSERT_TRUE(files_->Rename(Path("to"), Path("to")).has_value());
  EXPECT_EQ(Read(Path("to")), "new");
}

TEST_P(FileSystemContract, RenameMovesADirectoryToNothingOrAnEmptyOne) {
  ASSERT_TRUE(files_->CreateDirectories(Path("from/deep")).has_value());
  Write(Path("from/file"), "content");
  Write(Path("from.other"), "stays");
  ASSERT_TRUE(files_->Rename(Path("from"), Path("to")).has_value());
  EXPECT_THAT(files_->List(root_).value(), ElementsAre("from.other", "to"));
  EXPECT_THAT(files_->List(Path("to")).value(), ElementsAre("deep", "file"));
  EXPECT_EQ(Read(Path("to/file")), "content");

  ASSERT_TRUE(files_->CreateDirectories(Path("empty")).has_value());
  ASSERT_TRUE(files_->Rename(Path("to"), Path("empty")).has_value());
  EXPECT_EQ(Read(Path("empty/file")), "content");
  ASSERT_TRUE(files_->CreateDirectories(Path("full/inside")).has_value());
  ExpectIoError(files_->Rename(Path("empty"), Path("full")), Path("full"));
  ExpectIoError(files_->Rename(Path("empty"), Path("from.other")), Path("from.other"));
  ExpectIoError(files_->Rename(Path("empty"), Path("empty/deep/er")), Path("empty/deep/er"));
  EXPECT_EQ(Read(Path("empty/file")), "content");
}

TEST_P(FileSystemContract, ALinkIsASecondNameOfTheFile) {
  Write(Path("file"), "content");
  ASSERT_TRUE(files_->CreateDirectories(Path("other")).has_value());
  ASSERT_TRUE(files_->Link(Path("file"), Path("other/name")).has_value());
  ASSERT_TRUE(files_->Remove(Path("file")).has_value());
  EXPECT_EQ(Read(Path("other/name")), "content") << "it outlives the first";

  Write(Path("taken"), "stays");
  ExpectIoError(files_->Link(Path("other/name"), Path("taken")), Path("taken"));
  ExpectIoError(files_->Link(Path("missing"), Path("new")), Path("missing"));
  EXPECT_EQ(Read(Path("taken")), "stays");
  const auto opened = files_->OpenDirectory(Path("other")).value();
  ASSERT_TRUE(opened->Link(Path("other/name"), Path("back")).has_value()) << "out of an opened directory";
  EXPECT_EQ(Read(Path("back")), "content");
}

TEST_P(FileSystemContract, ARemovedFileLivesOnForItsReaders) {
  Write(Path("file"), "content");
  const auto reader = files_->Open(Path("file")).value();
  ASSERT_TRUE(files_->Remove(Path("file")).has_value());
  EXPECT_FALSE(files_->Exists(Path("file")).value());
  Write(Path("file"), "another");
  EXPECT_EQ(ReadToEnd(*reader).value(), "content");
}

TEST_P(FileSystemContract, ReplaceFileIsWholeAndLeavesNothingBehind) {
  ASSERT_TRUE(ReplaceFile(*files_, Path("CURRENT"), "one").has_value());
  ASSERT_TRUE(ReplaceFile(*files_, Path("CURRENT"), "two").has_value());
  EXPECT_EQ(Read(Path("CURRENT")), "two");
  EXPECT_THAT(files_->List(root_).value(), ElementsAre("CURRENT"));
  Write(Path("CURRENT.tmp"), "left by a crash");
  ASSERT_TRUE(ReplaceFile(*files_, Path("CURRENT"), "three").has_value());
  EXPECT_EQ(Read(Path("CURRENT")), "three");
  EXPECT_THAT(files_->List(root_).value(), ElementsAre("CURRENT"));
}

TEST_P(FileSystemContract, SyncFileLeavesTheContentAsItIs) {
  std::string content(size_t{300} << 10, '\0');
  for (size_t i = 1; i < content.size(); i *= 3) content[i] = 'x';
  const auto file = files_->Create(Path("file")).value();
  ASSERT_TRUE(file->Append(content).has_value());
  ASSERT_TRUE(file->Close().has_value());
  EXPECT_TRUE(files_->SyncFile(Path("file")).has_value());
  EXPECT_EQ(ReadFile(*files_, Path("file")).value(), content);
}

TEST_P(FileSystemContract, SyncFileWorksOnWhatSomebodyElseWrote) {
  Write(Path("file"), "content");
  EXPECT_TRUE(files_->SyncFile(Path("file")).has_value());
}

TEST_P(FileSystemContract, AnExclusiveLockKeepsEverybodyElseOut) {
  auto lock = files_->Lock(Path("LOCK"), LockMode::kExclusive);
  ASSERT_TRUE(lock.has_value()) << lock.error().ToString();
  EXPECT_TRUE((*lock)->OwnedByThisProcess());
  EXPECT_TRUE(files_->Exists(Path("LOCK")).value());
  for (const LockMode mode : {LockMode::kExclusive, LockMode::kShared}) {
    const auto second = files_->Lock(Path("LOCK"), mode);
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().code(), ErrorCode::kBusy);
    EXPECT_THAT(second.error().message(), HasSubstr(Path("LOCK")));
  }
  lock->reset();
  EXPECT_TRUE(files_->Lock(Path("LOCK"), LockMode::kExclusive).has_value());
}

TEST_P(FileSystemContract, SharedLocksGoTogetherAndKeepWritersOut) {
  {
    const auto creator = files_->Lock(Path("LOCK"), LockMode::kExclusive).value();
  }
  auto one = files_->Lock(Path("LOCK"), LockMode::kShared).value();
  auto two = files_->Lock(Path("LOCK"), LockMode::kShared).value();
  EXPECT_TRUE(one->OwnedByThisProcess());
  EXPECT_EQ(files_->Lock(Path("LOCK"), LockMode::kExclusive).error().code(), ErrorCode::kBusy);
  one.reset();
  EXPECT_EQ(files_->Lock(Path("LOCK"), LockMode::kExclusive).error().code(), ErrorCode::kBusy);
  two.reset();
  EXPECT_TRUE(files_->Lock(Path("LOCK"), LockMode::kExclusive).has_value());
}

TEST_P(FileSystemContract, ASharedLockToleratesAMissingFileAndDoesNotCreateIt) {
  const auto lock = files_->Lock(Path("LOCK"), LockMode::kShared);
  ASSERT_TRUE(lock.has_value());
  EXPECT_TRUE((*lock)->OwnedByThisProcess());
  EXPECT_FALSE(files_->Exists(Path("LOCK")).value());
}

TEST_P(FileSystemContract, ALockIsTheDirectorysWhateverBecomesOfItsFile) {
  for (const LockMode mode : {LockMode::kExclusive, LockMode::kShared}) {
    const auto lock = files_->Lock(Path("LOCK"), mode);
    ASSERT_TRUE(lock.has_value()) << lock.error().ToString();
    EXPECT_TRUE(files_->Remove(Path("LOCK")).has_value());
    const auto second = files_->Lock(Path("LOCK"), LockMode::kExclusive);
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().code(), ErrorCode::kBusy);
    EXPECT_TRUE((*lock)->CheckHeld().has_value());
    if (mode == LockMode::kExclusive) Write(Path("LOCK"), "");
  }
}

TEST_P(FileSystemContract, AnOpenedDirectoryHasTheSameFilesByTheSamePaths) {
  for (const std::string& root : {root_, root_ + "/", root_ + "//"}) {
    const auto opened = files_->OpenDirectory(root);
    ASSERT_TRUE(opened.has_value()) << opened.error().ToString();
    FileSystem& inside = **opened;
    EXPECT_TRUE(ReplaceFile(inside, JoinPath(root, "one"), "content").has_value());
    EXPECT_EQ(Read(Path("one")), "content");
    EXPECT_THAT(inside.List(root).value(), ElementsAre("one"));
    EXPECT_TRUE(inside.Exists(root).value());
    EXPECT_FALSE(inside.Exists(JoinPath(root, "two")).value());
    EXPECT_EQ(inside.FileSize(JoinPath(root, "one")).value(), 7u);
    EXPECT_TRUE(inside.SyncFile(JoinPath(root, "one")).has_value());
    EXPECT_TRUE(inside.SyncDirectory(root).has_value());
    EXPECT_TRUE(inside.CreateLogSegment(JoinPath(root, "log"), kSmallSegment).has_value());
    EXPECT_TRUE(inside.Rename(JoinPath(root, "log"), JoinPath(root, "two")).has_value());
    EXPECT_TRUE(inside.Remove(JoinPath(root, "one")).has_value());
    EXPECT_THAT(files_->List(root_).value(), ElementsAre("two"));
    EXPECT_TRUE(files_->Remove(Path("two")).has_value());
    ExpectIoError(inside.Open(JoinPath(root, "gone")), JoinPath(root, "gone"));
  }
}

TEST_P(FileSystemContract, ALogSegmentHasItsCapacityAtOnceAndReadsAsZeros) {
  for (const bool zero_filled : {false, true}) {
    const std::string path = Path(zero_filled ? "zeros" : "sparse");
    auto segment = files_->CreateLogSegment(path, {.capacity_bytes = 3'000'001, .zero_filled = zero_filled});
    ASSERT_TRUE(segment.has_value()) << segment.error().ToString();
    EXPECT_EQ((*segment)->capacity(), 3'000'001u);
    EXPECT_EQ((*segment)->path(), path);
    EXPECT_EQ(Read(path), std::string(3'000'001, '\0'));
    ASSERT_TRUE((*segment)->Close(0).has_value());
    EXPECT_EQ(files_->FileSize(path).value(), 0u);
  }
}

TEST_P(FileSystemContract, ALogSegmentHoldsWhatWasStoredAsAStringWould) {
  base::Random random(7);
  for (int round = 0; round < 4; ++round) {
    const uint64_t capacity = (uint64_t{20} << 20) + random.Below(10'000);
    const std::string path = Path(fmt::format("segment{}", round));
    auto segment = files_->CreateLogSegment(path, {.capacity_bytes = capacity, .zero_filled = round % 2 == 1}).value();
    std::string expected(capacity, '\0');
    uint64_t end = 0;
    while (end < capacity) {
      // Mostly records, some large, few larger than the window; now and then the header is written again.
      const uint64_t wish = random.OneIn(2000) ? random.Below(4 << 20)
                            : random.OneIn(50) ? random.Below(100'000)
                                               : random.Below(300);
      const std::string bytes(std::min(wish, capacity - end), static_cast<char>('a' + random.Below(26)));
      const bool header = random.OneIn(500) && bytes.size() < end;
      const uint64_t offset = header ? random.Below(2) : end;
      if (const auto mapped = segment->Mapped(offset, bytes.size()); !mapped.empty() && random.OneIn(2)) {
        std::ranges::copy(bytes, mapped.begin());
      } else {
        ASSERT_TRUE(segment->Store(offset, bytes).has_value());
      }
      expected.replace(offset, bytes.size(), bytes);
      if (!header) end += bytes.size();
      if (random.OneIn(5000)) {
        ASSERT_TRUE(segment->Sync().has_value());
        ASSERT_TRUE(Read(path) == expected) << "a store is visible to readers at once";
      }
      if (random.OneIn(200'000)) break;
    }
    ASSERT_TRUE(segment->Sync().has_value());
    ASSERT_TRUE(segment->Close(end).has_value());
    expected.resize(end);
    ASSERT_TRUE(Read(path) == expected);
  }
}

TEST_P(FileSystemContract, ADroppedLogSegmentKeepsItsContent) {
  auto segment = files_->CreateLogSegment(Path("segment"), kSmallSegment).value();
  ASSERT_TRUE(segment->Store(10, "record").has_value());
  segment.reset();
  const std::string content = Read(Path("segment"));
  EXPECT_EQ(content.size(), kSmallSegment.capacity_bytes);
  EXPECT_EQ(content.substr(10, 6), "record");
}

INSTANTIATE_TEST_SUITE_P(Implementations, FileSystemContract, testing::Values(Kind::kPosix, Kind::kMemory),
                         [](const auto& instance) { return instance.param == Kind::kPosix ? "Posix" : "Memory"; });

TEST(Paths, JoinAndSplit) {
  EXPECT_EQ(JoinPath("a", "b"), "a/b");
  EXPECT_EQ(JoinPath("a/", "b"), "a/b");
  EXPECT_EQ(JoinPath("/", "b"), "/b");
  EXPECT_EQ(ParentDirectory("/a/b"), "/a");
  EXPECT_EQ(ParentDirectory("/a"), "/");
  EXPECT_EQ(ParentDirectory("a"), ".");
  EXPECT_EQ(ParentDirectory("a/b"), "a");
}

}  // namespace
}  // namespace amethyst::io
