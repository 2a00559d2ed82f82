#include "sstable/properties.h"

#include <array>

#include "base/coding.h"
#include "base/error.h"
#include "base/tagged_fields.h"
#include "key/range.h"

namespace amethyst::sstable {
namespace {

// Every field that there is, in order; the visitor is called with the number and a std::string& or uint64_t&.
template <typename Fields, typename Visitor>
void VisitFields(Fields& fields, Visitor&& visit) {
  visit(1, fields.info.smallest);
  visit(2, fields.info.largest);
  visit(3, fields.info.smallest_sequence);
  visit(4, fields.info.largest_sequence);
  visit(5, fields.info.entries);
  visit(6, fields.info.deletes);
  visit(7, fields.info.raw_bytes);
  visit(8, fields.info.oldest_delete_time_s);
  visit(9, fields.order_name);
  visit(10, fields.data_blocks);
  visit(11, fields.index_pages);
  visit(12, fields.block_bytes);
  visit(13, fields.codec);
}
constexpr uint64_t kFields = 13;

// Those that only a table with a lineage has.
template <typename Lineage, typename Visitor>
void VisitLineage(Lineage& lineage, Visitor&& visit) {
  visit(kFields + 1, lineage.replaced);
  visit(kFields + 2, lineage.begin);
  visit(kFields + 3, lineage.end);
}
constexpr uint64_t kLineageEnd = kFields + 3;

// Those that only a table with entries that expire has.
template <typename Expiries, typename Visitor>
void VisitExpiries(Expiries& expiries, Visitor&& visit) {
  visit(17, expiries.entries);
  visit(18, expiries.first_ms);
  visit(19, expiries.last_ms);
}
constexpr uint64_t kLastExpiry = 19;

constexpr uint64_t kRangeTombstones = 20;
constexpr uint64_t kSpanBegin = 21;
constexpr uint64_t kSpanEnd = 22;
constexpr uint64_t kMergeOperator = 23;
constexpr uint64_t kOrigin = 27;
constexpr uint64_t kFamily = 29;
constexpr uint64_t kFamilyName = 30;

// Of field 27; never renumber.
enum class Origin : uint64_t { kExternal = 3 };

bool IsKnown(uint64_t number) {
  return (number > 0 && number <= kLastExpiry) || (number >= kRangeTombstones && number <= kMergeOperator) ||
         number == kOrigin || number == kFamily || number == kFamilyName;
}

std::string Encoded(const std::string& bytes) { return bytes; }
std::string Encoded(uint64_t number) {
  std::string bytes;
  base::AppendVarint(&bytes, number);
  return bytes;
}
std::string Encoded(key::SequenceNumber sequence) { return Encoded(key::Raw(sequence)); }
std::string Encoded(const NumberSet& numbers) {
  std::string bytes;
  numbers.AppendTo(&bytes);
  return bytes;
}

bool Decode(std::string_view from, std::string* bytes) {
  *bytes = from;
  return true;
}
bool Decode(std::string_view from, uint64_t* number) { return base::ReadVarint64(&from, number) && from.empty(); }
bool Decode(std::string_view from, key::SequenceNumber* sequence) {
  uint64_t number = 0;
  if (!Decode(from, &number) || number > key::Raw(key::kSequenceMax)) return false;
  *sequence = key::SequenceNumber{number};
  return true;
}
bool Decode(std::string_view from, NumberSet* numbers) { return NumberSet::FromBytes(from, numbers); }

void AppendExternal(const ExternalPart& external, std::string* to) {
  std::string origin = Encoded(static_cast<uint64_t>(Origin::kExternal));
  for (const std::string& range : external.range_deletes) base::AppendLengthPrefixed(&origin, range);
  base::AppendField(to, kOrigin, base::FieldNeed::kIgnorable, origin);
  if (!external.merge_operator.empty()) {
    base::AppendField(to, kMergeOperator, base::FieldNeed::kIgnorable, external.merge_operator);
  }
}

// False: they are no ranges.
bool ReadRangeDeletes(std::string_view from, std::vector<std::string>* ranges) {
  while (!from.empty()) {
    std::string_view encoded;
    if (!base::ReadLengthPrefixed(&from, &encoded)) return false;
    ranges->emplace_back(encoded);
    key::Range range;
    if (!key::ReadRange(&encoded, &range) || !encoded.empty()) return false;
  }
  return true;
}

}  // namespace

void Properties::AppendTo(std::string* to) const {
  VisitFields(*this, [to](uint64_t number, const auto& field) {
    base::AppendField(to, number, base::FieldNeed::kRequired, Encoded(field));
  });
  if (family != key::kDefaultFamily) {
    base::AppendField(to, kFamily, base::FieldNeed::kRequired, Encoded(uint64_t{key::Raw(family)}));
    base::AppendField(to, kFamilyName, base::FieldNeed::kRequired, family_name);
  }
  if (tombstone_span) {
    base::AppendField(to, kRangeTombstones, base::FieldNeed::kIgnorable, Encoded(info.entries));
    base::AppendField(to, kSpanBegin, base::FieldNeed::kRequired, tombstone_span->begin);
    base::AppendField(to, kSpanEnd, base::FieldNeed::kRequired, tombstone_span->end);
  }
  if (external) AppendExternal(*external, to);
  const auto append = [to](uint64_t number, const auto& field) {
    base::AppendField(to, number, base::FieldNeed::kIgnorable, Encoded(field));
  };
  if (!lineage.replaced.empty()) VisitLineage(lineage, append);
  if (info.expiries.entries > 0) VisitExpiries(info.expiries, append);
}

Result<Properties> Properties::FromBytes(std::string_view bytes) {
  std::array<std::string_view, kFamilyName + 1> values{};
  AMETHYST_TRY(base::ReadFields(bytes, "properties", [&values](uint64_t number, std::string_view content) {
    if (!IsKnown(number)) return base::FieldMatch::kUnknown;
    if (values[number].data() != nullptr) return base::FieldMatch::kMalformed;
    values[number] = content;
    return base::FieldMatch::kTaken;
  }));
  Properties properties;
  uint64_t bad = 0;
  VisitFields(properties, [&](uint64_t number, auto& field) {
    if (values[number].data() == nullptr || !Decode(values[number], &field)) bad = number;
  });
  const auto decode = [&](uint64_t number, auto& field) {
    if (!Decode(values[number], &field)) bad = number;
  };
  if (values[kLineageEnd].data() != nullptr) VisitLineage(properties.lineage, decode);
  if (values[kLastExpiry].data() != nullptr) VisitExpiries(properties.info.expiries, decode);
  if (values[kFamily].data() != nullptr) {
    uint64_t family = 0;
    if (!Decode(values[kFamily], &family) || family == 0 || family > UINT32_MAX) bad = kFamily;
    if (values[kFamilyName].empty()) bad = kFamilyName;
    properties.family = key::FamilyId{static_cast<uint32_t>(family)};
    properties.family_name = values[kFamilyName];
  }
  if (values[kSpanBegin].data() != nullptr || values[kSpanEnd].data() != nullptr) {
    if (values[kSpanBegin].empty() || values[kSpanEnd].empty()) bad = kSpanBegin;
    properties.tombstone_span = {.begin = std::string(values[kSpanBegin]), .end = std::string(values[kSpanEnd])};
  }
  if (std::string_view from = values[kOrigin]; from.data() != nullptr) {
    uint64_t origin = 0;
    if (!base::ReadVarint64(&from, &origin)) bad = kOrigin;
    if (origin == static_cast<uint64_t>(Origin::kExternal)) {
      properties.external.emplace();
      properties.external->merge_operator = values[kMergeOperator];
      if (!ReadRangeDeletes(from, &properties.external->range_deletes)) bad = kOrigin;
    }
  }
  if (bad != 0) return base::Corruption("property {} is missing or no number", bad);
  return properties;
}

}  // namespace amethyst::sstable
