#include "server/rdb/dump_payload.h"

#include "base/coding.h"
#include "server/rdb/crc64.h"
#include "server/rdb/rdb_format.h"

namespace amethyst::server::rdb {

namespace {
constexpr size_t kVersionBytes = 2;
constexpr size_t kChecksumBytes = 8;
}  // namespace

void SealPayload(std::string* object) {
  base::AppendFixed(object, kVersion);
  base::AppendFixed(object, Crc64(*object));
}

// A checksum of 0 means "none" in Redis's files; here it is as wrong as any other.
std::optional<std::string_view> OpenPayload(std::string_view payload) {
  if (payload.size() < kVersionBytes + kChecksumBytes) return {};
  const std::string_view checked = payload.substr(0, payload.size() - kChecksumBytes);
  const std::string_view object = checked.substr(0, checked.size() - kVersionBytes);
  if (base::LoadFixed<uint16_t>(checked.data() + object.size()) > kVersion) return {};
  if (base::LoadFixed<uint64_t>(payload.data() + checked.size()) != Crc64(checked)) return {};
  return object;
}

}  // namespace amethyst::server::rdb
