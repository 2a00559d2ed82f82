#include "tree/file_names.h"

#include <gtest/gtest.h>

namespace amethyst::tree {
namespace {

TEST(FileNames, ParseToWhatTheyWereMadeOf) {
  for (const uint64_t n : {uint64_t{1}, uint64_t{999999}, uint64_t{1000000}, key::Raw(kFileNumberMax)}) {
    const key::FileNumber number{n};
    const struct {
      std::string name;
      FileType type;
    } cases[] = {{TableFileName(number), FileType::kTable},
                 {LogFileName(number), FileType::kLogSegment},
                 {ManifestFileName(number), FileType::kManifest}};
    for (const auto& [name, type] : cases) {
      const auto parsed = ParseFileName(name);
      ASSERT_TRUE(parsed.has_value()) << name;
      EXPECT_EQ(parsed->type, type);
      EXPECT_EQ(parsed->number, number);
    }
  }
  EXPECT_EQ(TableFileName(key::FileNumber{12}), "000012.sst");
  EXPECT_EQ(LogFileName(key::FileNumber{13}), "000013.wal");
  EXPECT_EQ(ManifestFileName(key::FileNumber{1}), "MANIFEST-000001");
  EXPECT_EQ(ParseFileName("CURRENT")->type, FileType::kCurrent);
  EXPECT_EQ(ParseFileName("CURRENT.tmp")->type, FileType::kTemporary);
  EXPECT_EQ(ParseFileName("LOCK")->type, FileType::kLock);
  EXPECT_EQ(ParseFileName("STATS")->type, FileType::kStats);
}

TEST(FileNames, OfOthersAreNotOurs) {
  for (const std::string_view name : {"",
                                      "sst",
                                      "12.sst",
                                      "0000012.sst",
                                      "000000.sst",
                                      "000012.SST",
                                      "000012.sst ",
                                      "000012.sst.tmp",
                                      "x000012.sst",
                                      "-00012.sst",
                                      "+00012.sst",
                                      "MANIFEST-1",
                                      "MANIFEST-000001.tmp",
                                      "manifest-000001",
                                      "CURRENT~",
                                      "LOCK.tmp",
                                      "LOG",
                                      "99999999999999999999.sst",
                                      "72057594037927936.sst",
                                      "18446744073709551615.wal",
                                      "IDENTITY",
                                      "."}) {
    EXPECT_FALSE(ParseFileName(name).has_value()) << name;
  }
}

}  // namespace
}  // namespace amethyst::tree
