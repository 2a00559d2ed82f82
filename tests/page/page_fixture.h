// A database that is written while the page looks at it. Thread safety: one thread.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "amethyst/amethyst.h"
#include "io/system_environment.h"
#include "page/watcher.h"
#include "support/temp_directory.h"

namespace amethyst::page {

class PageTest : public testing::Test {
 protected:
  void SetUp() override { Reopen(); }
  void Reopen() {
    db_.reset();
    auto opened = DB::Open(path_);
    ASSERT_TRUE(opened) << opened.error().message();
    db_ = *std::move(opened);
  }
  // Keys from `begin` to the one before `end` go into a table of level 0.
  void Fill(int begin, int end) {
    for (int i = begin; i < end; ++i) ASSERT_TRUE(db_->Put("key" + std::to_string(1000 + i), std::string(100, 'v')));
    ASSERT_TRUE(db_->Flush());
  }
  [[nodiscard]] Watcher Watch(const HistoryLimits& limits = {}) {
    return Watcher(*environment_, {.directory = path_, .history = limits});
  }

  support::TempDirectory directory_;
  const std::string path_ = directory_.File("db");
  const std::shared_ptr<io::Environment> environment_ = io::DefaultEnvironment();
  std::unique_ptr<DB> db_;
};

}  // namespace amethyst::page
