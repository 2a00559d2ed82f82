#include "base/tagged_fields.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace amethyst::base {
namespace {

using Fields = std::vector<std::pair<uint64_t, std::string>>;

// Knows the fields below 100, of which 7 is always malformed.
Status Read(std::string_view bytes, Fields* fields) {
  return ReadFields(bytes, "list", [fields](uint64_t number, std::string_view content) {
    if (number >= 100) return FieldMatch::kUnknown;
    if (number == 7) return FieldMatch::kMalformed;
    fields->emplace_back(number, content);
    return FieldMatch::kTaken;
  });
}

TEST(TaggedFields, ComeBackInOrderWhateverTheirMark) {
  std::string bytes;
  AppendField(&bytes, 3, FieldNeed::kRequired, "three");
  AppendField(&bytes, 1, FieldNeed::kIgnorable, "");
  AppendField(&bytes, 3, FieldNeed::kIgnorable, std::string(300, 'x'));
  Fields fields;
  ASSERT_TRUE(Read(bytes, &fields));
  EXPECT_EQ(fields, (Fields{{3, "three"}, {1, ""}, {3, std::string(300, 'x')}}));
}

TEST(TaggedFields, TheLowBitOfATagSaysThatTheFieldIsRequired) {
  std::string bytes;
  AppendField(&bytes, 3, FieldNeed::kRequired, "ab");
  AppendField(&bytes, 3, FieldNeed::kIgnorable, "ab");
  EXPECT_EQ(bytes,
            "\x07\x02"
            "ab\x06\x02"
            "ab");
}

TEST(TaggedFields, UnknownOnesAreSkippedUnlessTheyAreRequired) {
  for (const uint64_t number : {uint64_t{100}, uint64_t{1} << 40}) {
    std::string bytes;
    AppendField(&bytes, 3, FieldNeed::kRequired, "three");
    AppendField(&bytes, number, FieldNeed::kIgnorable, "of the future");
    Fields fields;
    ASSERT_TRUE(Read(bytes, &fields));
    EXPECT_EQ(fields, (Fields{{3, "three"}}));

    const size_t at = bytes.size();
    AppendField(&bytes, number, FieldNeed::kRequired, "of the future");
    const Status refused = Read(bytes, &fields);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), ErrorCode::kNotSupported);
    EXPECT_EQ(refused.error().message(), fmt::format("list, byte {}: field {} is of a newer format", at, number));
  }
}

TEST(TaggedFields, AMalformedFieldAndACutEndAreNamedByTheirByte) {
  std::string bytes;
  AppendField(&bytes, 3, FieldNeed::kRequired, "three");
  const size_t at = bytes.size();
  AppendField(&bytes, 7, FieldNeed::kRequired, "seven");
  Fields fields;
  const Status malformed = Read(bytes, &fields);
  EXPECT_EQ(malformed.error().code(), ErrorCode::kCorruption);
  EXPECT_TRUE(malformed.error().message().starts_with(fmt::format("list, byte {}: field 7 is", at)));
  for (size_t length = 1; length < bytes.size(); ++length) {
    const Status cut = Read(std::string_view(bytes).substr(0, length), &fields);
    EXPECT_EQ(!cut, length != at) << length;
    if (!cut) {
      EXPECT_EQ(cut.error().code(), ErrorCode::kCorruption);
    }
  }
}

}  // namespace
}  // namespace amethyst::base
