// What a log record says of a family, for those who read the log: that it was made, dropped or given a name.
//
//   action u8: 1 made, 2 dropped, 3 renamed | family id varint | name bytes varint | name
//
// Written behind the manifest's edit and before the first batch that names the family, and only where somebody reads
// the log; recovery goes by the manifest alone. Thread safety: plain values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "amethyst/error.h"
#include "key/types.h"

namespace amethyst::wal {

struct FamilyChange {
  enum class Action : uint8_t { kMade = 1, kDropped = 2, kRenamed = 3 };

  Action action{};
  key::FamilyId family{};
  std::string name;  // The one it has from then on; of one that was dropped, its last.

  void AppendTo(std::string* to) const;
  // kCorruption, without "where": it is none.
  [[nodiscard]] static Result<FamilyChange> FromBytes(std::string_view bytes);
  friend bool operator==(const FamilyChange&, const FamilyChange&) = default;
};

}  // namespace amethyst::wal
