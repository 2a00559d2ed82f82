#include "server/rdb/importer.h"

#include <algorithm>

#include "base/error.h"
#include "base/readable.h"
#include "server/keyspace/stored_key.h"
#include "server/rdb/restore.h"

namespace amethyst::server::rdb {

namespace {
constexpr size_t kBatchBytes = size_t{2} << 20;
constexpr size_t kEntryBytes = 64;  // That an entry takes in a batch beside its own bytes.
}  // namespace

Importer::Importer(Space& space, const Config& config, TimeMs now_ms, amethyst::Durability durability)
    : config_(config), now_ms_(now_ms), access_(space) {
  access_.SetDurability(durability);
  access_.Begin(0, now_ms_);
}

Status Importer::Commit() {
  AMETHYST_TRY(access_.Commit());
  access_.Begin(0, now_ms_);
  held_bytes_ = 0;
  return {};
}

// A list, a set, a sorted set or a hash.
Status Importer::PutSlices(const FileReader::Entry& entry) {
  const Value& value = entry.value;
  const size_t step = value.type == Type::kHash ? 2 : 1;
  for (size_t first = 0; first < value.strings.size();) {
    size_t end = first;
    size_t bytes = 0;
    while (end < value.strings.size() && bytes < kBatchBytes) {
      for (size_t i = 0; i < step; ++i) bytes += value.strings[end++].size() + kEntryBytes;
    }
    RestoreSlice(access_, entry.key, value, {.first = first, .count = end - first}, config_);
    first = end;
    held_bytes_ += bytes;
    if (held_bytes_ < kBatchBytes) continue;
    AMETHYST_TRY(Commit());
    access_.SetDatabase(entry.database);
  }
  return {};
}

Status Importer::PutValue(const FileReader::Entry& entry) {
  access_.SetDatabase(entry.database);
  StoredKey key(access_, entry.key);
  if (entry.value.type == Type::kString) {  // Most keys are: one look at what is there does for all.
    key.Put({.type = Type::kString, .expires_ms = entry.expires_ms, .body = entry.value.strings[0]});
    held_bytes_ += entry.raw.size() + kEntryBytes;
    return held_bytes_ < kBatchBytes ? access_.status() : Commit();
  }
  key.Erase();
  if (entry.value.type == Type::kStream) {
    AMETHYST_TRY(Commit());  // A large one goes in parts where nothing is before it.
    access_.SetDatabase(entry.database);
    RestoreValue(access_, entry.key, entry.value, config_);
    held_bytes_ += entry.raw.size() + kEntryBytes;
  } else {
    AMETHYST_TRY(PutSlices(entry));
  }
  if (entry.expires_ms != kNoExpiry) StoredKey(access_, entry.key).PutExpiry(entry.expires_ms);
  return held_bytes_ < kBatchBytes ? access_.status() : Commit();
}

Status Importer::Put(const FileReader::Entry& entry) {
  if (entry.expires_ms <= now_ms_) {
    ++expired_;
    return {};
  }
  ++keys_;
  const Status put = PutValue(entry);
  if (put) return {};
  return base::MakeError(put.error().code(), "key {}: {}", base::Shortened(entry.key, 80), put.error().message());
}

}  // namespace amethyst::server::rdb
