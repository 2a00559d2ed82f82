#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "compat/leveldb/c_objects.h"

using amethyst::compat::CopyBytes;
using amethyst::compat::CopyText;
using amethyst::compat::TellError;
using leveldb::Slice;

namespace amethyst::compat {

char* CopyBytes(std::string_view bytes) {
  auto* const copy = static_cast<char*>(std::malloc(bytes.empty() ? 1 : bytes.size()));
  if (copy != nullptr) std::memcpy(copy, bytes.data(), bytes.size());
  return copy;
}

char* CopyText(std::string_view text) { return CopyBytes(std::string(text) + '\0'); }

bool TellError(char** message, const leveldb::Status& status) {
  if (status.ok()) return false;
  std::free(*message);
  *message = CopyText(status.ToString());
  return true;
}

}  // namespace amethyst::compat

extern "C" {

leveldb_t* leveldb_open(const leveldb_options_t* options, const char* name, char** errptr) {
  leveldb::DB* database = nullptr;
  if (TellError(errptr, leveldb::DB::Open(options->options, name, &database))) return nullptr;
  return new leveldb_t{database};
}

void leveldb_close(leveldb_t* db) {
  delete db->database;
  delete db;
}

void leveldb_put(leveldb_t* db, const leveldb_writeoptions_t* options, const char* key, size_t keylen, const char* val,
                 size_t vallen, char** errptr) {
  static_cast<void>(TellError(errptr, db->database->Put(options->options, Slice(key, keylen), Slice(val, vallen))));
}

void leveldb_delete(leveldb_t* db, const leveldb_writeoptions_t* options, const char* key, size_t keylen,
                    char** errptr) {
  static_cast<void>(TellError(errptr, db->database->Delete(options->options, Slice(key, keylen))));
}

void leveldb_write(leveldb_t* db, const leveldb_writeoptions_t* options, leveldb_writebatch_t* batch, char** errptr) {
  static_cast<void>(TellError(errptr, db->database->Write(options->options, &batch->batch)));
}

char* leveldb_get(leveldb_t* db, const leveldb_readoptions_t* options, const char* key, size_t keylen, size_t* vallen,
                  char** errptr) {
  *vallen = 0;
  std::string value;
  const leveldb::Status status = db->database->Get(options->options, Slice(key, keylen), &value);
  if (status.IsNotFound() || TellError(errptr, status)) return nullptr;
  *vallen = value.size();
  return CopyBytes(value);
}

leveldb_iterator_t* leveldb_create_iterator(leveldb_t* db, const leveldb_readoptions_t* options) {
  return new leveldb_iterator_t{db->database->NewIterator(options->options)};
}

const leveldb_snapshot_t* leveldb_create_snapshot(leveldb_t* db) {
  return new leveldb_snapshot_t{db->database->GetSnapshot()};
}

void leveldb_release_snapshot(leveldb_t* db, const leveldb_snapshot_t* snapshot) {
  db->database->ReleaseSnapshot(snapshot->snapshot);
  delete snapshot;
}

char* leveldb_property_value(leveldb_t* db, const char* propname) {
  std::string value;
  return db->database->GetProperty(propname, &value) ? CopyText(value) : nullptr;
}

void leveldb_approximate_sizes(leveldb_t* db, int num_ranges, const char* const* range_start_key,
                               const size_t* range_start_key_len, const char* const* range_limit_key,
                               const size_t* range_limit_key_len, uint64_t* sizes) {
  std::vector<leveldb::Range> ranges;
  for (int i = 0; i < num_ranges; ++i) {
    ranges.emplace_back(Slice(range_start_key[i], range_start_key_len[i]),
                        Slice(range_limit_key[i], range_limit_key_len[i]));
  }
  db->database->GetApproximateSizes(ranges.data(), num_ranges, sizes);
}

void leveldb_compact_range(leveldb_t* db, const char* start_key, size_t start_key_len, const char* limit_key,
                           size_t limit_key_len) {
  const Slice begin(start_key, start_key_len);
  const Slice end(limit_key, limit_key_len);
  db->database->CompactRange(start_key != nullptr ? &begin : nullptr, limit_key != nullptr ? &end : nullptr);
}

void leveldb_destroy_db(const leveldb_options_t* options, const char* name, char** errptr) {
  static_cast<void>(TellError(errptr, leveldb::DestroyDB(name, options->options)));
}

void leveldb_repair_db(const leveldb_options_t* options, const char* name, char** errptr) {
  static_cast<void>(TellError(errptr, leveldb::RepairDB(name, options->options)));
}

void leveldb_free(void* ptr) { std::free(ptr); }
int leveldb_major_version(void) { return leveldb::kMajorVersion; }
int leveldb_minor_version(void) { return leveldb::kMinorVersion; }

}  // extern "C"
