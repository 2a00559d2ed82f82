// Covers: footer, properties
#include "sstable/footer.h"

#include <gtest/gtest.h>

#include "base/tagged_fields.h"
#include "sstable/properties.h"

namespace amethyst::sstable {
namespace {

constexpr uint64_t kOffset = 5000;

Footer MakeFooter() {
  Footer footer;
  footer.uid = {.low = 11, .high = 12};
  footer.top_index = {.offset = 1, .stored_bytes = 2, .raw_bytes = 3};
  footer.filter = {.offset = 4, .stored_bytes = 5, .raw_bytes = 6};
  footer.sketch = {.offset = 7, .stored_bytes = 8, .raw_bytes = 9};
  footer.properties = {.offset = 10, .stored_bytes = 11, .raw_bytes = 12};
  return footer;
}

std::string Encode(Footer footer) {
  std::string bytes;
  footer.AppendTo(&bytes, Digest(), kOffset);
  return bytes;
}

TEST(Footer, ReadsWhatItWrote) {
  const std::string bytes = Encode(MakeFooter());
  ASSERT_EQ(bytes.size(), kFooterBytes);
  const Footer footer = Footer::FromBytes(bytes, kOffset + kFooterBytes).value();
  EXPECT_EQ(footer.uid, MakeFooter().uid);
  EXPECT_EQ(footer.top_index, MakeFooter().top_index);
  EXPECT_EQ(footer.filter, MakeFooter().filter);
  EXPECT_EQ(footer.sketch, MakeFooter().sketch);
  EXPECT_EQ(footer.properties, MakeFooter().properties);
  EXPECT_EQ(footer.digest, footer.DigestOver(Digest()));
}

TEST(Footer, RefusesEveryChangedByteAndAnotherPlace) {
  const std::string bytes = Encode(MakeFooter());
  for (size_t at = 0; at < bytes.size(); ++at) {
    std::string changed = bytes;
    changed[at] ^= 0x10;
    EXPECT_FALSE(Footer::FromBytes(changed, kOffset + kFooterBytes).has_value()) << at;
  }
  EXPECT_FALSE(Footer::FromBytes(bytes, kOffset + kFooterBytes + 1).has_value());
}

TEST(Footer, NamesAnUnknownVersion) {
  std::string bytes = Encode(MakeFooter());
  bytes[104] = 7;
  const auto refused = Footer::FromBytes(bytes, kOffset + kFooterBytes);
  EXPECT_EQ(refused.error().code(), ErrorCode::kNotSupported);
  EXPECT_NE(refused.error().message().find("version 7"), std::string::npos) << refused.error().message();
}

TEST(Footer, DigestDependsOnEveryChecksumAndTheirOrder) {
  const auto digest = [](std::initializer_list<uint64_t> checksums) {
    Digest chain;
    for (const uint64_t checksum : checksums) chain.Add(checksum);
    return chain.value();
  };
  EXPECT_NE(digest({1, 2}), digest({2, 1}));
  EXPECT_NE(digest({1}), digest({1, 0}));
  Footer other = MakeFooter();
  other.filter = {};
  EXPECT_NE(other.DigestOver(Digest()), MakeFooter().DigestOver(Digest()));
}

Properties MakeProperties() {
  Properties properties;
  properties.info.smallest = "";
  properties.info.largest = std::string("z\0z", 3);
  properties.info.smallest_sequence = key::SequenceNumber{3};
  properties.info.largest_sequence = key::kSequenceMax;
  properties.info.entries = 1000;
  properties.info.deletes = 7;
  properties.info.raw_bytes = uint64_t{1} << 40;
  properties.info.oldest_delete_time_s = 1'700'000'000;
  properties.order_name = "amethyst.bytewise";
  properties.data_blocks = 30;
  properties.index_pages = 1;
  properties.block_bytes = 4096;
  properties.codec = 1;
  return properties;
}

TEST(Properties, ReadsWhatItWrote) {
  std::string bytes;
  MakeProperties().AppendTo(&bytes);
  const Properties read = Properties::FromBytes(bytes).value();
  EXPECT_EQ(read.info, MakeProperties().info);
  EXPECT_EQ(read.order_name, "amethyst.bytewise");
  EXPECT_EQ(read.data_blocks, 30u);
  EXPECT_EQ(read.index_pages, 1u);
  EXPECT_EQ(read.block_bytes, 4096u);
  EXPECT_EQ(read.codec, 1u);
}

TEST(Properties, SkipsUnknownFieldsUnlessTheyAreRequired) {
  std::string bytes;
  MakeProperties().AppendTo(&bytes);
  std::string later = bytes;
  base::AppendField(&later, 900, base::FieldNeed::kIgnorable, "whatever");
  EXPECT_TRUE(Properties::FromBytes(later).has_value());
  base::AppendField(&bytes, 900, base::FieldNeed::kRequired, "whatever");
  EXPECT_EQ(Properties::FromBytes(bytes).error().code(), ErrorCode::kNotSupported);
}

TEST(Properties, RefusesAFieldThatOccursTwice) {
  std::string bytes;
  MakeProperties().AppendTo(&bytes);
  base::AppendField(&bytes, 1, base::FieldNeed::kRequired, "again");
  EXPECT_EQ(Properties::FromBytes(bytes).error().code(), ErrorCode::kCorruption);
}

TEST(Properties, RefusesMissingFieldsAndTornEnds) {
  std::string bytes;
  MakeProperties().AppendTo(&bytes);
  for (size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_EQ(Properties::FromBytes(bytes.substr(0, length)).error().code(), ErrorCode::kCorruption) << length;
  }
}

}  // namespace
}  // namespace amethyst::sstable
