#include "tree/open_files.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <thread>
#include <vector>

#include "amethyst/components.h"
#include "base/random.h"
#include "support/fault_file_system.h"

namespace amethyst::tree {
namespace {

using support::Operation;

class OpenFilesTest : public testing::Test {
 protected:
  OpenFilesTest() {
    for (int i = 0; i < 20; ++i) {
      auto file = memory_->files().Create("/" + std::to_string(i));
      EXPECT_TRUE((*file)->Append(std::to_string(i)));
      EXPECT_TRUE((*file)->Close());
    }
  }
  std::shared_ptr<OpenFiles> WithLimit(uint32_t limit) { return std::make_shared<OpenFiles>(environment_, limit); }
  static std::string Read(const io::RandomAccessFile& file) {
    std::array<char, 16> buffer;
    const Result<size_t> bytes = file.ReadAt(0, buffer);
    return bytes ? std::string(buffer.data(), *bytes) : bytes.error().ToString();
  }

  std::shared_ptr<io::Environment> memory_ = NewInMemoryEnvironment();
  support::FaultFileSystem files_{memory_->files()};
  std::shared_ptr<io::Environment> environment_ = std::make_shared<support::FaultEnvironment>(*memory_, files_);
};

TEST_F(OpenFilesTest, KeepToTheLimitAndEvictTheLeastRecentlyUsed) {
  const auto open_files = WithLimit(3);
  std::vector<std::shared_ptr<io::RandomAccessFile>> handles;
  for (int i = 0; i < 20; ++i) handles.push_back(open_files->Handle("/" + std::to_string(i)));
  EXPECT_EQ(open_files->count(), 0u);  // On demand.
  base::Random random(1);
  std::vector<size_t> model;  // Most recently used first.
  uint64_t opens = 0;
  for (int step = 0; step < 2000; ++step) {
    const size_t i = random.OneIn(2) ? random.Below(4) : random.Below(20);
    const auto place = std::find(model.begin(), model.end(), i);
    opens += place == model.end() ? 1 : 0;
    if (place != model.end()) model.erase(place);
    model.insert(model.begin(), i);
    if (model.size() > 3) model.pop_back();
    ASSERT_EQ(Read(*handles[i]), std::to_string(i));
    ASSERT_EQ(open_files->count(), model.size());
    ASSERT_EQ(files_.calls(Operation::kOpen), opens);
  }
  handles.clear();
  EXPECT_EQ(open_files->count(), 0u);
}

TEST_F(OpenFilesTest, MakeRoomAndTryAgainWhereDescriptorsRunOut) {
  const auto open_files = WithLimit(1000);
  const auto take = [&]() -> Status {
    return open_files->WithDescriptor([&]() -> Status {
      if (open_files->count() >= 5) return base::SystemError(EMFILE, "open");
      return {};
    });
  };
  std::vector<std::shared_ptr<io::RandomAccessFile>> handles;
  for (int i = 0; i < 5; ++i) {
    handles.push_back(open_files->Handle("/" + std::to_string(i)));
    EXPECT_TRUE(take());
    EXPECT_EQ(Read(*handles.back()), std::to_string(i));
  }
  EXPECT_EQ(open_files->count(), 5u);
  EXPECT_TRUE(take());
  EXPECT_EQ(open_files->count(), 0u);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Read(*handles[static_cast<size_t>(i)]), std::to_string(i));
}

TEST_F(OpenFilesTest, PassOnErrorsAndRecoverFromThem) {
  const auto open_files = WithLimit(2);
  const auto handle = open_files->Handle("/1");
  files_.Fail({.operation = Operation::kOpen, .call = 1});
  EXPECT_NE(Read(*handle).find("Io: "), std::string::npos);
  EXPECT_EQ(open_files->count(), 0u);
  EXPECT_EQ(Read(*handle), "1");
  EXPECT_EQ(handle->Size().value(), 1u);
  EXPECT_NE(Read(*open_files->Handle("/missing")).find("/missing"), std::string::npos);
}

TEST_F(OpenFilesTest, AnotherLimitClosesThoseBeyondIt) {
  const auto open_files = WithLimit(5);
  std::vector<std::shared_ptr<io::RandomAccessFile>> handles;
  for (int i = 0; i < 5; ++i) handles.push_back(open_files->Handle("/" + std::to_string(i)));
  for (const auto& handle : handles) static_cast<void>(Read(*handle));
  EXPECT_EQ(open_files->count(), 5u);
  open_files->SetLimit(2);
  EXPECT_EQ(open_files->count(), 2u);
  EXPECT_EQ(Read(*handles[0]), "0");
  EXPECT_EQ(open_files->count(), 2u);
  open_files->SetLimit(4);
  for (const auto& handle : handles) static_cast<void>(Read(*handle));
  EXPECT_EQ(open_files->count(), 4u);
}

TEST_F(OpenFilesTest, FailAfterClose) {
  const auto open_files = WithLimit(2);
  const auto handle = open_files->Handle("/1");
  EXPECT_EQ(Read(*handle), "1");
  open_files->Close();
  EXPECT_EQ(open_files->count(), 0u);
  EXPECT_NE(Read(*handle).find("Closed: "), std::string::npos);
  EXPECT_EQ(handle->Size().error().code(), ErrorCode::kClosed);
}

TEST_F(OpenFilesTest, ServeManyThreads) {
  const auto open_files = WithLimit(3);
  std::vector<std::shared_ptr<io::RandomAccessFile>> handles;
  for (int i = 0; i < 20; ++i) handles.push_back(open_files->Handle("/" + std::to_string(i)));
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      base::Random random(t);
      for (int step = 0; step < 2000; ++step) {
        const size_t i = random.Below(20);
        EXPECT_EQ(Read(*handles[i]), std::to_string(i));
        EXPECT_LE(open_files->count(), 3u + 4u);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace amethyst::tree
