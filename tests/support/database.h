// Short ways to open a database in a test and to look at all of it. Thread safety: pure functions.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "amethyst/amethyst.h"
#include "io/environment.h"

namespace amethyst::support {

// Small enough that a few thousand entries reach several levels.
[[nodiscard]] inline Options SmallOptions() {
  Options options;
  options.memory_budget_bytes = size_t{8} << 20;
  options.write_buffer_bytes = size_t{64} << 10;
  return options;
}

// An environment that the caller keeps alive.
[[nodiscard]] inline Components Over(io::Environment& environment) {
  return {.environment = std::shared_ptr<io::Environment>(std::shared_ptr<void>(), &environment),
          .memory_budget = nullptr,
          .logger = nullptr};
}

// nullptr, and a failed test, if it does not open.
[[nodiscard]] inline std::unique_ptr<DB> OpenOrFail(const std::string& path, const Options& options = SmallOptions(),
                                                    Components components = {}) {
  auto opened = DB::Open(path, options, std::move(components));
  if (!opened) {
    ADD_FAILURE() << "open of " << path << ": " << opened.error().ToString();
    return nullptr;
  }
  return std::move(*opened);
}

// All entries, by a walk to the end, which must succeed.
[[nodiscard]] inline std::map<std::string, std::string> ContentOf(DB& db, const ReadOptions& options = {}) {
  std::map<std::string, std::string> content;
  Iterator iterator = db.NewIterator(options);
  for (iterator.SeekToFirst(); iterator.Valid(); iterator.Next()) content.emplace(iterator.key(), iterator.value());
  EXPECT_TRUE(iterator.status()) << iterator.status().error().ToString();
  return content;
}

[[nodiscard]] inline std::string Key(uint64_t n) { return fmt::format("key{:08}", n); }

// OK, or the error as text: for EXPECT_EQ(Text(status), "").
[[nodiscard]] inline std::string Text(const Status& status) { return status ? "" : status.error().ToString(); }
template <typename T>
[[nodiscard]] std::optional<ErrorCode> CodeOf(const Result<T>& result) {
  if (result) return std::nullopt;
  return result.error().code();
}

}  // namespace amethyst::support
