// How finished tables come into a database: DB::Ingest. Thread safety: plain values.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "amethyst/family.h"

namespace amethyst {

enum class IngestMode : uint8_t {
  kLink,  // The file gets a second name, and must not be written to any more; copied where the file systems differ.
  kMove,  // The same, and its first name goes once the database has it.
  kCopy,
};

// From `begin` to the key before `end`; nullopt: that side is open.
struct KeyRange {
  std::optional<std::string> begin{};
  std::optional<std::string> end{};
};

// One file of a call over several families.
struct IngestedFile {
  std::filesystem::path path;
  std::optional<Family> family{};  // nullopt: the default one.
};

struct IngestOptions {
  // The tables' family; nullopt: the default one.
  std::optional<Family> family{};
  IngestMode mode = IngestMode::kLink;
  // What the family holds of these keys before is deleted in the same step.
  std::optional<KeyRange> replace{};
  // The tables may overlap: a later one is newer than one before it.
  bool in_order = false;
  // Read each table to its end first, and check every checksum. Without it their ends are checked, whatever their size;
  // damage of a block is found by the read that comes to it.
  bool verify = false;
};

}  // namespace amethyst
