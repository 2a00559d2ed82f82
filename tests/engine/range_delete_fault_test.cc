// Range deletes that the log, or a table, does not take: they are whole or not there, and nothing else is touched.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "engine/fault_world.h"

namespace amethyst::engine {
namespace {

using support::CodeOf;
using support::ContentOf;
using support::Key;
using support::Text;

std::map<std::string, std::string> PutSome(World& world, uint64_t count) {
  for (uint64_t i = 0; i < count; ++i) EXPECT_EQ(Text(world.db().Put(Key(i), "value")), "");
  return ContentOf(world.db());
}

// Its number is another write's then, and readers see all up to that.
TEST(RangeDeleteFault, AFullDiskAtTheLogLeavesNothingOfIt) {
  World world(1);
  ASSERT_TRUE(world.Open());
  const auto content = PutSome(world, 20);
  world.FailNext(Operation::kCreateSegment, ErrorCode::kNoSpace, true);
  // So long that the segment is full soon.
  const std::string begin(20'000, 'a'), end(20'000, 'z');
  Status refused;
  for (int i = 0; i < 1'000 && refused; ++i) refused = world.db().DeleteRange(begin + "z", begin + "zz" + end);
  ASSERT_EQ(CodeOf(refused), ErrorCode::kNoSpace);
  EXPECT_EQ(CodeOf(world.db().DeleteRange(begin, end)), ErrorCode::kNoSpace);
  EXPECT_EQ(ContentOf(world.db()), content);
  world.faults().ClearFaults();
  EXPECT_EQ(Text(world.db().Put("zzz", "x")), "");
  EXPECT_EQ(ContentOf(world.db()).size(), content.size() + 1);
  EXPECT_EQ(world.db().Get(Key(3)).value(), "value");
  EXPECT_EQ(Text(world.db().DeleteRange(Key(3), Key(4))), "");
  EXPECT_EQ(ContentOf(world.db()).size(), content.size());
  world.Reopen();
  EXPECT_EQ(ContentOf(world.db()).size(), content.size());
}

TEST(RangeDeleteFault, EachFailedCallOfAFlushLeavesItToTheNext) {
  for (const Operation operation : {Operation::kCreate, Operation::kAppend, Operation::kSync}) {
    for (const uint64_t after : {0, 1, 2, 3}) {
      World world(2);
      ASSERT_TRUE(world.Open());
      auto content = PutSome(world, 20);
      ASSERT_EQ(Text(world.db().Flush()), "");
      ASSERT_EQ(Text(world.db().DeleteRange(Key(3), Key(7))), "");
      ASSERT_EQ(Text(world.db().Put(Key(30), "value")), "");
      for (uint64_t i = 3; i < 7; ++i) content.erase(Key(i));
      content[Key(30)] = "value";
      world.faults().Fail({.operation = operation,
                           .call = world.faults().calls(operation) + 1 + after,
                           .for_good = true,
                           .code = ErrorCode::kNoSpace});
      static_cast<void>(world.db().Flush());
      EXPECT_EQ(ContentOf(world.db()), content);
      world.faults().ClearFaults();
      world.PassTime();
      EXPECT_EQ(Text(world.db().Flush()), "");
      EXPECT_EQ(ContentOf(world.db()), content);
      world.Reopen();
      EXPECT_EQ(ContentOf(world.db()), content);
      ASSERT_EQ(Text(world.db().CompactRange()), "");
      EXPECT_EQ(ContentOf(world.db()), content);
    }
  }
}

TEST(RangeDeleteFault, ATableOfThemThatIsMissingOrDamagedIsAnErrorOfTheOpen) {
  for (const bool is_missing : {false, true}) {
    World world(3);
    ASSERT_TRUE(world.Open());
    static_cast<void>(PutSome(world, 20));
    ASSERT_EQ(Text(world.db().Flush()), "");
    const auto before = world.serial().files().List("/db").value();
    ASSERT_EQ(Text(world.db().DeleteRange(Key(3), Key(7))), "");
    ASSERT_EQ(Text(world.db().Flush()), "");
    auto names = world.serial().files().List("/db").value();
    std::erase_if(names, [&](const std::string& name) {
      return !name.ends_with(".sst") || std::ranges::find(before, name) != before.end();
    });
    ASSERT_EQ(names.size(), 1u);
    world.owner().reset();
    const std::string path = "/db/" + names[0];
    if (is_missing) {
      ASSERT_TRUE(world.serial().files().Remove(path));
    } else {
      std::string bytes = io::ReadFile(world.serial().files(), path).value();
      const size_t at = bytes.find(Key(3));
      ASSERT_NE(at, std::string::npos);
      bytes[at] = 'x';
      ASSERT_TRUE(io::ReplaceFile(world.serial().files(), path, bytes));
    }
    EXPECT_EQ(CodeOf(world.Open()), ErrorCode::kCorruption) << "keys would come back";
  }
}

}  // namespace
}  // namespace amethyst::engine
