// Writes the keys of a file of Redis into the keyspace, many to a batch. A key that is there is replaced; one that has
// expired is left out. Large collections take several batches. Thread safety: one thread at a time.
#pragma once

#include <cstdint>

#include "amethyst/options.h"
#include "server/config.h"
#include "server/keyspace/access.h"
#include "server/keyspace/space.h"
#include "server/rdb/rdb_file_reader.h"

namespace amethyst::server::rdb {

class Importer {
 public:
  // Both outlive this. `now_ms`: what expires until then has expired.
  Importer(Space& space, const Config& config, TimeMs now_ms,
           amethyst::Durability durability = amethyst::Durability::kBuffered);

  [[nodiscard]] Status Put(const FileReader::Entry& entry);
  // Writes what is held back.
  [[nodiscard]] Status Finish() { return Commit(); }

  [[nodiscard]] uint64_t keys() const { return keys_; }
  [[nodiscard]] uint64_t expired() const { return expired_; }

 private:
  [[nodiscard]] Status Commit();
  [[nodiscard]] Status PutValue(const FileReader::Entry& entry);
  [[nodiscard]] Status PutSlices(const FileReader::Entry& entry);

  const Config& config_;
  const TimeMs now_ms_;
  Access access_;
  size_t held_bytes_ = 0;
  uint64_t keys_ = 0;
  uint64_t expired_ = 0;
};

}  // namespace amethyst::server::rdb
