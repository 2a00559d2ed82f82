#include "torture/disk_full.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "base/random.h"
#include "support/database.h"
#include "support/temp_directory.h"
#include "torture/mount.h"

namespace amethyst::torture {
namespace {

TEST(DiskFull, IsLivedThroughInCyclesWithoutLosingAnything) {
  const support::TempDirectory directory;
  const DiskFullReport report = DiskFull({.seed = 1, .cycles = 8, .path = directory.path()});
  if (!report.skipped.empty()) GTEST_SKIP() << "no tmpfs could be mounted, which takes root: " << report.skipped;
  EXPECT_EQ(report.violation, "");
  EXPECT_EQ(report.cycles, 8u);
  EXPECT_GE(report.refused, report.cycles * 10);
}

constexpr uint64_t kMiB = uint64_t{1} << 20;

std::string RandomValue(base::Random& random, size_t bytes) {
  std::string value(bytes, '\0');
  for (size_t at = 0; at < bytes; at += sizeof(uint64_t)) {
    const uint64_t word = random();
    std::memcpy(value.data() + at, &word, std::min(sizeof word, bytes - at));
  }
  return value;
}

// A disk of 16 MiB.
class SmallDisk : public testing::Test {
 protected:
  void SetUp() override {
    if (!disk_) GTEST_SKIP() << "no tmpfs could be mounted, which takes root: " << disk_.error().message();
  }

  [[nodiscard]] std::string Path() const { return directory_.File("db"); }
  [[nodiscard]] uint64_t FreeBytes() const {
    struct statvfs status{};
    EXPECT_EQ(statvfs(directory_.path().c_str(), &status), 0);
    return status.f_bavail * status.f_frsize;
  }
  // Puts entries of 1000 random bytes until there is no space, or there are `most`; returns how many there are.
  int Fill(DB& db, int most = 1 << 20) {
    base::Random random(1);
    for (int i = 0; i < most; ++i) {
      const Status put = db.Put(support::Key(static_cast<uint64_t>(i)), RandomValue(random, 1000));
      if (put) continue;
      EXPECT_EQ(put.error().code(), ErrorCode::kNoSpace) << put.error().ToString();
      return i;
    }
    return most;
  }
  void DeleteAll(DB& db, int entries) {
    for (int i = 0; i < entries; ++i) {
      const Status deleted = db.Delete(support::Key(static_cast<uint64_t>(i)));
      ASSERT_TRUE(deleted) << "delete " << i << " of " << entries << ": " << deleted.error().ToString();
    }
  }
  // Takes all that is left of the disk.
  void TakeTheRest() {
    const int file = open(directory_.File("ballast").c_str(), O_CREAT | O_WRONLY, 0600);
    for (std::string bytes(64 << 10, 'b'); bytes.size() >= 512;) {
      if (write(file, bytes.data(), bytes.size()) <= 0) bytes.resize(bytes.size() / 2);
    }
    close(file);
  }

  const support::TempDirectory directory_;
  const Result<Mount> disk_ = Mount::Tmpfs(directory_.path(), 16 * kMiB);
};

TEST_F(SmallDisk, ANewDatabaseTakesLessThanOneMiBOpenClosedAndKilled) {
  const uint64_t before = FreeBytes();
  const pid_t child = fork();
  if (child == 0) {
    const auto db = DB::Open(Path());
    _exit(db && (*db)->Put("a", "b") ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  EXPECT_LE(before - FreeBytes(), kMiB) << "killed";
  const auto db = support::OpenOrFail(Path(), Options());
  EXPECT_EQ(db->Get("a").value(), "b");
  EXPECT_LE(before - FreeBytes(), kMiB) << "open";
  ASSERT_TRUE(db->Close());
  EXPECT_LE(before - FreeBytes(), kMiB / 8) << "closed";
}

TEST_F(SmallDisk, DeletesAndACompactionFreeAFullOne) {
  for (const bool reopened : {false, true}) {
    auto db = support::OpenOrFail(Path(), Options());
    for (int round = 0; round < 3; ++round) {
      const int entries = Fill(*db);
      EXPECT_GT(entries, 5000) << "of 16,000 that the disk has room for";
      TakeTheRest();
      if (reopened) {
        ASSERT_TRUE(db->Close());
        db = support::OpenOrFail(Path(), Options());
      }
      DeleteAll(*db, entries);
      const Status compacted = db->CompactRange();
      ASSERT_TRUE(compacted) << compacted.error().ToString();
      EXPECT_GE(Fill(*db, 2000), 2000);
      DeleteAll(*db, 2000);
      unlink(directory_.File("ballast").c_str());
      ASSERT_TRUE(db->CompactRange());
    }
    ASSERT_TRUE(db->Close());
    ASSERT_TRUE(DB::Destroy(Path()));
  }
}

TEST(FileSizeLimit, IsAFullDiskAndNoSignal) {
  const support::TempDirectory directory;
  const pid_t child = fork();
  if (child == 0) {
    const rlimit limit{4 * kMiB, 4 * kMiB};
    setrlimit(RLIMIT_FSIZE, &limit);
    auto db = DB::Open(directory.path());
    if (!db || !(*db)->Put("a", "b")) _exit(1);
    base::Random random(1);
    for (uint64_t i = 0; i < 20'000; ++i) {
      const Status put = (*db)->Put(support::Key(i), RandomValue(random, 1000));
      if (!put && put.error().code() != ErrorCode::kNoSpace) _exit(2);
    }
    const Status flushed = (*db)->Flush();
    if (flushed || flushed.error().code() != ErrorCode::kNoSpace) _exit(3);
    if ((*db)->Get("a").value_or("") != "b") _exit(4);
    _exit((*db)->Close() ? 0 : 5);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_FALSE(WIFSIGNALED(status)) << WTERMSIG(status);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace amethyst::torture
