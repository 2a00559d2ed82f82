// A database in simulated memory whose keys are deleted by range, and all ways to read what is left. Thread safety: one
// thread.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/file_system.h"
#include "io/memory_file_system.h"
#include "simulation/serial_environment.h"
#include "support/database.h"

namespace amethyst {

using Content = std::map<std::string, std::string>;

class RangeDelete : public testing::Test {
 protected:
  void SetUp() override {
    environment_.emplace(std::make_shared<io::MemoryFileSystem>(), 1);
    Open();
  }
  void Open() {
    db_ = support::OpenOrFail("/db", options_, support::Over(*environment_));
    ASSERT_NE(db_, nullptr);
  }
  void Close() {
    ASSERT_EQ(support::Text(db_->Close()), "");
    db_.reset();
  }
  void Reopen() {
    ASSERT_NO_FATAL_FAILURE(Close());
    Open();
  }
  // The process dies: nothing is flushed any more, and what the log has is read from it.
  void Kill() {
    auto left = std::make_shared<io::MemoryFileSystem>();
    ASSERT_EQ(support::Text(left->CreateDirectories("/db")), "");
    const std::vector<std::string> names = environment_->files().List("/db").value();
    for (const std::string& name : names) {
      const std::string path = io::JoinPath("/db", name);
      const std::string bytes = io::ReadFile(environment_->files(), path).value();
      ASSERT_EQ(support::Text(io::ReplaceFile(*left, path, bytes)), "");
    }
    const std::chrono::milliseconds now = environment_->clock().WallTime();
    db_.reset();
    environment_.emplace(left, 1);
    environment_->clock().JumpWallTime(std::chrono::ceil<std::chrono::seconds>(now - environment_->clock().WallTime()));
    Open();
  }

  // Keys "a", "b" and so on, each with itself as its value, or with `value`.
  void Put(std::string_view keys, std::string_view value = {}) {
    for (const char& key : keys) {
      ASSERT_EQ(support::Text(db_->Put({&key, 1}, value.empty() ? std::string_view(&key, 1) : value)), "");
    }
  }
  [[nodiscard]] static Content Of(std::string_view keys) {
    Content content;
    for (const char key : keys) content.emplace(std::string(1, key), std::string(1, key));
    return content;
  }
  [[nodiscard]] std::vector<std::string> Tables() {
    std::vector<std::string> names = environment_->files().List("/db").value();
    std::erase_if(names, [](const std::string& name) { return !name.ends_with(".sst"); });
    return names;
  }
  // The sequence number of the newest write.
  [[nodiscard]] uint64_t Newest() { return db_->GetSnapshot().sequence(); }

  // That every way to read gives `expected`: both directions, seeks to each key and between, and lookups of each.
  void ExpectContent(const Content& expected, const ReadOptions& options = {}) {
    const Family family = db_->OpenFamily("default").value();
    ASSERT_NO_FATAL_FAILURE(ExpectContentOf(family, expected, options));
    if (options_.comparator == BytewiseComparator()) {
      ASSERT_NO_FATAL_FAILURE(ExpectSeeks(family, expected, options));
    }
    for (char key = 'a'; key <= 'z'; ++key) {
      const auto found = expected.find(std::string(1, key));
      std::string value;
      const auto in_memory = db_->TryGetInto({&key, 1}, &value, options);
      ASSERT_TRUE(in_memory) << in_memory.error().ToString();
      if (!*in_memory) continue;
      ASSERT_EQ(**in_memory, found != expected.end()) << "TryGetInto " << key;
      if (**in_memory) ASSERT_EQ(value, found->second);
    }
  }
  static void ExpectContentOf(const Family& family, const Content& expected, const ReadOptions& options = {}) {
    ASSERT_EQ(Walked(family, true, options), expected) << "forward";
    ASSERT_EQ(Walked(family, false, options), expected) << "backward";
    ASSERT_NO_FATAL_FAILURE(ExpectLookups(family, expected, options));
  }
  // The same in memory, in a table, in the last level, and after another open.
  void ExpectContentAtEachStage(const Content& expected) {
    for (const std::string_view stage : {"in memory", "from the log", "flushed", "compacted", "opened again"}) {
      SCOPED_TRACE(stage);
      if (stage == "from the log") ASSERT_NO_FATAL_FAILURE(Kill());
      if (stage == "opened again") ASSERT_NO_FATAL_FAILURE(Reopen());
      if (stage == "flushed") ASSERT_EQ(support::Text(db_->Flush()), "");
      if (stage == "compacted") ASSERT_EQ(support::Text(db_->CompactRange()), "");
      ASSERT_NO_FATAL_FAILURE(ExpectContent(expected));
    }
  }

  Options options_ = support::SmallOptions();
  std::optional<simulation::SerialEnvironment> environment_;
  std::unique_ptr<DB> db_;

 private:
  static Content Walked(const Family& family, bool forward, const ReadOptions& options) {
    Content walked;
    Iterator it = family.NewIterator(options);
    for (forward ? it.SeekToFirst() : it.SeekToLast(); it.Valid(); forward ? it.Next() : it.Prev()) {
      EXPECT_TRUE(walked.emplace(it.key(), it.value()).second) << "twice: " << it.key();
    }
    EXPECT_EQ(support::Text(it.status()), "");
    return walked;
  }
  static void ExpectLookups(const Family& family, const Content& expected, const ReadOptions& options) {
    std::vector<std::string> keys;
    for (char key = 'a'; key <= 'z'; ++key) keys.emplace_back(1, key);
    const std::vector<std::string_view> views(keys.begin(), keys.end());
    const auto group = family.MultiGet(views, options);
    for (size_t i = 0; i < keys.size(); ++i) {
      const auto found = expected.find(keys[i]);
      const auto value = found == expected.end() ? std::nullopt : std::optional(found->second);
      ASSERT_EQ(family.Get(keys[i], options).value(), value) << "Get " << keys[i];
      ASSERT_EQ(group[i].value(), value) << "MultiGet " << keys[i];
      const auto pinned = family.GetPinned(keys[i], options);
      ASSERT_TRUE(pinned) << pinned.error().ToString();
      ASSERT_EQ(pinned->has_value(), value.has_value()) << "GetPinned " << keys[i];
      if (value) ASSERT_EQ((*pinned)->view(), *value);
    }
  }
  static void ExpectSeeks(const Family& family, const Content& expected, const ReadOptions& options) {
    Iterator it = family.NewIterator(options);
    for (char key = 'a'; key <= 'z'; ++key) {
      for (const std::string& target : {std::string(1, key), std::string{key, 'x'}}) {
        it.Seek(target);
        const auto at = expected.lower_bound(target);
        ASSERT_EQ(it.Valid(), at != expected.end()) << "Seek " << target;
        if (it.Valid()) ASSERT_EQ(it.key(), at->first) << "Seek " << target;
        it.SeekForPrev(target);
        const auto behind = expected.upper_bound(target);
        ASSERT_EQ(it.Valid(), behind != expected.begin()) << "SeekForPrev " << target;
        if (it.Valid()) ASSERT_EQ(it.key(), std::prev(behind)->first) << "SeekForPrev " << target;
        ASSERT_EQ(support::Text(it.status()), "");
      }
    }
  }
};

}  // namespace amethyst
