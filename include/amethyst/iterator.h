// An ordered walk over a database as of one moment, both ways.
//
// What it reads stays alive under it, however much is written or compacted meanwhile. When the
// database is closed first, the current key and value stay valid and the next move ends the walk
// with kClosed. Thread safety: one thread at a time. Move-only.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "amethyst/error.h"

namespace amethyst {

// An entry where it lies.
struct EntryView {
  std::string_view key;
  std::string_view value;
};

namespace engine {

// What an iterator shows now; the part of it that is read without a call.
struct IteratorPosition {
  std::string_view key;
  std::string_view value;
  bool valid = false;
  uint64_t expires_ms = UINT64_MAX;  // UINT64_MAX: never.
};

class DbIterator;

}  // namespace engine

class Iterator {
 public:
  explicit Iterator(std::unique_ptr<engine::DbIterator> impl);  // Null: there was no memory for one.
  Iterator(Iterator&&) noexcept;
  Iterator& operator=(Iterator&&) noexcept;
  ~Iterator();

  void SeekToFirst();
  void SeekToLast();
  // To the first key at or after `target`, and to the last key at or before it. `target` may be key().
  void Seek(std::string_view target);
  void SeekForPrev(std::string_view target);

  // One step; only while Valid.
  void Next();
  void Prev();

  // The entry that is shown and those behind it, as many as lie ready and `room` has place for; then the iterator is on
  // the last of them, and the next move goes on from there:
  //   EntryView room[256];
  //   for (it.SeekToFirst(); it.Valid(); it.Next()) {
  //     for (const EntryView& entry : it.NextBatch(room)) Use(entry.key, entry.value);
  //   }
  // That costs a fraction of as many steps. Keys and values together are at most `bytes_max`, unless the first entry
  // alone is greater. The views are valid until the next move or seek. What expires comes alone, so expires_at() is
  // true of all. Reads no file; empty unless Valid.
  std::span<const EntryView> NextBatch(std::span<EntryView> room, size_t bytes_max = SIZE_MAX);
  // The same backward: those before the entry that is shown, in descending order; Prev goes on from there.
  std::span<const EntryView> PrevBatch(std::span<EntryView> room, size_t bytes_max = SIZE_MAX);

  // Of one made with ReadOptions::memory_only a move that would have to read a file ends with kBusy, and moves nothing.
  // It can be repeated: a seek by the same call, a step by Next or Prev, which go on from where it was though Valid is
  // false. So may another thread, which turns memory_only off for the move and on again behind it; unless fill_cache is
  // off, what it has read is in the cache from then on.
  void SetMemoryOnly(bool memory_only);

  // False at the end, before the first seek, and after an error: ask status() which it is.
  [[nodiscard]] bool Valid() const { return position_->valid; }
  // Only while Valid; the views are valid until the next move or seek.
  [[nodiscard]] std::string_view key() const { return position_->key; }
  [[nodiscard]] std::string_view value() const { return position_->value; }
  // nullopt: it does not expire, or was merged from entries that may. Only while Valid.
  [[nodiscard]] std::optional<std::chrono::system_clock::time_point> expires_at() const;
  [[nodiscard]] Status status() const;

 private:
  std::unique_ptr<engine::DbIterator> impl_;
  const engine::IteratorPosition* position_;
};

}  // namespace amethyst
