// What is behind the pointers of LevelDB's C interface, and how its functions tell errors.
// Thread safety: as what is inside.
#pragma once

#include <leveldb/c.h>
#include <leveldb/cache.h>
#include <leveldb/comparator.h>
#include <leveldb/db.h>
#include <leveldb/env.h>
#include <leveldb/filter_policy.h>
#include <leveldb/iterator.h>
#include <leveldb/options.h>
#include <leveldb/write_batch.h>

#include <string_view>

struct leveldb_t {
  leveldb::DB* database;
};
struct leveldb_iterator_t {
  leveldb::Iterator* iterator;
};
struct leveldb_snapshot_t {
  const leveldb::Snapshot* snapshot;
};
struct leveldb_writebatch_t {
  leveldb::WriteBatch batch;
};
struct leveldb_options_t {
  leveldb::Options options;
};
struct leveldb_readoptions_t {
  leveldb::ReadOptions options;
};
struct leveldb_writeoptions_t {
  leveldb::WriteOptions options;
};
struct leveldb_cache_t {
  leveldb::Cache* cache;
};
struct leveldb_logger_t {
  leveldb::Logger* logger;
};
struct leveldb_env_t {
  leveldb::Env* env;  // Env::Default.
};
struct leveldb_comparator_t : leveldb::Comparator {};
struct leveldb_filterpolicy_t : leveldb::FilterPolicy {
  // What the options are given: this, or what it only wraps.
  [[nodiscard]] virtual const leveldb::FilterPolicy* policy() const { return this; }
};

namespace amethyst::compat {

// True: `status` is an error, which now is in *message, in memory of malloc; what was there before is freed.
[[nodiscard]] bool TellError(char** message, const leveldb::Status& status);
// A copy in memory of malloc; with a terminating zero, or without.
[[nodiscard]] char* CopyText(std::string_view text);
[[nodiscard]] char* CopyBytes(std::string_view bytes);

}  // namespace amethyst::compat
