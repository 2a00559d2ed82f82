#include "sstable/table_copy.h"

#include "base/hash.h"
#include "sstable/table_fixture.h"

namespace amethyst::sstable {
namespace {

constexpr auto kGoOn = [](uint64_t) { return Status(); };

TEST(TableCopy, IsTheSameFileWhateverTheTable) {
  base::Random random(1);
  for (const KeyKind kind : kKeyKinds) {
    for (const size_t value_bytes_max : {size_t{10}, size_t{100'000}}) {
      TableBed bed;
      const EntryShape shape{.kind = kind,
                             .count = value_bytes_max > 1000 ? size_t{40} : size_t{3000},
                             .value_bytes_max = value_bytes_max};
      const TableInfo info = bed.Write(MakeEntries(shape, key::Order(), random));
      const auto reader = bed.Open(info).value();
      io::MemoryFileSystem copies;
      uint64_t told = 0;
      const auto copied = CopyTable(*reader, {copies, "/copy"}, [&told](uint64_t bytes) -> Status {
        told += bytes;
        return {};
      });
      ASSERT_TRUE(copied) << copied.error().ToString();
      EXPECT_EQ(io::ReadFile(copies, "/copy").value(), bed.Bytes());
      EXPECT_EQ(copied->bytes, info.file_bytes);
      EXPECT_EQ(copied->hash, base::Hash64(bed.Bytes()));
      EXPECT_EQ(told, info.file_bytes);
    }
  }
}

TEST(TableCopy, FindsEveryFlippedByte) {
  base::Random random(2);
  TableBed bed;
  const TableInfo info = bed.Write(MakeEntries({.count = 200}, key::Order(), random));
  const std::string whole = bed.Bytes();
  for (size_t at = 0; at < whole.size(); at += 1 + random.Below(7)) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    bed.WriteBytes(damaged);
    const auto reader = bed.Open(info);
    if (!reader) continue;  // Found without a copy.
    io::MemoryFileSystem copies;
    const auto copied = CopyTable(**reader, {copies, "/copy"}, kGoOn);
    ASSERT_FALSE(copied) << at;
    EXPECT_EQ(copied.error().code(), ErrorCode::kCorruption) << at;
  }
}

TEST(TableCopy, EndsWhenAskedAndWhenTheFileCannotBeRead) {
  base::Random random(3);
  TableBed bed;
  const TableInfo info = bed.Write(MakeEntries({}, key::Order(), random));
  const auto reader = bed.Open(info).value();
  io::MemoryFileSystem copies;
  const auto end = [](uint64_t) -> Status { return std::unexpected(Error(ErrorCode::kClosed, "enough")); };
  EXPECT_EQ(CopyTable(*reader, {copies, "/ended"}, end).error().code(), ErrorCode::kClosed);
  bed.file().SetFailing(true);
  EXPECT_EQ(CopyTable(*reader, {copies, "/failed"}, kGoOn).error().code(), ErrorCode::kIo);
}

}  // namespace
}  // namespace amethyst::sstable
