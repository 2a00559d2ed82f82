// Losses of power while a database is destroyed. Covers: destroy
#include <gtest/gtest.h>

#include <algorithm>

#include "amethyst/amethyst.h"
#include "repair/destroy.h"
#include "simulation/serial_environment.h"
#include "support/database.h"
#include "torture/crash_state.h"
#include "torture/trace_file_system.h"

namespace amethyst::torture {
namespace {

const std::string kDirectory = "/data/db";

Result<std::unique_ptr<DB>> OpenOn(std::shared_ptr<io::FileSystem> files, bool create) {
  Components components;
  components.environment = std::make_shared<simulation::SerialEnvironment>(std::move(files), 1);
  Options options = support::SmallOptions();
  options.create_if_missing = create;
  return DB::Open(kDirectory, options, std::move(components));
}

class DestroyCrash : public testing::Test {
 protected:
  void SetUp() override {
    const auto memory = std::make_shared<io::MemoryFileSystem>();
    ASSERT_TRUE(memory->CreateDirectories(kDirectory));
    files_ = std::make_shared<TraceFileSystem>(memory);
    const auto db = OpenOn(files_, true);
    ASSERT_TRUE(db);
    ASSERT_TRUE((*db)->Put("flushed", "1"));
    ASSERT_TRUE((*db)->Flush());
    ASSERT_TRUE((*db)->Put("logged", "2"));
    ASSERT_TRUE((*db)->Close());
  }

  // What losses of power leave after the first `operations` of the trace.
  std::vector<CrashImage> ImagesAfter(size_t operations) {
    CrashState state;
    for (size_t i = 0; i < operations; ++i) state.Apply(files_->trace().operations()[i]);
    std::vector<CrashImage> images;
    for (uint64_t drawn = 0; drawn < 8 * kPowerLossModels; ++drawn) {
      images.push_back(state.DrawImage(static_cast<PowerLossModel>(drawn % kPowerLossModels), random_));
    }
    return images;
  }

  std::shared_ptr<TraceFileSystem> files_;
  base::Random random_{1};
};

TEST_F(DestroyCrash, AtAnyOperationLeavesTheWholeDatabaseOrNone) {
  const size_t before = files_->trace().size();
  ASSERT_TRUE(repair::DestroyIn(*files_, kDirectory));
  size_t whole = 0, none = 0;
  for (size_t point = before; point <= files_->trace().size(); ++point) {
    for (const CrashImage& image : ImagesAfter(point)) {
      const auto db = OpenOn(image.Make(kDirectory), false);
      if (image.files.contains(io::JoinPath(kDirectory, "CURRENT"))) {
        ASSERT_TRUE(db) << "at " << point << ": " << db.error().ToString();
        EXPECT_EQ(support::ContentOf(**db).size(), 2u);
        ++whole;
      } else {
        EXPECT_EQ(db ? ErrorCode() : db.error().code(), ErrorCode::kInvalidArgument);
        ++none;
      }
    }
  }
  EXPECT_GT(whole, 40u);
  EXPECT_GT(none, 40u);
}

TEST_F(DestroyCrash, AfterItNothingComesBack) {
  ASSERT_TRUE(io::ReplaceFile(*files_, io::JoinPath(kDirectory, "notes.txt"), "not ours"));
  ASSERT_TRUE(repair::DestroyIn(*files_, kDirectory));
  for (const CrashImage& image : ImagesAfter(files_->trace().size())) {
    ASSERT_EQ(image.files.size(), 1u);
    EXPECT_EQ(image.files.begin()->first, io::JoinPath(kDirectory, "notes.txt"));
  }
}

TEST_F(DestroyCrash, TheDirectoryGoesForGood) {
  ASSERT_TRUE(repair::DestroyIn(*files_, kDirectory));
  EXPECT_FALSE(files_->Exists(kDirectory).value());
  const TraceOperation& last = files_->trace().operations().back();
  EXPECT_EQ(last.kind, TraceOperation::Kind::kSyncDirectory);
  EXPECT_EQ(last.path, io::ParentDirectory(kDirectory));
}

}  // namespace
}  // namespace amethyst::torture
