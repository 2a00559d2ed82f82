#include "torture/model_content.h"

#include <gtest/gtest.h>

namespace amethyst::torture {
namespace {

ModelWrite Put(const std::string& key, Durability durability = Durability::kBuffered) {
  return {.changes = {{key, "value of " + key}}, .durability = durability};
}

// Whether a crash after the writes of `content` may leave just these keys.
bool MayLeave(ModelContent content, const std::vector<std::string>& keys, bool power_loss) {
  ModelMap found;
  for (const std::string& key : keys) found[key] = "value of " + key;
  return content.Settle(std::move(found), power_loss);
}

TEST(ModelContent, ACrashOfTheProcessLosesNothingLogged) {
  ModelContent content(BytewiseComparator());
  content.Acknowledge(Put("a"));
  content.Acknowledge(Put("b"));
  EXPECT_TRUE(MayLeave(content, {"a", "b"}, false));
  EXPECT_FALSE(MayLeave(content, {"a"}, false));
}

TEST(ModelContent, ALossOfPowerLeavesAPrefixNoShorterThanWhatIsDurable) {
  ModelContent content(BytewiseComparator());
  content.Acknowledge(Put("a"));
  content.Acknowledge(Put("b", Durability::kSync));
  content.Acknowledge(Put("c"));
  content.Acknowledge(Put("d"));
  EXPECT_TRUE(MayLeave(content, {"a", "b"}, true));
  EXPECT_TRUE(MayLeave(content, {"a", "b", "c"}, true));
  EXPECT_TRUE(MayLeave(content, {"a", "b", "c", "d"}, true));
  EXPECT_FALSE(MayLeave(content, {"a"}, true));
  EXPECT_FALSE(MayLeave(content, {"a", "b", "d"}, true));
}

TEST(ModelContent, WritesThatSkippedTheLogAreThereUpToAFlush) {
  ModelContent content(BytewiseComparator());
  content.Acknowledge(Put("a", Durability::kNone));
  content.Acknowledge(Put("b"));
  content.Acknowledge(Put("c", Durability::kNone));
  EXPECT_TRUE(MayLeave(content, {"b"}, false));
  EXPECT_TRUE(MayLeave(content, {"a", "b"}, false));
  EXPECT_TRUE(MayLeave(content, {"a", "b", "c"}, false));
  EXPECT_FALSE(MayLeave(content, {"b", "c"}, false));
  EXPECT_FALSE(MayLeave(content, {"a"}, false));
  content.MarkFlushed();
  EXPECT_FALSE(MayLeave(content, {"b"}, true));
}

TEST(ModelContent, AFailedWriteIsThereOrNot) {
  ModelContent content(BytewiseComparator());
  content.Acknowledge(Put("a"));
  content.Fail(Put("b"));
  EXPECT_TRUE(MayLeave(content, {"a"}, false));
  EXPECT_TRUE(MayLeave(content, {"a", "b"}, false));
  EXPECT_FALSE(MayLeave(content, {"b"}, false));
  EXPECT_EQ(content.now().size(), 1u);
  EXPECT_EQ(content.with_failed().size(), 2u);
}

}  // namespace
}  // namespace amethyst::torture
