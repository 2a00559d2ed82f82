// What the manifest says of a family of keys: its id, its name, and the settings that it was made with.
//
//   varint id | varint length, name | tagged fields:
//     1 comparator name  bytes, required
//     2 block bytes      varint          3 compression  varint          4 filter's rate of false positives  f64 as u64
//     5 name of the merge operator that operands are for, bytes, required
//     6 how long puts live, varint of milliseconds, required
//
// A setting that is absent is the database's; the last two: there are none. What is a function can not be written: of
// comparator and merge operator the manifest has the names, and each open is given the functions again. Thread safety:
// plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "amethyst/error.h"
#include "amethyst/options.h"
#include "key/operands.h"
#include "key/order.h"
#include "key/types.h"

namespace amethyst::tree {

inline constexpr std::string_view kDefaultFamilyName = "default";
inline constexpr size_t kFamilyNameBytesMax = 255;

struct FamilyDescription {
  key::FamilyId id{};
  std::string name{};
  std::string comparator_name{};
  std::optional<uint64_t> block_bytes{};
  std::optional<Compression> compression{};
  std::optional<double> filter_false_positive_rate{};
  uint64_t ttl_ms = 0;     // 0: for ever.
  key::Merging merging{};  // Written is the operator's name. Not used of the default family.
  std::shared_ptr<const CompactionFilter> compaction_filter{};  // Not written; nor used of the default family.
  // Not written. nullopt: the comparator was not given, so that nothing of the family can be read.
  std::optional<key::Order> order{};

  void AppendTo(std::string* to) const;
  // Without order and operator. kNotSupported for an unknown setting that is required; kCorruption for anything else.
  [[nodiscard]] static Result<FamilyDescription> FromBytes(std::string_view bytes);

  // Of all that is written.
  friend bool operator==(const FamilyDescription& a, const FamilyDescription& b) {
    return a.id == b.id && a.name == b.name && a.comparator_name == b.comparator_name &&
           a.block_bytes == b.block_bytes && a.compression == b.compression &&
           a.filter_false_positive_rate == b.filter_false_positive_rate && a.ttl_ms == b.ttl_ms &&
           a.merging.operator_name == b.merging.operator_name;
  }
};

}  // namespace amethyst::tree
