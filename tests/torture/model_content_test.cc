// Covers: model_settle
#include "torture/model_content.h"

#include <gtest/gtest.h>

namespace amethyst::torture {
namespace {

constexpr uint64_t kNowMs = 1000;

ModelWrite Put(const std::string& key, Durability durability = Durability::kBuffered) {
  return {.changes = {{.kind = ChangeKind::kPut, .key = key, .value = "value of " + key}}, .durability = durability};
}

ModelContent Content(ModelOperator merges_with = ModelOperator::kNone) {
  ModelContent content;
  content.AddFamily(0, {.merges_with = merges_with, .cells = ModelCells()});
  return content;
}

Result<std::optional<ModelEntry>> AskNothing(uint32_t /*family*/, const std::string& /*key*/, uint64_t /*now_ms*/) {
  ADD_FAILURE() << "a question";
  return std::nullopt;
}

ModelContent::Found Found(const std::vector<std::pair<std::string, std::string>>& entries) {
  ModelMap map;
  for (const auto& [key, value] : entries) map[key] = {.value = value, .expires_ms = kModelNeverMs};
  return {.seen = {{0, map}}, .now_ms = kNowMs, .oldest_ms = 0};
}

// Whether a crash after the writes of `content` may leave just these keys.
bool MayLeave(ModelContent content, const std::vector<std::string>& keys, bool power_loss) {
  std::vector<std::pair<std::string, std::string>> entries;
  for (const std::string& key : keys) entries.emplace_back(key, "value of " + key);
  return content.Settle(Found(entries), power_loss, AskNothing).value();
}

TEST(ModelContent, ACrashOfTheProcessLosesNothingLogged) {
  ModelContent content = Content();
  content.Acknowledge(Put("a"));
  content.Acknowledge(Put("b"));
  EXPECT_TRUE(MayLeave(content, {"a", "b"}, false));
  EXPECT_FALSE(MayLeave(content, {"a"}, false));
}

TEST(ModelContent, ALossOfPowerLeavesAPrefixNoShorterThanWhatIsDurable) {
  ModelContent content = Content();
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
  ModelContent content = Content();
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
  ModelContent content = Content();
  content.Acknowledge(Put("a"));
  content.Fail(Put("b"));
  EXPECT_TRUE(MayLeave(content, {"a"}, false));
  EXPECT_TRUE(MayLeave(content, {"a", "b"}, false));
  EXPECT_FALSE(MayLeave(content, {"b"}, false));
  EXPECT_EQ(content.now().at(0).cells.size(), 1u);
  EXPECT_EQ(content.with_failed().at(0).cells.size(), 2u);
}

TEST(ModelContent, OfOperandsThatShowTheSameNowALaterReadTellsWhichAreThere) {
  for (const bool is_lost : {false, true}) {
    ModelContent content = Content(ModelOperator::kMax);
    content.Acknowledge({.changes = {{.kind = ChangeKind::kPut, .key = "a", .value = "z", .expires_ms = 2000}}});
    content.MarkFlushed();
    content.Acknowledge({.changes = {{.kind = ChangeKind::kMerge, .key = "a", .value = "b"}}});
    const auto ask = [&](uint32_t /*family*/, const std::string& key,
                         uint64_t now_ms) -> Result<std::optional<ModelEntry>> {
      EXPECT_EQ(key, "a");
      EXPECT_EQ(now_ms, 2000u);
      return is_lost ? std::nullopt : std::optional(ModelEntry{.value = "b"});
    };
    ModelContent::Found found = Found({{"a", "z"}});
    found.seen.at(0).at("a").expires_ms = 2000;
    ASSERT_TRUE(content.Settle(found, true, ask).value());
    EXPECT_EQ(content.now().at(0).At("a", 2000).has_value(), !is_lost);
  }
}

TEST(ModelContent, ADroppedFamilyTakesItsPartOfEachWriteWithIt) {
  ModelContent content = Content();
  content.AddFamily(7, {});
  ModelWrite write = Put("a");
  write.changes.push_back({.kind = ChangeKind::kPut, .family = 7, .key = "b", .value = "c"});
  content.Acknowledge(write);
  EXPECT_FALSE(MayLeave(content, {"a"}, false));
  content.DropFamily(7);
  EXPECT_TRUE(MayLeave(content, {"a"}, false));
}

}  // namespace
}  // namespace amethyst::torture
