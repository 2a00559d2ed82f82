#include "cli/text.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "cli/words.h"

namespace amethyst::cli {
namespace {

std::string RandomBytes(base::Random& random, size_t bytes_max) {
  std::string bytes(random.Below(bytes_max + 1), '\0');
  for (char& c : bytes) c = static_cast<char>(random.Below(4) == 0 ? random.Below(256) : 'a' + random.Below(26));
  return bytes;
}

TEST(Text, QuotedIsAWordThatTheShellReadsBack) {
  base::Random random(1);
  for (int i = 0; i < 2000; ++i) {
    const std::string bytes = RandomBytes(random, 20);
    const auto words = SplitWords(Quoted(bytes));
    ASSERT_TRUE(words) << words.error();
    ASSERT_EQ(words->size(), 1u);
    EXPECT_EQ(words->front().text, bytes);
  }
}

TEST(Text, JsonFieldsCarryTextOrBase64) {
  EXPECT_EQ(JsonField("key", "a\"\\\n\x01"), R"("key":"a\"\\\n\u0001")");
  EXPECT_EQ(JsonField("key", "\xff"), R"("key_base64":"/w==")");
}

TEST(Text, NumbersForPeople) {
  EXPECT_EQ(Grouped(0), "0");
  EXPECT_EQ(Grouped(999), "999");
  EXPECT_EQ(Grouped(1234567), "1,234,567");
  EXPECT_EQ(HumanBytes(1023), "1023 B");
  EXPECT_EQ(HumanBytes(1024), "1.0 KiB");
  EXPECT_EQ(HumanBytes(uint64_t{1} << 20), "1.0 MiB");
  EXPECT_EQ(Counted(1, "entry", "entries"), "1 entry");
  EXPECT_EQ(Counted(2000, "entry", "entries"), "2,000 entries");
}

}  // namespace
}  // namespace amethyst::cli
