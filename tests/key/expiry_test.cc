#include "key/expiry.h"

#include <gtest/gtest.h>

#include <string>

namespace amethyst::key {
namespace {

TEST(Expiry, StandsBeforeTheValueOfTheKindsThatExpire) {
  std::string stored;
  AppendExpiring(&stored, 0x0102030405060708, "value");
  EXPECT_EQ(stored, std::string("\x08\x07\x06\x05\x04\x03\x02\x01value"));
  for (const EntryKind kind : {EntryKind::kExpiringPut, EntryKind::kExpiringOperand}) {
    EXPECT_EQ(ExpiryOf(kind, stored), 0x0102030405060708u);
    EXPECT_EQ(ValueOf(kind, stored), "value");
    EXPECT_TRUE(HoldsExpiry(kind, 8));
    EXPECT_FALSE(HoldsExpiry(kind, 7));
  }
  for (const EntryKind kind : {EntryKind::kPut, EntryKind::kOperand, EntryKind::kDelete}) {
    EXPECT_EQ(ExpiryOf(kind, stored), kNeverMs);
    EXPECT_EQ(ValueOf(kind, stored), stored);
    EXPECT_TRUE(HoldsExpiry(kind, 0));
  }
}

TEST(Expiry, OfABatchMayBeSoLongAfterItsWrite) {
  EXPECT_TRUE(IsTtl(AsTtl(0)));
  EXPECT_EQ(TtlOf(AsTtl(60'000)), 60'000u);
  EXPECT_FALSE(IsTtl(1'700'000'000'000));
  EXPECT_FALSE(IsTtl(kNeverMs));
}

}  // namespace
}  // namespace amethyst::key
