// A database in a simulation, whose log is synced only when a test says so, and what a test asks of its feeds.
// Thread safety: one thread.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "io/memory_file_system.h"
#include "simulation/serial_environment.h"
#include "support/database.h"

namespace amethyst::feed {

using support::CodeOf;
using support::Text;

inline constexpr std::chrono::milliseconds kAtOnce{0};

// "1-2 put default/k=v, delete f/k" or "3-3 unlogged" or "family 1 created f".
[[nodiscard]] inline std::string Show(const FeedEvent& event) {
  const auto bound = [](const std::optional<std::string_view>& key) { return key ? std::string(*key) : "*"; };
  std::string text = fmt::format("{}-{}", event.first_sequence, event.last_sequence);
  switch (event.kind) {
    case FeedEventKind::kUnlogged: return text + " unlogged";
    case FeedEventKind::kFamilyCreated: return fmt::format("family {} created {}", event.family_id, event.family);
    case FeedEventKind::kFamilyDropped: return fmt::format("family {} dropped {}", event.family_id, event.family);
    case FeedEventKind::kFamilyRenamed: return fmt::format("family {} renamed {}", event.family_id, event.family);
    default: break;
  }
  for (const FeedEntry& entry : event.entries) {
    text += &entry == event.entries.data() ? " " : ", ";
    const std::string family(entry.family.empty() ? "?" : entry.family);
    switch (entry.kind) {
      case FeedEntryKind::kPut: text += fmt::format("put {}/{}={}", family, entry.key, entry.value); break;
      case FeedEntryKind::kDelete: text += fmt::format("delete {}/{}", family, entry.key); break;
      case FeedEntryKind::kMerge: text += fmt::format("merge {}/{}+{}", family, entry.key, entry.value); break;
      case FeedEntryKind::kDeleteRange:
        text += fmt::format("range {}/{}..{}", family, bound(entry.begin), bound(entry.end));
        break;
    }
    if (entry.expires_at) text += fmt::format("@{}", entry.expires_at->time_since_epoch() / std::chrono::seconds(1));
  }
  return text;
}

// All events that there are now.
[[nodiscard]] inline std::vector<std::string> Drain(Feed& feed) {
  std::vector<std::string> events;
  for (;;) {
    const auto event = feed.Next(kAtOnce);
    if (!event || !event->has_value()) {
      EXPECT_TRUE(event) << event.error().ToString();
      return events;
    }
    events.push_back(Show(**event));
  }
}

class FeedTest : public testing::Test {
 protected:
  using Texts = std::vector<std::string>;

  FeedTest() {
    EXPECT_TRUE(memory_->CreateDirectories("/db"));
    options_.sync_interval_ms = 0;
    Open();
  }

  void Open() {
    db_ = support::OpenOrFail("/db", options_, support::Over(*environment_));
    ASSERT_NE(db_, nullptr);
  }
  void Reopen() {
    ASSERT_EQ(Text(db_->Close()), "");
    db_ = nullptr;
    Open();
  }
  // As a killed process: nothing is closed, all that was stored is there.
  void Kill() {
    auto copy = Copy();
    db_ = nullptr;
    memory_ = copy;
    environment_ = std::make_unique<simulation::SerialEnvironment>(memory_, 1);
    Open();
  }
  [[nodiscard]] std::shared_ptr<io::MemoryFileSystem> Copy() {
    auto copy = std::make_shared<io::MemoryFileSystem>();
    EXPECT_TRUE(copy->CreateDirectories("/db"));
    const std::vector<std::string> names = memory_->List("/db").value();
    for (const std::string& name : names) {
      const std::string path = io::JoinPath("/db", name);
      const auto bytes = io::ReadFile(*memory_, path);
      auto file = copy->Create(path);
      EXPECT_TRUE(bytes && file && (*file)->Append(*bytes) && (*file)->Close());
    }
    return copy;
  }
  [[nodiscard]] size_t CountSegments() {
    const auto names = memory_->List("/db").value();
    return static_cast<size_t>(std::ranges::count_if(names, [](const auto& name) { return name.ends_with(".wal"); }));
  }
  [[nodiscard]] Feed OpenFeed(std::string_view cursor = "c", const FeedOptions& options = {}) {
    auto feed = db_->OpenFeed(cursor, options);
    EXPECT_TRUE(feed) << feed.error().ToString();
    return *std::move(feed);
  }
  void Put(const std::string& key, const std::string& value = "v", Durability durability = Durability::kBuffered) {
    ASSERT_EQ(Text(db_->Put(key, value, {.durability = durability})), "");
  }
  // So many KiB, in writes of one.
  void Fill(int kib) {
    for (int i = 0; i < kib; ++i) Put(support::Key(static_cast<uint64_t>(i)), std::string(1024, 'x'));
  }

  std::shared_ptr<io::MemoryFileSystem> memory_ = std::make_shared<io::MemoryFileSystem>();
  std::unique_ptr<simulation::SerialEnvironment> environment_ =
      std::make_unique<simulation::SerialEnvironment>(memory_, 1);
  Options options_ = support::SmallOptions();
  std::unique_ptr<DB> db_;
};

}  // namespace amethyst::feed
