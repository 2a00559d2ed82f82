#include "key/entry.h"

#include <gtest/gtest.h>

#include "key/lookup_key.h"

namespace amethyst::key {
namespace {

TEST(Tag, HoldsSequenceAndKindInOneWord) {
  for (const SequenceNumber sequence : {SequenceNumber{0}, SequenceNumber{1}, SequenceNumber{123'456}, kSequenceMax}) {
    for (const EntryKind kind : {EntryKind::kDelete, EntryKind::kPut}) {
      const Tag tag(sequence, kind);
      EXPECT_EQ(tag.sequence(), sequence);
      EXPECT_EQ(tag.kind(), kind);
      EXPECT_EQ(Tag::FromBits(tag.bits()), tag);
    }
  }
  EXPECT_EQ(Tag(SequenceNumber{0x0102}, EntryKind::kPut).bits(), 0x010201u) << "on disk as such";
}

TEST(Tag, SortsBySequenceFirst) {
  EXPECT_LT(Tag(SequenceNumber{1}, EntryKind::kPut), Tag(SequenceNumber{2}, EntryKind::kDelete));
  EXPECT_LT(Tag(kSequenceMax, EntryKind::kDelete), Tag(kSequenceMax, EntryKind::kPut));
}

TEST(Types, KnownKindsAreTheOnesWithANumber) {
  EXPECT_TRUE(IsKnownKind(0));
  EXPECT_TRUE(IsKnownKind(1));
  EXPECT_FALSE(IsKnownKind(255));
  EXPECT_EQ(SequenceNumber{5} + 3, SequenceNumber{8});
}

TEST(Entry, BorrowsKeyAndValue) {
  const std::string key = "key";
  const std::string value = "value";
  const Entry entry(key, Tag(SequenceNumber{1}, EntryKind::kPut), value);
  EXPECT_EQ(entry.key(), key);
  EXPECT_EQ(entry.value(), value);
  EXPECT_EQ(entry.key().data(), key.data());
  EXPECT_EQ(entry.value().data(), value.data());
  EXPECT_TRUE(Entry().key().empty());
}

TEST(LookupKey, HashesItsKeyOnce) {
  const LookupKey lookup("key", SequenceNumber{7});
  EXPECT_EQ(lookup.key, "key");
  EXPECT_EQ(lookup.hash, base::Hash64("key"));
  EXPECT_EQ(lookup.read.visible, SequenceNumber{7});
}

}  // namespace
}  // namespace amethyst::key
