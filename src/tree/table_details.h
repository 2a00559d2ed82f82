// The details of a table that have a field each in a version edit: most tables need none.
//
// Tagged fields, as tree/version_edit.h tells them. Thread safety: plain values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "amethyst/error.h"
#include "key/expiry.h"
#include "key/types.h"

namespace amethyst::tree {

struct TableDetails {
  key::FamilyId family{};
  bool holds_tombstones = false;
  key::SequenceNumber clean_through{};
  key::Expiries expiries{};
  uint64_t written_s = 0;
  key::SequenceNumber sequence_base{};

  [[nodiscard]] std::string Encoded() const;
  // Of details that have none so far. As the errors of VersionEdit::FromBytes.
  [[nodiscard]] Status Read(std::string_view bytes);
  friend bool operator==(const TableDetails&, const TableDetails&) = default;
};

}  // namespace amethyst::tree
