// The functions of RocksDB's C interface that the import calls, out of the library that is loaded when it is asked for:
// linked, it would make each start of the shell several times slower.
//
// Thread safety: constant after Load.
#pragma once

#include <dlfcn.h>
#include <rocksdb/c.h>

#include <cstdlib>
#include <memory>
#include <string>

namespace amethyst::cli {

#define AMETHYST_ROCKSDB_FUNCTIONS(apply)                                                                             \
  apply(options_create) apply(options_destroy) apply(options_set_wal_recovery_mode) apply(options_set_merge_operator) \
      apply(options_set_comparator) apply(comparator_create) apply(comparator_destroy) apply(mergeoperator_create)    \
          apply(list_column_families) apply(list_column_families_destroy) apply(open_for_read_only_column_families)   \
              apply(column_family_handle_destroy) apply(close) apply(readoptions_create) apply(readoptions_destroy)   \
                  apply(create_iterator_cf) apply(iter_destroy) apply(iter_seek_to_first) apply(iter_valid)           \
                      apply(iter_next) apply(iter_key) apply(iter_value) apply(iter_get_error)

class RocksDbLibrary {
 public:
  // nullptr: it cannot be loaded, or lacks a function; `why` says so. Loaded, it stays for good.
  [[nodiscard]] static std::unique_ptr<const RocksDbLibrary> Load(std::string* why) {
    void* const handle = dlopen(AMETHYST_ROCKSDB_LIBRARY, RTLD_NOW | RTLD_LOCAL);
    auto library = std::make_unique<RocksDbLibrary>();
    if (handle != nullptr && library->FindAll(handle)) return library;
    const char* const error = dlerror();
    *why = error != nullptr ? error : "a function is missing";
    return nullptr;
  }

#define AMETHYST_DECLARE(name) decltype(&rocksdb_##name) name = nullptr;
  AMETHYST_ROCKSDB_FUNCTIONS(AMETHYST_DECLARE)
#undef AMETHYST_DECLARE

 private:
  template <typename Function>
  static bool Find(void* handle, const char* name, Function* function) {
    *function = reinterpret_cast<Function>(dlsym(handle, name));
    return *function != nullptr;
  }
  bool FindAll(void* handle) {
#define AMETHYST_FIND(name) Find(handle, "rocksdb_" #name, &name)&&
    return AMETHYST_ROCKSDB_FUNCTIONS(AMETHYST_FIND) true;
#undef AMETHYST_FIND
  }
};

// The text of an error of RocksDB's, which is freed.
[[nodiscard]] inline std::string TakeText(char* error) {
  std::string text = error;
  std::free(error);
  return text;
}

}  // namespace amethyst::cli
