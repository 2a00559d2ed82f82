// What the manifest says of a family of keys: its id, its name, and the settings that it was made with.
//
//   varint id | varint length, name | tagged fields:
//     1 comparator name  bytes, required
//     2 block bytes      varint          3 compression  varint          4 filter's rate of false positives  f64 as u64
//
// A setting that is absent is the database's. What is a function can not be written: of the comparator the manifest has
// the name, and each open is given the function again. Thread safety: plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "amethyst/error.h"
#include "amethyst/options.h"
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
  // Not written. nullopt: the comparator was not given, so that nothing of the family can be read.
  std::optional<key::Order> order{};

  void AppendTo(std::string* to) const;
  // Without the order. kNotSupported for an unknown setting that is required; kCorruption for anything else.
  [[nodiscard]] static Result<FamilyDescription> FromBytes(std::string_view bytes);

  // Of all that is written.
  friend bool operator==(const FamilyDescription& a, const FamilyDescription& b) {
    return a.id == b.id && a.name == b.name && a.comparator_name == b.comparator_name &&
           a.block_bytes == b.block_bytes && a.compression == b.compression &&
           a.filter_false_positive_rate == b.filter_false_positive_rate;
  }
};

}  // namespace amethyst::tree
