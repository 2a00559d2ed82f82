#include "torture/blind_file_system.h"

#include <gtest/gtest.h>

#include "cache/block_cache.h"
#include "io/memory_file_system.h"
#include "sstable/table_reader.h"
#include "sstable/table_writer.h"

namespace amethyst::torture {
namespace {

TEST(BlindFileSystem, HidesTheSketchOfATableAndNothingElse) {
  const auto memory = std::make_shared<io::MemoryFileSystem>();
  const auto write = [&](const std::string& path) {
    sstable::TableWriter writer(memory->Create(path).value(), {}, 0);
    const key::Tag tag(key::SequenceNumber{1}, key::EntryKind::kPut);
    EXPECT_TRUE(writer.Add(key::Entry("key", tag, "value")));
    return writer.Finish().value();
  };
  ASSERT_TRUE(memory->CreateDirectories("/tables"));
  const sstable::TableInfo info = write("/tables/1");
  cache::BlockCache cache({.capacity_bytes = size_t{1} << 20});
  BlindFileSystem blind(memory);
  const auto sketch_is_seen = [&](io::FileSystem& files) {
    const auto reader = sstable::TableReader::Open(files.Open("/tables/1").value(), info, key::Order(), cache);
    EXPECT_TRUE(reader) << reader.error().ToString();
    return (*reader)->sketch().has_value();
  };
  EXPECT_TRUE(sketch_is_seen(*memory));
  EXPECT_FALSE(sketch_is_seen(blind));
}

TEST(BlindFileSystem, ShowsOtherFilesAsTheyAre) {
  const auto memory = std::make_shared<io::MemoryFileSystem>();
  BlindFileSystem blind(memory);
  const std::string bytes(1000, 'x');
  ASSERT_TRUE(io::ReplaceFile(blind, "/file", bytes));
  EXPECT_EQ(io::ReadFile(blind, "/file").value(), bytes);
}

}  // namespace
}  // namespace amethyst::torture
