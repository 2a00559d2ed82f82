// The encoding of a batch, as commit inserts it and the log carries it; docs/format/wal.md shows the bytes.
//
//   entry:  family id varint (0: the default) | kind u8 | key bytes varint | key | [value bytes varint | value]
//   or:     family id varint | 3 | begin bound | end bound                                     (key/range.h)
//
// The value is there for the kinds that have one, as tables store it: with the moment first where it expires.
// BatchReader walks foreign bytes as safely as our own: it never reads past them and stops with an error at the first
// entry that is none. Thread safety: pure functions; a reader belongs to one thread and borrows the bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "amethyst/error.h"
#include "base/assert.h"
#include "base/coding.h"
#include "key/expiry.h"
#include "key/kind.h"
#include "key/range.h"

namespace amethyst::wal {

struct BatchEntry {
  uint32_t family = 0;
  key::EntryKind kind{};
  std::string_view key;
  std::string_view value;  // Empty for a kind without one; of a range delete its range, as it is encoded.

  // Of a range delete, read from a batch.
  [[nodiscard]] key::Range Range() const {
    key::Range range;
    std::string_view from = value;
    const bool is_whole = key::ReadRange(&from, &range) && from.empty();
    AMETHYST_ASSERT(kind == key::EntryKind::kRangeDelete && is_whole);
    return range;
  }
};

// A lower bound on what an entry takes: no batch holds more entries than its bytes over this.
inline constexpr size_t kBatchEntryBytesMin = 3;

template <typename Text>
inline void AppendBatchEntry(Text* to, const BatchEntry& entry) {
  AMETHYST_DCHECK(key::HasValue(entry.kind) || entry.value.empty() || entry.kind == key::EntryKind::kRangeDelete);
  char head[2 * base::kVarint64BytesMax + 1];
  char* end = base::StoreVarint(head, entry.family);
  *end++ = static_cast<char>(entry.kind);
  const bool is_range = entry.kind == key::EntryKind::kRangeDelete;
  if (!is_range) [[likely]]
    end = base::StoreVarint(end, entry.key.size());
  to->append(head, static_cast<size_t>(end - head));
  to->append(is_range ? entry.value : entry.key);
  if (key::HasValue(entry.kind)) base::AppendLengthPrefixed(to, entry.value);
}

//   BatchReader reader(payload);
//   for (BatchEntry entry; reader.Next(&entry);) ...
//   AMETHYST_TRY(reader.status());
class BatchReader {
 public:
  explicit BatchReader(std::string_view bytes) : rest_(bytes), bytes_(bytes.size()) {}

  // False at the end and at damage: status() tells which.
  [[nodiscard]] bool Next(BatchEntry* entry) {
    if (rest_.empty() || !Read(entry)) return false;
    ++count_;
    return true;
  }

  // OK at the end of whole entries; else kCorruption with the offset, or kNotSupported for a kind that this build does
  // not know. Whether the families are there is for the database to say.
  [[nodiscard]] Status status() const;
  // Entries read so far.
  [[nodiscard]] uint64_t count() const { return count_; }

 private:
  [[nodiscard]] bool Read(BatchEntry* entry) {
    std::string_view rest = rest_;
    if (!ReadNumber(&rest, &entry->family) || rest.empty()) return false;
    const auto kind = static_cast<uint8_t>(rest.front());
    rest.remove_prefix(1);
    if (kind == static_cast<uint8_t>(key::EntryKind::kRangeDelete)) [[unlikely]]
      return ReadRangeDelete(rest, entry);
    if (!key::IsKnownKind(kind) || !ReadBytes(&rest, &entry->key)) return false;
    entry->kind = static_cast<key::EntryKind>(kind);
    entry->value = {};
    if (key::HasValue(entry->kind) && !ReadBytes(&rest, &entry->value)) return false;
    if (!key::HoldsExpiry(entry->kind, entry->value.size())) return false;
    rest_ = rest;
    return true;
  }

  [[nodiscard]] bool ReadRangeDelete(std::string_view rest, BatchEntry* entry);

  // As base::ReadVarint32, without a call for the one byte that nearly all are.
  [[nodiscard]] static bool ReadNumber(std::string_view* from, uint32_t* value) {
    if (from->empty()) return false;
    if (const auto first = static_cast<uint8_t>(from->front()); first < 0x80) {
      *value = first;
      from->remove_prefix(1);
      return true;
    }
    return base::ReadVarint32(from, value);
  }

  [[nodiscard]] static bool ReadBytes(std::string_view* from, std::string_view* bytes) {
    uint32_t size;
    if (!ReadNumber(from, &size) || size > from->size()) return false;
    *bytes = {from->data(), size};
    from->remove_prefix(size);
    return true;
  }

  std::string_view rest_;
  size_t bytes_;
  uint64_t count_ = 0;
};

// Whether no entry of a valid batch is a put: such a batch lets space be freed.
[[nodiscard]] bool HoldsOnlyDeletes(std::string_view batch);

}  // namespace amethyst::wal
