#include "tree/family_description.h"

#include <bit>

#include "base/assert.h"
#include "base/coding.h"
#include "base/error.h"
#include "base/tagged_fields.h"

namespace amethyst::tree {
namespace {

// On disk; never renumber.
enum Setting : uint64_t {
  kComparatorName = 1,
  kBlockBytes = 2,
  kCompression = 3,
  kFilterRate = 4,
  kMergeOperatorName = 5,
  kTtl = 6,
};

bool ReadSetting(uint64_t setting, std::string_view content, FamilyDescription* family) {
  uint64_t number = 0;
  switch (setting) {
    case kComparatorName:
      if (content.empty() || content.size() > kFamilyNameBytesMax || !family->comparator_name.empty()) return false;
      family->comparator_name = content;
      return true;
    case kBlockBytes:
      if (!base::ReadVarintContent(content, &number) || number == 0 || number > UINT32_MAX || family->block_bytes)
        return false;
      family->block_bytes = number;
      return true;
    case kCompression:
      if (!base::ReadVarintContent(content, &number) || number > UINT8_MAX || family->compression) return false;
      family->compression = static_cast<Compression>(number);
      return true;
    case kFilterRate: {
      if (!base::ReadFixed(&content, &number) || !content.empty() || family->filter_false_positive_rate) return false;
      const auto rate = std::bit_cast<double>(number);
      if (!(rate > 0 && rate <= 1)) return false;
      family->filter_false_positive_rate = rate;
      return true;
    }
    case kMergeOperatorName:
      if (content.empty() || content.size() > kFamilyNameBytesMax || !family->merging.operator_name.empty()) {
        return false;
      }
      family->merging.operator_name = content;
      return true;
    case kTtl:
      if (!base::ReadVarintContent(content, &number) || number == 0 || number > INT64_MAX || family->ttl_ms != 0)
        return false;
      family->ttl_ms = number;
      return true;
    default: return false;
  }
}

}  // namespace

void FamilyDescription::AppendTo(std::string* to) const {
  AMETHYST_ASSERT(!name.empty() && name.size() <= kFamilyNameBytesMax && id != key::kDefaultFamily);
  base::AppendVarint(to, key::Raw(id));
  base::AppendLengthPrefixed(to, name);
  base::AppendField(to, kComparatorName, base::FieldNeed::kRequired, comparator_name);
  if (block_bytes) base::AppendField(to, kBlockBytes, base::FieldNeed::kIgnorable, base::VarintContent(*block_bytes));
  if (compression) {
    base::AppendField(to, kCompression, base::FieldNeed::kIgnorable,
                      base::VarintContent(static_cast<uint8_t>(*compression)));
  }
  if (filter_false_positive_rate) {
    std::string rate;
    base::AppendFixed(&rate, std::bit_cast<uint64_t>(*filter_false_positive_rate));
    base::AppendField(to, kFilterRate, base::FieldNeed::kIgnorable, rate);
  }
  if (!merging.operator_name.empty()) {
    base::AppendField(to, kMergeOperatorName, base::FieldNeed::kRequired, merging.operator_name);
  }
  if (ttl_ms != 0) base::AppendField(to, kTtl, base::FieldNeed::kRequired, base::VarintContent(ttl_ms));
}

Result<FamilyDescription> FamilyDescription::FromBytes(std::string_view bytes) {
  FamilyDescription family;
  uint32_t id = 0;
  std::string_view name;
  if (!base::ReadVarint32(&bytes, &id) || !base::ReadLengthPrefixed(&bytes, &name) || id == 0 || id == UINT32_MAX ||
      name.empty() || name.size() > kFamilyNameBytesMax) {
    return base::Corruption("family: expected an id and a name of 1 to {} bytes, found others", kFamilyNameBytesMax);
  }
  family.id = key::FamilyId{id};
  family.name = name;
  family.merging.family = name;
  AMETHYST_TRY(base::ReadFields(bytes, "settings of a family", [&family](uint64_t setting, std::string_view content) {
    if (setting < kComparatorName || setting > kTtl) return base::FieldMatch::kUnknown;
    return ReadSetting(setting, content, &family) ? base::FieldMatch::kTaken : base::FieldMatch::kMalformed;
  }));
  if (family.comparator_name.empty()) return base::Corruption("family {}: it names no comparator", family.name);
  return family;
}

}  // namespace amethyst::tree
