#include "tree/table_details.h"

#include <utility>

#include "base/assert.h"
#include "base/coding.h"
#include "base/tagged_fields.h"
#include "tree/edit_fields.h"

namespace amethyst::tree {
namespace {

// On disk; never renumber.
enum Detail : uint64_t {
  kFamilyDetail = 1,
  kTombstonesDetail = 2,
  kCleanThroughDetail = 3,
  kExpiriesDetail = 4,
  kWrittenDetail = 5,
  kSequenceBaseDetail = 6
};

bool ReadExpiries(std::string_view* from, key::Expiries* expiries) {
  return base::ReadVarint64(from, &expiries->entries) && base::ReadVarint64(from, &expiries->first_ms) &&
         base::ReadVarint64(from, &expiries->last_ms) && expiries->entries > 0 &&
         expiries->first_ms <= expiries->last_ms;
}

// False: the value is not that of the detail.
bool ReadDetail(uint64_t field, std::string_view* value, TableDetails* details) {
  switch (field) {
    case kFamilyDetail: return details->family == key::kDefaultFamily && ReadFamilyId(value, &details->family);
    case kTombstonesDetail: return !std::exchange(details->holds_tombstones, true);
    case kCleanThroughDetail:
      return details->clean_through == key::SequenceNumber{} && ReadSequence(value, &details->clean_through);
    case kExpiriesDetail: return details->expiries == key::Expiries() && ReadExpiries(value, &details->expiries);
    case kSequenceBaseDetail:
      return details->sequence_base == key::SequenceNumber{} && ReadSequence(value, &details->sequence_base);
    default: return details->written_s == 0 && ReadSeconds(value, &details->written_s) && details->written_s != 0;
  }
}

}  // namespace

std::string TableDetails::Encoded() const {
  std::string bytes;
  if (family != key::kDefaultFamily) {
    base::AppendField(&bytes, kFamilyDetail, base::FieldNeed::kRequired, Varints({key::Raw(family)}));
  }
  if (holds_tombstones) base::AppendField(&bytes, kTombstonesDetail, base::FieldNeed::kRequired, {});
  if (clean_through != key::SequenceNumber{}) {
    base::AppendField(&bytes, kCleanThroughDetail, base::FieldNeed::kIgnorable, Varints({key::Raw(clean_through)}));
  }
  AMETHYST_ASSERT(expiries.entries == 0 || expiries.first_ms <= expiries.last_ms);  // Else it could not be read.
  if (expiries.entries > 0) {
    base::AppendField(&bytes, kExpiriesDetail, base::FieldNeed::kIgnorable,
                      Varints({expiries.entries, expiries.first_ms, expiries.last_ms}));
  }
  if (written_s != 0) {
    base::AppendField(&bytes, kWrittenDetail, base::FieldNeed::kIgnorable, Varints({written_s}));
  }
  if (sequence_base != key::SequenceNumber{}) {
    base::AppendField(&bytes, kSequenceBaseDetail, base::FieldNeed::kRequired, Varints({key::Raw(sequence_base)}));
  }
  return bytes;
}

Status TableDetails::Read(std::string_view bytes) {
  return base::ReadFields(bytes, "details of a table", [this](uint64_t field, std::string_view value) {
    if (field < kFamilyDetail || field > kSequenceBaseDetail) return base::FieldMatch::kUnknown;
    const bool fits = ReadDetail(field, &value, this) && value.empty();
    return fits ? base::FieldMatch::kTaken : base::FieldMatch::kMalformed;
  });
}

}  // namespace amethyst::tree
