// A database on disk whose families a test makes, fills and looks at. Thread safety: one thread.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "support/database.h"
#include "support/temp_directory.h"

namespace amethyst {

class FamilyTest : public testing::Test {
 protected:
  FamilyTest() { Reopen(); }

  void Reopen() {
    db_.reset();
    db_ = support::OpenOrFail(directory_.path(), options_);
  }
  Family Make(std::string_view name, const FamilyOptions& options = {}) {
    Result<Family> made = db_->CreateFamily(name, options);
    EXPECT_TRUE(made) << made.error().ToString();
    return *made;
  }
  Family Find(std::string_view name) { return db_->OpenFamily(name).value(); }
  static std::string ValueOf(const Family& family, std::string_view key, const ReadOptions& options = {}) {
    const auto value = family.Get(key, options);
    if (!value) return value.error().ToString();
    return value->value_or("nothing");
  }
  static std::vector<std::string> KeysOf(const Family& family, const ReadOptions& options = {}) {
    std::vector<std::string> keys;
    Iterator iterator = family.NewIterator(options);
    for (iterator.SeekToFirst(); iterator.Valid(); iterator.Next()) keys.emplace_back(iterator.key());
    EXPECT_EQ(support::Text(iterator.status()), "");
    return keys;
  }
  static void Fill(const Family& family, int entries, std::string_view value) {
    for (int i = 0; i < entries; ++i) ASSERT_EQ(support::Text(family.Put(support::Key(i), value)), "");
  }
  static void ExpectDropped(const Status& status) {
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code(), ErrorCode::kInvalidArgument);
    EXPECT_EQ(status.error().message(), "family dropped");
  }
  template <typename T>
  static void ExpectDropped(const Result<T>& result) {
    ExpectDropped(result ? Status() : Status(std::unexpect, result.error()));
  }
  size_t Files(std::string_view ending) {
    const auto all = std::filesystem::directory_iterator(directory_.path());
    return static_cast<size_t>(
        std::ranges::count_if(all, [ending](const auto& file) { return file.path().extension().string() == ending; }));
  }

  const support::TempDirectory directory_;
  Options options_ = support::SmallOptions();
  std::unique_ptr<DB> db_;
};

}  // namespace amethyst
