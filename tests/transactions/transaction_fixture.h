// A database on disk that a test's transactions read and write. Thread safety: one thread.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "amethyst/db.h"
#include "support/database.h"
#include "support/temp_directory.h"

namespace amethyst {

class TransactionTest : public testing::Test {
 protected:
  TransactionTest() {
    options_.families["default"].merge_operator = Int64Add();
    Reopen();
  }

  void Reopen() {
    db_.reset();
    db_ = support::OpenOrFail(directory_.path(), options_);
  }
  static std::string Number(int64_t number) {
    std::string bytes;
    for (size_t i = 0; i < sizeof number; ++i) bytes.push_back(static_cast<char>(number >> (8 * i) & 0xff));
    return bytes;
  }
  // "key value key value ...", of a database, a transaction or an indexed batch.
  template <typename Readable>
  static std::string Contents(Readable& of, const ReadOptions& options = {}) {
    return Walked(of.NewIterator(options), &Iterator::SeekToFirst, &Iterator::Next);
  }
  template <typename Readable>
  static std::string Backwards(Readable& of, const ReadOptions& options = {}) {
    return Walked(of.NewIterator(options), &Iterator::SeekToLast, &Iterator::Prev);
  }
  static std::string Walked(Iterator iterator, void (Iterator::*seek)(), void (Iterator::*step)()) {
    std::string shown;
    for ((iterator.*seek)(); iterator.Valid(); (iterator.*step)()) {
      shown.append(shown.empty() ? "" : " ").append(iterator.key()).append(" ").append(iterator.value());
    }
    EXPECT_EQ(support::Text(iterator.status()), "");
    return shown;
  }
  template <typename Readable>
  static std::string ValueOf(Readable& of, std::string_view key) {
    const auto value = of.Get(key);
    return value ? value->value_or("nothing") : value.error().ToString();
  }
  static void ExpectConflict(const Status& status) {
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code(), ErrorCode::kConflict) << status.error().ToString();
  }
  // What others commit goes on to tables, or stays in memory.
  void Settle(bool to_tables) {
    if (!to_tables) return;
    ASSERT_EQ(support::Text(db_->Flush()), "");
    ASSERT_EQ(support::Text(db_->CompactRange()), "");
  }

  const support::TempDirectory directory_;
  Options options_ = support::SmallOptions();
  std::unique_ptr<DB> db_;
};

}  // namespace amethyst
