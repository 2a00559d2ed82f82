// A database on disk, and tables that a test writes for it to take in. Thread safety: one thread.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/database.h"
#include "support/temp_directory.h"

namespace amethyst {

class Ingest : public testing::Test {
 protected:
  using Content = std::map<std::string, std::string>;
  using Paths = std::vector<std::filesystem::path>;
  using Value = std::optional<std::string>;

  Ingest() {
    options_.families["default"] = {.merge_operator = Append(",")};
    db_ = support::OpenOrFail(Directory(), options_);
  }

  [[nodiscard]] std::string Directory() const { return directory_.path() + "/db"; }
  void Reopen() {
    if (db_ != nullptr) ASSERT_EQ(support::Text(db_->Close()), "");
    db_ = support::OpenOrFail(Directory(), options_);
  }
  // A table that `fill` fills.
  std::filesystem::path Write(const std::function<void(TableWriter&)>& fill, const FamilyOptions& family = {}) {
    const std::filesystem::path path = directory_.path() + "/table" + std::to_string(tables_++);
    FamilyOptions with_operator = family;
    if (with_operator.merge_operator == nullptr) with_operator.merge_operator = Append(",");
    Result<TableWriter> table = TableWriter::Create(path, {.family = with_operator});
    EXPECT_TRUE(table) << table.error().ToString();
    fill(*table);
    const auto finished = table->Finish();
    EXPECT_TRUE(finished) << finished.error().ToString();
    return path;
  }
  std::filesystem::path WritePuts(const Content& content) {
    return Write([&](TableWriter& table) {
      for (const auto& [key, value] : content) ASSERT_EQ(support::Text(table.Put(key, value)), "");
    });
  }
  Value Get(std::string_view key, const ReadOptions& options = {}) {
    const auto value = db_->Get(key, options);
    EXPECT_TRUE(value) << value.error().ToString();
    const std::vector<std::string_view> keys{key};
    const auto values = db_->MultiGet(keys, options);
    EXPECT_TRUE(values[0]) << values[0].error().ToString();
    EXPECT_EQ(*values[0], *value);  // Both ways to ask.
    return *value;
  }
  [[nodiscard]] std::vector<uint64_t> TablesByLevel() {
    std::vector<uint64_t> tables;
    for (const LevelStats& level : db_->GetStats().levels) tables.push_back(level.tables);
    return tables;
  }
  // As it is now, after a flush, after a reopen, and once all is compacted.
  void ExpectContentForGood(const Content& content) {
    EXPECT_EQ(support::ContentOf(*db_), content);
    ASSERT_EQ(support::Text(db_->Flush()), "");
    EXPECT_EQ(support::ContentOf(*db_), content);
    Reopen();
    EXPECT_EQ(support::ContentOf(*db_), content);
    ASSERT_EQ(support::Text(db_->CompactRange()), "");
    EXPECT_EQ(support::ContentOf(*db_), content);
    for (const auto& [key, value] : content) EXPECT_EQ(Get(key), value) << key;
  }

  support::TempDirectory directory_;
  Options options_ = support::SmallOptions();
  std::unique_ptr<DB> db_;
  int tables_ = 0;
};

}  // namespace amethyst
