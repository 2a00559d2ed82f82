// What a backup is: the state of a database as of one moment, and the hash of every table's file.
//
//    0  magic "AMETHBAK"
//    8  format version u32, then u32 zero
//   16  payload: tagged fields (base/tagged_fields.h)
//    n  base::Hash64 of all before it
//
//    1 id          varint
//    2 created     varint: milliseconds since 1970
//    3 state       a version edit, the one that makes the database (docs/format/manifest.md)
//    4 table       varint number, u64 hash of the file; as many as the state adds
//    5 new bytes   varint, ignorable
//
// Fields are required but the last. Thread safety: plain values.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "amethyst/error.h"
#include "key/types.h"
#include "tree/version_edit.h"

namespace amethyst::backup {

struct BackupRecord {
  uint64_t id = 0;
  uint64_t created_ms = 0;
  tree::VersionEdit state;
  std::map<key::FileNumber, uint64_t> hashes;  // Of each table that the state adds.
  uint64_t new_bytes = 0;

  [[nodiscard]] std::string Encode() const;
  // Errors do not name the file: kNotSupported for a newer format, kCorruption for anything else.
  [[nodiscard]] static Result<BackupRecord> FromBytes(std::string_view bytes);

  // Of all its tables.
  [[nodiscard]] uint64_t bytes() const;
};

}  // namespace amethyst::backup
