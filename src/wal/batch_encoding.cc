#include "wal/batch_encoding.h"

#include "base/error.h"

namespace amethyst::wal {

Status BatchReader::status() const {
  if (rest_.empty()) return {};
  const size_t offset = bytes_ - rest_.size();
  std::string_view rest = rest_;
  uint32_t family = 0;
  if (ReadNumber(&rest, &family) && !rest.empty() && !key::IsKnownKind(static_cast<uint8_t>(rest.front()))) {
    return base::NotSupported("batch, entry {} at {}: kind {} is not known to this build", count_, offset,
                              static_cast<uint8_t>(rest.front()));
  }
  return base::Corruption("batch, entry {} at {}: expected a whole entry, found {} bytes that are none", count_, offset,
                          rest_.size());
}

}  // namespace amethyst::wal
