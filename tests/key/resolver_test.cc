// The resolver against a naive oracle: of the versions that a read sees, the one with the greatest sequence number is
// the answer, whatever the order in which they come.
#include "key/resolver.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace amethyst::key {
namespace {

Tag Put(uint64_t sequence) { return {SequenceNumber{sequence}, EntryKind::kPut}; }
Tag Delete(uint64_t sequence) { return {SequenceNumber{sequence}, EntryKind::kDelete}; }

// The version whose value the read shows; nothing if the key is not there for it.
using Shown = std::optional<Tag>;

Shown Oracle(const std::vector<Tag>& versions, SequenceNumber visible) {
  std::optional<Tag> newest;
  for (const Tag tag : versions) {
    if (tag.sequence() <= visible && (!newest || tag.sequence() > newest->sequence())) newest = tag;
  }
  return newest && newest->kind() == EntryKind::kPut ? newest : std::nullopt;
}

Shown NewestFirst(std::vector<Tag> versions, SequenceNumber visible, size_t* asked) {
  std::ranges::sort(versions, std::greater<>());
  Resolver resolver(visible);
  Shown shown;
  *asked = 0;
  for (const Tag tag : versions) {
    ++*asked;
    if (resolver.AddOlder(tag, "") == Answer::kValue) shown = tag;
    if (resolver.IsDecided()) break;
  }
  EXPECT_EQ(shown.has_value(), resolver.answer() == Answer::kValue);
  return shown;
}

Shown OldestFirst(std::vector<Tag> versions, SequenceNumber visible) {
  std::ranges::sort(versions);
  Resolver resolver(visible);
  Shown kept;
  for (const Tag tag : versions) {
    if (resolver.AddNewer(tag, "") == Answer::kValue) kept = tag;
  }
  return resolver.answer() == Answer::kValue ? kept : std::nullopt;
}

// All sequences of puts and deletes of up to seven versions, each seen from every moment before, at and after it.
TEST(Resolver, ComesToTheNewestVisibleVersionInEitherOrder) {
  uint64_t cases = 0;
  for (uint64_t count = 0; count <= 7; ++count) {
    for (uint64_t puts = 0; puts < uint64_t{1} << count; ++puts) {
      std::vector<Tag> versions;
      for (uint64_t i = 0; i < count; ++i)
        versions.push_back(((puts >> i) & 1) != 0 ? Put(2 * i + 2) : Delete(2 * i + 2));
      for (uint64_t visible = 0; visible <= 2 * count + 3; ++visible) {
        const Shown expected = Oracle(versions, SequenceNumber{visible});
        size_t asked = 0;
        ASSERT_EQ(NewestFirst(versions, SequenceNumber{visible}, &asked), expected) << puts << " at " << visible;
        ASSERT_EQ(OldestFirst(versions, SequenceNumber{visible}), expected) << puts << " at " << visible;
        const auto hidden = static_cast<uint64_t>(
            std::ranges::count_if(versions, [&](Tag tag) { return tag.sequence() > SequenceNumber{visible}; }));
        ASSERT_EQ(asked, std::min(hidden + 1, count)) << "nothing is asked for once it is decided";
        ++cases;
      }
    }
  }
  EXPECT_GT(cases, 3000u);
}

// As sources do that are ordered by time: each gives the newest that the read sees of its own, or nothing.
TEST(Resolver, ComesToTheSameFromSourcesThatAnswerForThemselves) {
  for (uint64_t puts = 0; puts < 64; ++puts) {
    for (uint64_t cut = 0; cut <= 6; ++cut) {
      for (uint64_t visible = 0; visible <= 7; ++visible) {
        std::vector<Tag> versions;
        for (uint64_t i = 0; i < 6; ++i) versions.push_back(((puts >> i) & 1) != 0 ? Put(i + 1) : Delete(i + 1));
        Resolver resolver(SequenceNumber{visible});
        Shown shown;
        const auto ask = [&](size_t begin, size_t end) {
          while (end > begin && versions[end - 1].sequence() > SequenceNumber{visible}) --end;
          if (end > begin && resolver.AddOlder(versions[end - 1], "") == Answer::kValue) shown = versions[end - 1];
        };
        ask(cut, 6);
        if (!resolver.IsDecided()) ask(0, cut);
        ASSERT_EQ(shown, Oracle(versions, SequenceNumber{visible})) << puts << " cut at " << cut << " at " << visible;
      }
    }
  }
}

TEST(Resolver, TellsAKeyThatIsGoneFromOneThatNothingIsKnownOf) {
  Resolver resolver(SequenceNumber{5});
  EXPECT_EQ(resolver.answer(), Answer::kUndecided);
  EXPECT_EQ(resolver.AddOlder(Put(6), ""), Answer::kUndecided) << "it is too new";
  EXPECT_EQ(resolver.AddOlder(Delete(5), ""), Answer::kGone);
  EXPECT_TRUE(resolver.IsDecided());
}

TEST(Resolver, TellsGoingBackWhatEachVersionChanges) {
  Resolver resolver(SequenceNumber{5});
  EXPECT_EQ(resolver.AddNewer(Put(3), ""), Answer::kValue);
  EXPECT_EQ(resolver.AddNewer(Delete(4), ""), Answer::kGone);
  EXPECT_EQ(resolver.AddNewer(Put(6), ""), Answer::kUndecided);
  EXPECT_EQ(resolver.answer(), Answer::kGone);
}

Tag Operand(uint64_t sequence) { return {SequenceNumber{sequence}, EntryKind::kOperand}; }
Tag Expiring(uint64_t sequence, bool is_put) {
  return {SequenceNumber{sequence}, is_put ? EntryKind::kExpiringPut : EntryKind::kExpiringOperand};
}
std::string At(uint64_t expires_ms) {
  std::string stored;
  AppendExpiring(&stored, expires_ms, "value");
  return stored;
}

TEST(Resolver, GathersOperandsDownToTheVersionThatDecides) {
  Resolver resolver(SequenceNumber{5});
  EXPECT_EQ(resolver.AddOlder(Operand(6), ""), Answer::kUndecided) << "it is too new";
  EXPECT_EQ(resolver.AddOlder(Operand(5), ""), Answer::kOperand);
  EXPECT_EQ(resolver.AddOlder(Operand(4), ""), Answer::kOperand);
  EXPECT_FALSE(resolver.IsDecided());
  EXPECT_EQ(resolver.AddOlder(Put(3), ""), Answer::kValue);
  EXPECT_TRUE(resolver.IsDecided());
}

TEST(Resolver, TakesWhatHasExpiredForADeleteAndAnOperandForNothing) {
  const std::string stored = At(1000);
  EXPECT_EQ(AnswerOf({SequenceNumber{5}, 999}, Expiring(5, true), stored), Answer::kValue);
  EXPECT_EQ(AnswerOf({SequenceNumber{5}, 1000}, Expiring(5, true), stored), Answer::kGone) << "from then on";
  EXPECT_EQ(AnswerOf({SequenceNumber{5}, 999}, Expiring(5, false), stored), Answer::kOperand);
  EXPECT_EQ(AnswerOf({SequenceNumber{5}, 1000}, Expiring(5, false), stored), Answer::kUndecided);
  EXPECT_EQ(AnswerOf(SequenceNumber{5}, Expiring(5, true), stored), Answer::kValue) << "at time 0 nothing has";
  EXPECT_EQ(AnswerOf({SequenceNumber{4}, 1000}, Expiring(5, true), stored), Answer::kUndecided) << "it is too new";
}

TEST(Resolver, TellsGoingBackWhichOperandsStillCount) {
  Resolver resolver({SequenceNumber{9}, 1000});
  EXPECT_EQ(resolver.AddNewer(Operand(1), ""), Answer::kOperand);
  EXPECT_EQ(resolver.AddNewer(Expiring(2, true), At(1000)), Answer::kGone) << "older operands count no more";
  EXPECT_EQ(resolver.AddNewer(Operand(3), ""), Answer::kOperand);
  EXPECT_EQ(resolver.AddNewer(Expiring(4, false), At(1000)), Answer::kUndecided);
  EXPECT_EQ(resolver.answer(), Answer::kGone) << "of what the operands are put on";
}

}  // namespace
}  // namespace amethyst::key
