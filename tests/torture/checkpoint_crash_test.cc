// Losses of power while a checkpoint is made. Covers: checkpoint
#include <gtest/gtest.h>

#include "amethyst/amethyst.h"
#include "simulation/serial_environment.h"
#include "support/database.h"
#include "torture/crash_state.h"
#include "torture/trace_file_system.h"

namespace amethyst::torture {
namespace {

const std::string kOriginal = "/data/original";
const std::string kCopy = "/data/copy";

Result<std::unique_ptr<DB>> OpenWhatIsThere(std::shared_ptr<io::FileSystem> files, const std::string& directory) {
  Components components;
  components.environment = std::make_shared<simulation::SerialEnvironment>(std::move(files), 1);
  Options options = support::SmallOptions();
  options.create_if_missing = false;
  return DB::Open(directory, options, std::move(components));
}

class CheckpointCrash : public testing::TestWithParam<bool> {
 protected:
  // Without links, if the parameter says so.
  class NoLinks final : public io::FileSystem {
   public:
    explicit NoLinks(std::shared_ptr<io::FileSystem> files) : files_(std::move(files)) {}
    Result<std::unique_ptr<io::WritableFile>> Create(const std::string& path) override { return files_->Create(path); }
    Result<std::unique_ptr<io::LogSegment>> CreateLogSegment(const std::string& path,
                                                             const io::LogSegmentOptions& options) override {
      return files_->CreateLogSegment(path, options);
    }
    Result<std::unique_ptr<io::RandomAccessFile>> Open(const std::string& path) override { return files_->Open(path); }
    Status SyncFile(const std::string& path) override { return files_->SyncFile(path); }
    Result<bool> Exists(const std::string& path) override { return files_->Exists(path); }
    Result<uint64_t> FileSize(const std::string& path) override { return files_->FileSize(path); }
    Result<std::vector<std::string>> List(const std::string& directory) override { return files_->List(directory); }
    Status CreateDirectories(const std::string& directory) override { return files_->CreateDirectories(directory); }
    Status RemoveDirectory(const std::string& directory) override { return files_->RemoveDirectory(directory); }
    Status SyncDirectory(const std::string& directory) override { return files_->SyncDirectory(directory); }
    Status Rename(const std::string& from, const std::string& to) override { return files_->Rename(from, to); }
    Status Remove(const std::string& path) override { return files_->Remove(path); }
    Result<std::unique_ptr<io::FileLock>> Lock(const std::string& path, io::LockMode mode) override {
      return files_->Lock(path, mode);
    }

   private:
    const std::shared_ptr<io::FileSystem> files_;
  };

  void SetUp() override {
    const auto memory = std::make_shared<io::MemoryFileSystem>();
    ASSERT_TRUE(memory->CreateDirectories(kOriginal));
    files_ = std::make_shared<TraceFileSystem>(memory);
    std::shared_ptr<io::FileSystem> files = files_;
    if (GetParam()) files = std::make_shared<NoLinks>(files_);
    Components components;
    components.environment = std::make_shared<simulation::SerialEnvironment>(files, 1);
    db_ = DB::Open(kOriginal, support::SmallOptions(), std::move(components)).value();
    family_ = db_->CreateFamily("other").value();
    for (int i = 0; i < 4; ++i) {
      ASSERT_TRUE(db_->Put(support::Key(i), "flushed"));
      ASSERT_TRUE(family_->Put(support::Key(i), "flushed"));
      if (i % 2 == 0) ASSERT_TRUE(db_->Flush());
    }
    ASSERT_TRUE(db_->DeleteRange(support::Key(1), support::Key(2)));
    ASSERT_TRUE(db_->Put("in memory", "1", {.durability = Durability::kSync}));
    content_ = support::ContentOf(*db_);
  }

  void ExpectWhole(const Result<std::unique_ptr<DB>>& db, const std::string& which) {
    ASSERT_TRUE(db) << which << ": " << db.error().ToString();
    EXPECT_EQ(support::ContentOf(**db), content_) << which;
    const auto value = (*db)->OpenFamily("other").value().Get(support::Key(3));
    EXPECT_EQ(value.value(), "flushed") << which;
  }

  std::shared_ptr<TraceFileSystem> files_;
  std::unique_ptr<DB> db_;
  std::optional<Family> family_;
  std::map<std::string, std::string> content_;
  base::Random random_{1};
};

TEST_P(CheckpointCrash, AtAnyOperationLeavesAWholeCopyOrNoneAndTheOriginalAsItWas) {
  const size_t before = files_->trace().size();
  ASSERT_EQ(support::Text(db_->Checkpoint(kCopy)), "");
  const size_t after = files_->trace().size();
  size_t whole = 0, none = 0;
  for (size_t point = before; point <= after; ++point) {
    CrashState state;
    for (size_t i = 0; i < point; ++i) state.Apply(files_->trace().operations()[i]);
    for (uint64_t drawn = 0; drawn < 3 * kPowerLossModels; ++drawn) {
      const CrashImage image = state.DrawImage(static_cast<PowerLossModel>(drawn % kPowerLossModels), random_);
      const auto files = image.Make(kOriginal);
      const std::string where = fmt::format("at {} of {}, image {}", point, after, drawn);
      if (files->Exists(kCopy).value()) {
        ExpectWhole(OpenWhatIsThere(files, kCopy), "copy " + where);
        ++whole;
      } else {
        ++none;
        // Under the other name it is refused, or whole.
        const auto left = OpenWhatIsThere(files, kCopy + ".unfinished");
        if (left) ExpectWhole(left, "leftover " + where);
      }
      const auto original = OpenWhatIsThere(files, kOriginal);
      ExpectWhole(original, "original " + where);
      if (HasFailure()) return;
      if (files->Exists(kCopy).value()) continue;
      ASSERT_EQ(support::Text((*original)->Checkpoint(kCopy)), "") << where;
      EXPECT_FALSE(files->Exists(kCopy + ".unfinished").value()) << where;
      ExpectWhole(OpenWhatIsThere(files, kCopy), "second try " + where);
    }
    EXPECT_TRUE(point < after || none == 0 || whole > 0);
  }
  EXPECT_GT(whole, 10u);
  EXPECT_GT(none, 100u);
}

TEST_P(CheckpointCrash, OnceItIsThereItStays) {
  ASSERT_EQ(support::Text(db_->Checkpoint(kCopy)), "");
  CrashState state;
  for (const TraceOperation& operation : files_->trace().operations()) state.Apply(operation);
  const CrashImage image = state.DrawImage(PowerLossModel::kSyncedOnly, random_);
  ExpectWhole(OpenWhatIsThere(image.Make(kOriginal), kCopy), "copy");
}

INSTANTIATE_TEST_SUITE_P(Copying, CheckpointCrash, testing::Bool());

}  // namespace
}  // namespace amethyst::torture
