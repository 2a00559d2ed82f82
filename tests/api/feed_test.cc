// The calls of the change feed from outside; what comes of them is tested in tests/feed.
#include "amethyst/feed.h"

#include <gtest/gtest.h>

#include "support/database.h"

namespace amethyst {
namespace {

TEST(FeedCalls, LastAsLongAsTheirDatabaseAndMove) {
  Components components;
  components.environment = NewInMemoryEnvironment();
  auto db = support::OpenOrFail("/db", support::SmallOptions(), components);
  ASSERT_TRUE(db->CreateCursor("c"));
  Feed first = db->OpenFeed("c").value();
  Feed feed = std::move(first);
  ASSERT_TRUE(db->Put("a", "1", {.durability = Durability::kSync}));
  const std::optional<FeedEvent> event = feed.Next().value();
  ASSERT_TRUE(event && event->entries.size() == 1);
  const FeedEvent copy = *event;
  db = nullptr;
  EXPECT_EQ(copy.entries[0].key, "a");
  EXPECT_EQ(copy.position, feed.position());
  EXPECT_EQ(support::CodeOf(feed.Next()), ErrorCode::kClosed);
}

}  // namespace
}  // namespace amethyst
