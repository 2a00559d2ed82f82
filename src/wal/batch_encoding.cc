#include "wal/batch_encoding.h"

#include "base/error.h"

namespace amethyst::wal {

bool BatchReader::ReadRangeDelete(std::string_view rest, BatchEntry* entry) {
  const char* const begin = rest.data();
  key::Range range;
  if (!key::ReadRange(&rest, &range)) return false;
  entry->kind = key::EntryKind::kRangeDelete;
  entry->key = {};
  entry->value = {begin, static_cast<size_t>(rest.data() - begin)};
  rest_ = rest;
  return true;
}

Status BatchReader::status() const {
  if (rest_.empty()) return {};
  const size_t offset = bytes_ - rest_.size();
  std::string_view rest = rest_;
  uint32_t family = 0;
  if (ReadNumber(&rest, &family) && !rest.empty()) {
    const auto kind = static_cast<uint8_t>(rest.front());
    if (!key::IsKnownKind(kind) && kind != static_cast<uint8_t>(key::EntryKind::kRangeDelete)) {
      return base::NotSupported("batch, entry {} at {}: kind {} is not known to this build", count_, offset, kind);
    }
  }
  return base::Corruption("batch, entry {} at {}: expected a whole entry, found {} bytes that are none", count_, offset,
                          rest_.size());
}

bool HoldsOnlyDeletes(std::string_view batch) {
  BatchReader reader(batch);
  for (BatchEntry entry; reader.Next(&entry);) {
    if (key::IsLive(entry.kind)) return false;
  }
  return true;
}

}  // namespace amethyst::wal
