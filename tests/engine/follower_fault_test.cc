// A follower whose file operations fail, and one whose writer takes back what it has read: at no moment do reads see
// anything but a state that the writer had. Covers: follower
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "amethyst/amethyst.h"
#include "engine/fault_world.h"
#include "io/memory_file_system.h"
#include "simulation/serial_environment.h"
#include "support/database.h"
#include "support/fault_file_system.h"

namespace amethyst::engine {
namespace {

using support::ContentOf;
using support::Fault;
using support::FaultEnvironment;
using support::FaultFileSystem;
using support::Key;
using support::Text;
using Content = std::map<std::string, std::string>;

class FollowerFaultTest : public testing::Test {
 protected:
  FollowerFaultTest() {
    writers_files_.HaveMarks();
    followers_files_.HaveMarks();
    followers_files_.Watch([this](Operation) { LookOn(); });
    OpenWriter();
  }
  void OpenWriter() { db_ = support::OpenOrFail("/db", support::SmallOptions(), support::Over(writer_environment_)); }
  void Follow() {
    auto opened = DB::OpenFollower("/db", {.options = support::SmallOptions(), .refresh_interval_ms = 0},
                                   support::Over(follower_environment_));
    ASSERT_TRUE(opened) << opened.error().ToString();
    follower_ = *std::move(opened);
  }
  // Calls Refresh and returns its status. A read at each of its file operations must show one of these contents.
  Status RefreshWithin(std::vector<Content> allowed) {
    allowed_ = std::move(allowed);
    Status refreshed = follower_->Refresh();
    LookOn();
    allowed_.clear();
    return refreshed;
  }
  void LookOn() {
    if (allowed_.empty() || looks_on_) return;
    looks_on_ = true;
    Content seen;
    Iterator iterator = follower_->NewIterator();
    for (iterator.SeekToFirst(); iterator.Valid(); iterator.Next()) seen.emplace(iterator.key(), iterator.value());
    looks_on_ = false;
    if (!iterator.status() && iterator.status().error().message().contains("injected")) return;  // Its own call.
    EXPECT_EQ(Text(iterator.status()), "");
    EXPECT_TRUE(std::ranges::find(allowed_, seen) != allowed_.end()) << testing::PrintToString(seen);
  }

  const std::shared_ptr<io::MemoryFileSystem> files_ = std::make_shared<io::MemoryFileSystem>();
  simulation::SerialEnvironment writer_base_{files_, 1};
  simulation::SerialEnvironment follower_base_{files_, 2};
  FaultFileSystem writers_files_{*files_};
  FaultFileSystem followers_files_{*files_};
  FaultEnvironment writer_environment_{writer_base_, writers_files_};
  FaultEnvironment follower_environment_{follower_base_, followers_files_};
  std::unique_ptr<DB> db_;
  std::unique_ptr<DB> follower_;
  std::vector<Content> allowed_;
  bool looks_on_ = false;
};

// The store of a record fails when it is whole: the writer gives its numbers again, in the next segment.
TEST_F(FollowerFaultTest, WhatAWriterTookBackIsNeverBesideWhatCameInItsPlace) {
  for (const bool flushes : {true, false}) {
    for (const bool closes : {true, false}) {
      SCOPED_TRACE(fmt::format("flushes {} closes {}", flushes, closes));
      ASSERT_TRUE(db_->Put("a", "1"));
      Follow();
      writers_files_.Fail({.operation = Operation::kStore,
                           .call = writers_files_.calls(Operation::kStore) + 1,
                           .for_good = true,
                           .code = ErrorCode::kNoSpace,
                           .late = true});
      WriteBatch bad;
      for (const char* key : {"x", "y", "z"}) bad.Put(key, "taken back");
      ASSERT_FALSE(db_->Write(bad));
      writers_files_.ClearFaults();
      ASSERT_EQ(Text(follower_->Refresh()), "");
      const Content before = ContentOf(*follower_);
      if (closes) {
        ASSERT_EQ(Text(db_->Close()), "");
        ASSERT_EQ(Text(RefreshWithin({before, {{"a", "1"}}})), "");
        EXPECT_EQ(ContentOf(*follower_), (Content{{"a", "1"}})) << "though no other record has come yet";
        db_ = nullptr;
        OpenWriter();
      }
      ASSERT_TRUE(db_->Put("b", "1"));
      if (flushes) ASSERT_EQ(Text(db_->Flush()), "");
      const Content after = ContentOf(*db_);
      ASSERT_EQ(Text(RefreshWithin({closes ? Content{{"a", "1"}} : before, after})), "");
      EXPECT_EQ(ContentOf(*follower_), after);
      EXPECT_EQ(follower_->GetStats().sequence, db_->GetStats().sequence) << "none is seen before it is given again";
      ASSERT_TRUE(db_->Put("b", "2"));
      ASSERT_EQ(Text(RefreshWithin({after, ContentOf(*db_)})), "");
      ASSERT_TRUE(db_->DeleteRange(std::nullopt, std::nullopt));
      follower_ = nullptr;
    }
  }
}

// Each operation of a look fails once, in each place.
TEST_F(FollowerFaultTest, AFailureAnywhereInALookLeavesAStateThatTheWriterHad) {
  constexpr Operation kOperations[] = {Operation::kOpen,     Operation::kRead, Operation::kExists,
                                       Operation::kFileSize, Operation::kList, Operation::kOpenMarks,
                                       Operation::kHoldMark};
  int round = 0;
  for (const Operation operation : kOperations) {
    uint64_t failed = 0;
    for (uint64_t call = 1;; ++call, ++round) {
      SCOPED_TRACE(fmt::format("operation {} call {}", static_cast<int>(operation), call));
      Follow();
      std::vector<Content> states{ContentOf(*db_)};
      const auto put = [&](const std::string& key) {
        ASSERT_TRUE(db_->Put(key, fmt::format("{} {}", round, states.size())));
        states.push_back(ContentOf(*db_));
      };
      for (int i = 0; i < 3; ++i) put(Key(i));
      if (round % 3 != 0) ASSERT_EQ(Text(db_->Flush()), "");
      if (round % 5 == 0) ASSERT_EQ(Text(db_->CompactRange()), "");
      put(Key(round % 7));
      if (round % 4 == 1) {
        ASSERT_EQ(Text(db_->Close()), "");
        OpenWriter();
      }
      const uint64_t failures = followers_files_.failed_calls();
      followers_files_.Fail({.operation = operation, .call = followers_files_.calls(operation) + call});
      static_cast<void>(RefreshWithin(states));
      const bool has_failed = followers_files_.failed_calls() > failures;
      followers_files_.ClearFaults();
      ASSERT_EQ(Text(RefreshWithin(states)), "");
      ASSERT_EQ(ContentOf(*follower_), states.back()) << "all that the writer had acknowledged";
      if (!has_failed) break;
      ++failed;
    }
    EXPECT_TRUE(failed > 0 || operation == Operation::kOpenMarks || operation == Operation::kFileSize ||
                operation == Operation::kExists)
        << static_cast<int>(operation);
  }
}

}  // namespace
}  // namespace amethyst::engine
