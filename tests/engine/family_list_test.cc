// Families of an open database, with faults and crashes around their changes. Covers: engine_upkeep, iterator_view
#include "engine/family_list.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "engine/fault_world.h"

namespace amethyst::engine {
namespace {

using support::CodeOf;
using support::Text;

// Nothing of what is in memory is written any more: as a process leaves its files that is killed.
void Kill(World& world) {
  world.FailNext(Operation::kSegmentSync, ErrorCode::kIo);
  WriteOptions durable;
  durable.durability = Durability::kSync;
  EXPECT_FALSE(world.db().Put("last", "breath", durable));
  world.Reopen();
}

std::vector<std::string> TablesOf(World& world) {
  std::vector<std::string> names = world.faults().List("/db").value();
  std::erase_if(names, [](const std::string& name) { return !name.ends_with(".sst"); });
  return names;
}

std::optional<std::string> ValueOf(World& world, std::string_view family, std::string_view key) {
  return world.db().OpenFamily(family).value().Get(key).value();
}

TEST(FamilyList, ACreateThatFailsAnywhereLeavesTheFamilyThereAndEmptyOrNotThere) {
  for (const Operation operation : kChanging) {
    for (uint64_t call = 1; call <= 3; ++call) {
      SCOPED_TRACE(static_cast<int>(operation));
      World world(1);
      ASSERT_EQ(Text(world.Open()), "");
      ASSERT_TRUE(world.db().Put("key", "value"));
      world.faults().Fail({.operation = operation,
                           .call = world.faults().calls(operation) + call,
                           .for_good = true,
                           .code = ErrorCode::kIo,
                           .half = false});
      const bool made = world.db().CreateFamily("a").has_value();
      world.Reopen();
      const std::vector<std::string> names = world.db().FamilyNames();
      const bool is_there = std::ranges::find(names, "a") != names.end();
      EXPECT_TRUE(is_there || !made);
      Result<amethyst::Family> family = is_there ? world.db().OpenFamily("a") : world.db().CreateFamily("a");
      ASSERT_TRUE(family);
      EXPECT_EQ(family->Get("key").value(), std::nullopt);
      ASSERT_EQ(Text(family->Put("key", "of a")), "");
      EXPECT_EQ(world.db().Get("key").value(), "value");
      world.Reopen();
      EXPECT_EQ(ValueOf(world, "a", "key"), "of a");
    }
  }
}

TEST(FamilyList, ADropThatFailsForWantOfSpaceHasChangedNothing) {
  World world(1);
  ASSERT_EQ(Text(world.Open()), "");
  const amethyst::Family family = world.db().CreateFamily("a").value();
  ASSERT_TRUE(family.Put("key", "value"));
  for (const Operation operation : {Operation::kAppend, Operation::kCreate}) {
    world.FailNext(operation, ErrorCode::kNoSpace, true);
  }
  EXPECT_EQ(CodeOf(world.db().DropFamily(family)), ErrorCode::kNoSpace);
  world.faults().ClearFaults();
  EXPECT_EQ(family.Get("key").value(), "value");
  ASSERT_EQ(Text(world.db().DropFamily(family)), "");
  EXPECT_EQ(world.db().FamilyNames().size(), 1u);
}

TEST(FamilyList, WhatTheLogHoldsOfAFamilyComesBackAfterACrash) {
  World world(1);
  ASSERT_EQ(Text(world.Open()), "");
  const amethyst::Family family = world.db().CreateFamily("a").value();
  WriteBatch batch;
  batch.Put("key", "default");
  batch.Put(family, "key", "of a");
  ASSERT_TRUE(world.db().Write(batch));
  Kill(world);
  EXPECT_EQ(world.db().Get("key").value(), "default");
  EXPECT_EQ(ValueOf(world, "a", "key"), "of a");
}

TEST(FamilyList, WhatTheLogHoldsOfADroppedFamilyIsPassedOver) {
  World world(1);
  ASSERT_EQ(Text(world.Open()), "");
  const amethyst::Family family = world.db().CreateFamily("a").value();
  WriteBatch batch;
  batch.Put(family, "key", "of a");
  batch.Put("key", "default");
  ASSERT_TRUE(world.db().Write(batch));
  ASSERT_EQ(Text(world.db().DropFamily(family)), "");
  ASSERT_TRUE(world.db().CreateFamily("a"));
  Kill(world);
  EXPECT_EQ(world.db().Get("key").value(), "default");
  EXPECT_EQ(ValueOf(world, "a", "key"), std::nullopt);
  const Snapshot snapshot = world.db().GetSnapshot();
  EXPECT_GE(snapshot.sequence(), 2u) << "their sequence numbers are not used again";
  ASSERT_TRUE(world.db().Put("more", "value"));
  world.Reopen();
  EXPECT_EQ(world.db().Get("more").value(), "value");
}

TEST(FamilyList, AFlushTakesAllFamiliesOrNone) {
  constexpr size_t kTables = 4;
  constexpr Operation kOperations[] = {Operation::kCreate, Operation::kAppend, Operation::kSync,
                                       Operation::kSyncDirectory};
  for (const Operation operation : kOperations) {
    for (uint64_t call = 1; call <= kTables + 1; ++call) {
      for (const ErrorCode code : {ErrorCode::kIo, ErrorCode::kNoSpace}) {
        SCOPED_TRACE(testing::Message() << static_cast<int>(operation) << " call " << call);
        World world(1);
        ASSERT_EQ(Text(world.Open()), "");
        WriteBatch batch;
        batch.Put("key", "default");
        for (const std::string name : {"a", "b", "c"}) {
          batch.Put(world.db().CreateFamily(name).value(), "key", name);
        }
        WriteOptions unlogged;
        unlogged.durability = Durability::kNone;
        ASSERT_TRUE(world.db().Write(batch, unlogged));
        world.faults().Fail({.operation = operation,
                             .call = world.faults().calls(operation) + call,
                             .for_good = true,
                             .code = code,
                             .half = false});
        const bool flushed = world.db().Flush().has_value();
        EXPECT_EQ(world.db().Get("key").value(), "default");
        EXPECT_EQ(ValueOf(world, "c", "key"), "c");
        if (code == ErrorCode::kNoSpace) {  // It clears, and nothing is lost.
          world.faults().ClearFaults();
          EXPECT_EQ(Text(world.db().Flush()), "");
          // Those of the flush that failed are gone; those that a failed edit may name wait for a new manifest.
          if (call <= kTables) {
            EXPECT_EQ(TablesOf(world).size(), kTables);
          }
        }
        world.Reopen();
        const bool is_there = world.db().Get("key").value().has_value();
        EXPECT_TRUE(is_there || (!flushed && code == ErrorCode::kIo));
        for (const std::string name : {"a", "b", "c"}) {
          EXPECT_EQ(ValueOf(world, name, "key").has_value(), is_there) << name;
        }
        EXPECT_EQ(TablesOf(world).size(), is_there ? kTables : 0);
      }
    }
  }
}

TEST(FamilyList, TheTablesOfADroppedFamilyAreGoneAfterTheNextOpenAtTheLatest) {
  World world(1);
  ASSERT_EQ(Text(world.Open()), "");
  const amethyst::Family family = world.db().CreateFamily("a").value();
  ASSERT_TRUE(family.Put("key", "value"));
  ASSERT_TRUE(world.db().Flush());
  ASSERT_EQ(TablesOf(world).size(), 1u);
  world.FailNext(Operation::kRemove, ErrorCode::kIo);
  ASSERT_EQ(Text(world.db().DropFamily(family)), "");
  Kill(world);
  EXPECT_TRUE(TablesOf(world).empty());
}

}  // namespace
}  // namespace amethyst::engine
