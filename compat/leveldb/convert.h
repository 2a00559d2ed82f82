// Between LevelDB's types and Amethyst's: bytes, errors, settings of single calls.
//
// Texts of errors are LevelDB's where callers are known to look at them. Thread safety: pure functions.
#pragma once

#include <leveldb/db.h>
#include <leveldb/options.h>
#include <leveldb/slice.h>
#include <leveldb/status.h>

#include <string>
#include <string_view>
#include <utility>

#include "amethyst/amethyst.h"

namespace amethyst::compat {

[[nodiscard]] inline std::string_view View(const leveldb::Slice& slice) { return {slice.data(), slice.size()}; }
[[nodiscard]] inline leveldb::Slice Slice(std::string_view view) { return {view.data(), view.size()}; }

[[nodiscard]] leveldb::Status StatusOf(const Error& error);
[[nodiscard]] inline leveldb::Status StatusOf(const amethyst::Status& status) {
  return status ? leveldb::Status::OK() : StatusOf(status.error());
}

[[nodiscard]] inline WriteOptions Settings(const leveldb::WriteOptions& options) {
  return {.durability = options.sync ? Durability::kSync : Durability::kBuffered};
}

// A snapshot as programs hold it.
class HeldSnapshot final : public leveldb::Snapshot {
 public:
  explicit HeldSnapshot(amethyst::Snapshot snapshot) : snapshot_(std::move(snapshot)) {}
  ~HeldSnapshot() override = default;
  [[nodiscard]] const amethyst::Snapshot& snapshot() const { return snapshot_; }

 private:
  const amethyst::Snapshot snapshot_;
};

[[nodiscard]] inline ReadOptions Settings(const leveldb::ReadOptions& options) {
  ReadOptions settings;
  if (options.snapshot != nullptr) settings.snapshot = &static_cast<const HeldSnapshot*>(options.snapshot)->snapshot();
  settings.fill_cache = options.fill_cache;
  return settings;
}

}  // namespace amethyst::compat
