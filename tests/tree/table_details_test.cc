#include "tree/table_details.h"

#include <gtest/gtest.h>

namespace amethyst::tree {
namespace {

TEST(TableDetails, ComeBackAsTheyWereWritten) {
  const TableDetails details{.family = key::FamilyId{3},
                             .holds_tombstones = true,
                             .clean_through = key::SequenceNumber{7},
                             .expiries = {.entries = 1, .first_ms = 5, .last_ms = 6},
                             .written_s = 9,
                             .sequence_base = key::SequenceNumber{1'000}};
  TableDetails read;
  ASSERT_TRUE(read.Read(details.Encoded()));
  EXPECT_EQ(read, details);
  EXPECT_FALSE(read.Read(details.Encoded()));  // Each once.
  TableDetails none;
  ASSERT_TRUE(none.Read(TableDetails().Encoded()));
  EXPECT_EQ(none, TableDetails());
}

TEST(TableDetails, ThatAreCutOffAreRefused) {
  const std::string bytes = TableDetails{.sequence_base = key::SequenceNumber{1'000}}.Encoded();
  for (size_t length = 1; length < bytes.size(); ++length) {
    EXPECT_FALSE(TableDetails().Read(std::string_view(bytes).substr(0, length))) << length;
  }
}

}  // namespace
}  // namespace amethyst::tree
