#include "sstable/header.h"

#include <gtest/gtest.h>

namespace amethyst::sstable {
namespace {

TEST(Header, SaysWhatItWasMadeWith) {
  const Header header{.database_uid = {.low = 1, .high = 2}, .table_uid = {.low = 3, .high = 4}};
  std::string bytes;
  header.AppendTo(&bytes);
  ASSERT_EQ(bytes.size(), kHeaderBytes);
  const auto read = Header::FromBytes(bytes + "a block");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->database_uid, header.database_uid);
  EXPECT_EQ(read->table_uid, header.table_uid);
}

TEST(Header, IsRefusedWithAnyByteChangedOrMissing) {
  std::string bytes;
  Header{.database_uid = {.low = 1, .high = 2}, .table_uid = {.low = 3, .high = 4}}.AppendTo(&bytes);
  for (size_t i = 0; i < bytes.size(); ++i) {
    EXPECT_FALSE(Header::FromBytes(std::string_view(bytes).substr(0, i))) << i;
    bytes[i] = static_cast<char>(bytes[i] ^ 1);
    EXPECT_FALSE(Header::FromBytes(bytes)) << i;
    bytes[i] = static_cast<char>(bytes[i] ^ 1);
  }
}

}  // namespace
}  // namespace amethyst::sstable
