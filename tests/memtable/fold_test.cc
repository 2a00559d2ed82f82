// Operands that the writer folds: read as a few, they come to what they come to one by one.
#include "key/fold.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/coding.h"
#include "base/random.h"
#include "key/expiry.h"
#include "memtable/memtable.h"

namespace amethyst::memtable {
namespace {

// No sum: the order of operands matters. Associative, as the product of matrices |a b; 0 1| in two halves.
uint64_t Compose(uint64_t older, uint64_t newer) {
  const auto a = static_cast<uint32_t>(older >> 32), b = static_cast<uint32_t>(older);
  const auto c = static_cast<uint32_t>(newer >> 32), d = static_cast<uint32_t>(newer);
  return (uint64_t{a * c} << 32) | static_cast<uint32_t>(b * c + d);
}

std::string Bytes(uint64_t number) {
  std::string bytes;
  base::AppendFixed(&bytes, number);
  return bytes;
}

class Folding : public testing::Test {
 protected:
  static constexpr key::FamilyId kOther{3};

  Folding() { memtable_.Prepare(kOther, key::Order(), Compose); }
  void Insert(key::FamilyId family, key::EntryKind kind, std::string_view value) {
    memtable_.Insert(family, {"hot", {key::SequenceNumber{++sequence_}, kind}, value});
  }
  struct Read {
    uint64_t steps = 0;
    uint64_t operands = 0;
    uint64_t result = uint64_t{1} << 32;  // The identity.
    std::string base;
  };
  // What the newest operands down to the first other version come to.
  [[nodiscard]] Read Of(key::FamilyId family, uint64_t visible, Memtable::Operands operands) const {
    Read read;
    memtable_.ForEachVersion(family, key::LookupKey("hot", key::SequenceNumber{visible}), operands,
                             [&](const Memtable::Found& version) {
                               ++read.steps;
                               if (version.tag.kind() != key::EntryKind::kOperand || version.value.size() != 8) {
                                 read.base = version.value;
                                 return true;
                               }
                               ++read.operands;
                               read.result = Compose(base::LoadFixed<uint64_t>(version.value.data()), read.result);
                               return false;
                             });
    return read;
  }
  void ExpectTheSame(key::FamilyId family, uint64_t visible) const {
    const Read each = Of(family, visible, Memtable::Operands::kEach);
    const Read folded = Of(family, visible, Memtable::Operands::kFolded);
    EXPECT_EQ(folded.result, each.result) << "at " << visible;
    EXPECT_EQ(folded.base, each.base) << "at " << visible;
    EXPECT_LE(folded.operands, each.operands);
  }

  Memtable memtable_{size_t{4} << 20, key::Order(), std::make_shared<RegionPool>(), Compose};
  uint64_t sequence_ = 0;
};

TEST_F(Folding, ReadsTenThousandInAFewSteps) {
  base::Random random(1);
  for (const key::FamilyId family : {key::kDefaultFamily, kOther}) {
    for (int i = 0; i < 10'000; ++i) Insert(family, key::EntryKind::kOperand, Bytes(random()));
    EXPECT_EQ(Of(family, sequence_, Memtable::Operands::kEach).steps, 10'000u);
    EXPECT_LE(Of(family, sequence_, Memtable::Operands::kFolded).steps, 30u);
    ExpectTheSame(family, sequence_);
  }
}

TEST_F(Folding, OfEveryVersionAmongOthersComesToTheSame) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    base::Random random(seed);
    const uint64_t first = sequence_;
    for (int i = 0; i < 500; ++i) {
      const uint64_t drawn = random.Below(60);
      if (drawn == 0) {
        Insert(key::kDefaultFamily, key::EntryKind::kPut, Bytes(random()));
      } else if (drawn == 1) {
        Insert(key::kDefaultFamily, key::EntryKind::kDelete, "");
      } else if (drawn == 2) {
        Insert(key::kDefaultFamily, key::EntryKind::kOperand, "of another size");
      } else if (drawn == 3) {
        std::string stored;
        key::AppendExpiring(&stored, 1'000, Bytes(random()));
        Insert(key::kDefaultFamily, key::EntryKind::kExpiringOperand, stored);
      } else {
        Insert(key::kDefaultFamily, key::EntryKind::kOperand, Bytes(random()));
      }
    }
    for (uint64_t visible = first; visible <= sequence_; ++visible) ExpectTheSame(key::kDefaultFamily, visible);
  }
}

TEST_F(Folding, IsLeftToOperatorsThatHaveAFold) {
  Memtable plain(size_t{1} << 20, key::Order());
  for (uint64_t i = 1; i <= 100; ++i) {
    plain.Insert({"hot", {key::SequenceNumber{i}, key::EntryKind::kOperand}, Bytes(i)});
  }
  uint64_t steps = 0;
  plain.ForEachVersion(key::kDefaultFamily, key::LookupKey("hot", key::kSequenceMax), Memtable::Operands::kFolded,
                       [&](const Memtable::Found& version) {
                         EXPECT_EQ(base::LoadFixed<uint64_t>(version.value.data()), 100 - steps);
                         ++steps;
                         return false;
                       });
  EXPECT_EQ(steps, 100u);
}

// I3
TEST_F(Folding, FitsIntoWhatBytesForPromises) {
  Memtable small(5'000, key::Order(), std::make_shared<RegionPool>(), Compose);
  size_t promised = 0;
  for (uint64_t i = 1; (promised += Memtable::BytesFor(3, 8)) <= 5'000; ++i) {
    ASSERT_TRUE(small.HasRoom(Memtable::BytesFor(3, 8)));
    small.Insert({"hot", {key::SequenceNumber{i}, key::EntryKind::kOperand}, Bytes(i)});
  }
}

}  // namespace
}  // namespace amethyst::memtable
