// A writer and followers in processes of their own, which are killed.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "amethyst/amethyst.h"
#include "support/database.h"
#include "support/temp_directory.h"

namespace amethyst {
namespace {

using support::Key;
using support::Text;

constexpr uint64_t kKeys = 50;

// A child process, killed at the end.
class Child {
 public:
  explicit Child(const std::function<void()>& run) : pid_(fork()) {
    if (pid_ != 0) return;
    run();
    _exit(0);
  }
  ~Child() { Kill(); }
  void Kill() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    EXPECT_EQ(waitpid(pid_, nullptr, 0), pid_);
    pid_ = 0;
  }

 private:
  pid_t pid_;
};

// Each batch gives all keys one value, greater than any before, and now and then the writer flushes and rewrites. So a
// state that the writer had has one value.
void WriteRounds(const std::string& path) {
  auto db = DB::Open(path, support::SmallOptions());
  if (!db) _exit(1);
  const auto last = (*db)->Get(Key(0));
  if (!last) _exit(1);
  for (uint64_t round = *last ? std::stoull(**last) + 1 : 1;; ++round) {
    WriteBatch batch;
    for (uint64_t i = 0; i < kKeys; ++i) batch.Put(Key(i), fmt::format("{:020}", round));
    if (!(*db)->Write(batch)) _exit(1);
    if (round % 50 == 0 && !(*db)->Flush()) _exit(1);
    if (round % 170 == 0 && !(*db)->CompactRange()) _exit(1);
  }
}

// The round that all keys have; nullopt, and a failed test, if they do not agree. 0: there is nothing yet.
std::optional<uint64_t> RoundIn(DB& db) {
  const auto content = support::ContentOf(db);
  if (content.empty()) return 0;
  EXPECT_EQ(content.size(), kKeys);
  for (const auto& [key, value] : content) {
    if (value == content.begin()->second) continue;
    ADD_FAILURE() << key << " has " << value << ", and the first key " << content.begin()->second;
    return std::nullopt;
  }
  return std::stoull(content.begin()->second);
}

class FollowerProcesses : public testing::Test {
 protected:
  static constexpr uint64_t kRoundsPerLife = 300;

  std::unique_ptr<DB> Follow() {
    for (;;) {  // Until the first writer has made the database.
      auto follower =
          DB::OpenFollower(directory_.path(), {.options = support::SmallOptions(), .refresh_interval_ms = 0});
      if (follower) return *std::move(follower);
      if (follower.error().code() != ErrorCode::kInvalidArgument) {
        ADD_FAILURE() << follower.error().ToString();
        return nullptr;
      }
    }
  }
  // Looks until the writer has come that far. Each look shows one of its states, and none before the last one's.
  void FollowTo(DB& follower, uint64_t round) {
    while (seen_ < round) {
      ASSERT_EQ(Text(follower.Refresh()), "");
      const std::optional<uint64_t> now = RoundIn(follower);
      ASSERT_TRUE(now.has_value());
      ASSERT_GE(*now, seen_);
      seen_ = *now;
    }
  }

  const support::TempDirectory directory_;
  uint64_t seen_ = 0;
};

TEST_F(FollowerProcesses, SeesOnlyWholeStatesThoughItsWritersAreKilled) {
  std::unique_ptr<DB> follower;
  for (int life = 0; life < 4; ++life) {
    Child writer([this] { WriteRounds(directory_.path()); });
    if (follower == nullptr) follower = Follow();
    ASSERT_NE(follower, nullptr);
    FollowTo(*follower, seen_ + kRoundsPerLife);
  }
}

TEST_F(FollowerProcesses, KnowsWhatItsWriterHasPublished) {
  auto writer = DB::Open(directory_.path(), support::SmallOptions()).value();
  const auto follower = DB::OpenFollower(directory_.path(), {.options = support::SmallOptions()}).value();
  Stats stats = follower->GetStats();
  while (!stats.follower->writer_sequence || *stats.follower->writer_sequence == 0) {  // It does so at times.
    ASSERT_TRUE(writer->Put("a", "1", {.durability = Durability::kSync}));
    stats = follower->GetStats();
  }
  EXPECT_LE(*stats.follower->writer_durable_sequence, *stats.follower->writer_sequence);
  EXPECT_LE(*stats.follower->writer_sequence, writer->GetStats().sequence);
  EXPECT_LE(stats.durable_sequence, stats.sequence);
  ASSERT_EQ(Text(writer->Close()), "");
  ASSERT_TRUE(follower->Refresh());
  EXPECT_EQ(follower->GetStats().follower->writer_sequence, std::nullopt) << "nobody writes now";
  EXPECT_EQ(follower->GetStats().sequence, writer->GetStats().entries_written);
}

TEST_F(FollowerProcesses, AFollowerThatIsKilledHoldsNothing) {
  const auto db = support::OpenOrFail(directory_.path());
  for (uint64_t i = 0; i < kKeys; ++i) ASSERT_TRUE(db->Put(Key(i), "1"));
  ASSERT_TRUE(db->Flush());
  int told[2];
  ASSERT_EQ(pipe(told), 0);
  Child follower([&] {
    const auto opened =
        DB::OpenFollower(directory_.path(), {.options = support::SmallOptions(), .refresh_interval_ms = 0});
    const char is_open = opened ? 'y' : 'n';
    static_cast<void>(write(told[1], &is_open, 1));
    pause();
  });
  char is_open = 'n';
  ASSERT_EQ(read(told[0], &is_open, 1), 1);
  ASSERT_EQ(is_open, 'y');
  const auto tables = [&] {
    size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
      count += entry.path().extension() == ".sst" ? 1 : 0;
    }
    return count;
  };
  ASSERT_TRUE(db->Put(Key(0), "2"));
  ASSERT_TRUE(db->CompactRange());
  EXPECT_GT(tables(), 1U);
  follower.Kill();
  ASSERT_TRUE(db->Put(Key(0), "3"));
  ASSERT_TRUE(db->CompactRange());
  ASSERT_TRUE(db->WaitForIdle());
  EXPECT_EQ(tables(), 1U);
  close(told[0]);
  close(told[1]);
}

}  // namespace
}  // namespace amethyst
