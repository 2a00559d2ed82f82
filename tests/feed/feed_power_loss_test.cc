// A consumer that replays the feed into a map of its own, while the database loses its power, or its process is killed,
// at any point: in the end both hold the same, whatever was delivered twice.
#include <gmock/gmock.h>

#include "feed/feed_fixture.h"
#include "torture/crash_state.h"
#include "torture/trace_file_system.h"

namespace amethyst::feed {
namespace {

using Content = std::map<std::string, std::string>;

// A key of a family other than the default one is "<family>/<key>" in a map.
std::string KeyIn(std::string_view family, std::string_view key) {
  return family == "default" ? std::string(key) : fmt::format("{}/{}", family, key);
}

// What a consumer does with an event, once or again.
void Apply(const FeedEvent& event, Content* to) {
  for (const FeedEntry& entry : event.entries) {
    if (entry.kind == FeedEntryKind::kPut) (*to)[KeyIn(entry.family, entry.key)] = entry.value;
    if (entry.kind == FeedEntryKind::kDelete) to->erase(KeyIn(entry.family, entry.key));
    if (entry.kind == FeedEntryKind::kDeleteRange) {
      to->erase(to->lower_bound(KeyIn(entry.family, *entry.begin)), to->lower_bound(KeyIn(entry.family, *entry.end)));
    }
  }
}

Content ContentOfAll(DB& db) {
  Content content = support::ContentOf(db);
  Family family = db.OpenFamily("~f").value();
  Iterator iterator = family.NewIterator();
  for (iterator.SeekToFirst(); iterator.Valid(); iterator.Next()) {
    content[KeyIn("~f", iterator.key())] = iterator.value();
  }
  EXPECT_EQ(Text(iterator.status()), "");
  return content;
}

// A run of one seed, and what the consumer had at each point of it.
class Story {
 public:
  explicit Story(uint64_t seed) : random_(seed) {
    options_.write_buffer_bytes = size_t{64} << 10;
    options_.memory_budget_bytes = size_t{4} << 20;
    options_.sync_interval_ms = 100;
    auto memory = std::make_shared<io::MemoryFileSystem>();
    EXPECT_TRUE(memory->CreateDirectories("/db"));
    files_ = std::make_shared<torture::TraceFileSystem>(memory);
    environment_ = std::make_shared<simulation::SerialEnvironment>(files_, seed);
    Open();
    EXPECT_TRUE(db_->CreateFamily("~f"));
    EXPECT_EQ(Text(db_->CreateCursor("c")), "");
    begins_at_ = files_->trace().size();
    feed_.emplace(db_->OpenFeed("c").value());
    for (int step = 0; step < 120; ++step) Step();
    feed_.reset();
    EXPECT_EQ(Text(db_->Close()), "");
    db_ = nullptr;
  }

  // Opens what is left after `point` operations, lets the consumer go on, and compares.
  void CheckAt(size_t point, torture::CrashState& state, torture::PowerLossModel model) {
    const torture::CrashImage image = state.DrawImage(model, random_);
    auto left = image.Make("/db");
    simulation::SerialEnvironment environment(left, 1);
    auto db = support::OpenOrFail("/db", options_, support::Over(environment));
    ASSERT_NE(db, nullptr);
    Content consumer;
    for (const auto& [size, content] : consumed_) {
      if (size <= point) consumer = content;
    }
    ASSERT_EQ(Text(db->Put("after", "crash", {.durability = Durability::kSync})), "");
    Result<Feed> opened = db->OpenFeed("c");
    ASSERT_TRUE(opened) << opened.error().ToString();
    Feed feed = *std::move(opened);
    for (;;) {
      const auto event = feed.Next(kAtOnce);
      ASSERT_TRUE(event) << event.error().ToString();
      if (!event->has_value()) break;
      Apply(**event, &consumer);
    }
    EXPECT_EQ(consumer, ContentOfAll(*db));
    EXPECT_EQ(Text(feed.Commit()), "");
    EXPECT_EQ(Text(db->Close()), "");
  }

  [[nodiscard]] size_t begins_at() const { return begins_at_; }
  [[nodiscard]] const std::vector<torture::TraceOperation>& operations() const { return files_->trace().operations(); }

 private:
  void Open() {
    Components components;
    components.environment = environment_;
    db_ = support::OpenOrFail("/db", options_, components);
  }

  void Step() {
    const uint64_t kind = random_.Below(100);
    if (kind < 55) {
      WriteBatch batch;
      Family family = db_->OpenFamily("~f").value();
      for (uint64_t n = random_.Below(4); n-- > 0;) {
        const std::string key = fmt::format("k{:02}", random_.Below(30));
        const std::string value(random_.Below(random_.OneIn(10) ? 20'000 : 300), static_cast<char>('a' + n));
        random_.OneIn(4) ? batch.Delete(key) : random_.OneIn(2) ? batch.Put(key, value) : batch.Put(family, key, value);
        const std::string end = fmt::format("k{:02}", random_.Below(30));
        if (random_.OneIn(10)) batch.DeleteRange(std::min(key, end), std::max(key, end));
      }
      EXPECT_EQ(Text(db_->Write(batch)), "");
    } else if (kind < 62) {
      EXPECT_EQ(Text(db_->Flush()), "");
    } else if (kind < 66) {
      EXPECT_EQ(Text(db_->SyncWal()), "");
    } else if (kind < 74) {
      environment_->clock().Advance(std::chrono::milliseconds(150));
      for (uint64_t jobs = random_.Below(4); jobs > 0 && environment_->RunOneJob(); --jobs) {
      }
    } else if (kind < 96) {
      for (uint64_t n = random_.Below(20); n > 0; --n) {
        const auto event = feed_->Next(kAtOnce);
        ASSERT_TRUE(event) << event.error().ToString();
        if (!event->has_value()) break;
        Apply(**event, &content_);
      }
      consumed_.emplace_back(files_->trace().size(), content_);
      if (random_.OneIn(2)) EXPECT_EQ(Text(feed_->Commit()), "");
    } else {
      feed_.reset();
      EXPECT_EQ(Text(db_->Close()), "");
      db_ = nullptr;
      Open();
      feed_.emplace(db_->OpenFeed("c").value());
    }
  }

  base::Random random_;
  Options options_;
  std::shared_ptr<torture::TraceFileSystem> files_;
  std::shared_ptr<simulation::SerialEnvironment> environment_;
  std::unique_ptr<DB> db_;
  std::optional<Feed> feed_;
  size_t begins_at_ = 0;
  Content content_;
  std::vector<std::pair<size_t, Content>> consumed_;  // By the size of the trace.
};

TEST(FeedPowerLoss, AConsumerEndsWithWhatTheDatabaseHasWhereverItDied) {
  uint64_t images = 0;
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    Story story(seed);
    torture::CrashState state;
    base::Random random(seed);
    for (size_t point = 0; point < story.operations().size() && !testing::Test::HasFailure(); ++point) {
      if (point >= story.begins_at() && random.OneIn(5)) {
        SCOPED_TRACE(fmt::format("seed {}, after {} operations", seed, point));
        story.CheckAt(point, state, static_cast<torture::PowerLossModel>(images++ % torture::kPowerLossModels));
      }
      state.Apply(story.operations()[point]);
    }
  }
  EXPECT_GT(images, 200u);
}

}  // namespace
}  // namespace amethyst::feed
