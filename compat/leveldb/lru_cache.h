// NewLRUCache's cache: a map of its own for programs that use it as one, and, handed over in Options::block_cache, the
// memory budget that all databases opened with it share.
//
// Thread safety: any thread at once; deleters are called outside the lock.
#pragma once

#include <leveldb/cache.h>

#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "amethyst/components.h"

namespace amethyst::compat {

class LruCache final : public leveldb::Cache {
 public:
  explicit LruCache(size_t capacity = 0) : capacity_(capacity) {}
  ~LruCache() override;

  Handle* Insert(const leveldb::Slice& key, void* value, size_t charge,
                 void (*deleter)(const leveldb::Slice& key, void* value)) override;
  Handle* Lookup(const leveldb::Slice& key) override;
  void Release(Handle* handle) override;
  void* Value(Handle* handle) override;
  void Erase(const leveldb::Slice& key) override;
  uint64_t NewId() override;
  void Prune() override;
  size_t TotalCharge() const override;

  [[nodiscard]] size_t capacity() const { return capacity_; }
  // The budget of the databases opened with this cache: of `bytes`, if this is the first one.
  [[nodiscard]] std::shared_ptr<cache::MemoryBudget> Budget(size_t bytes);

 private:
  struct Entry : Handle {
    std::string key;
    void* value;
    size_t charge;
    void (*deleter)(const leveldb::Slice& key, void* value);
    uint32_t handles;                    // That callers hold.
    bool cached;                         // In map_.
    std::list<Entry*>::iterator in_lru;  // While it is cached and has no handles: nobody else keeps it.
  };
  using Entries = std::vector<Entry*>;

  // These run under the lock; what is to be deleted outside goes to `dead`.
  void Uncache(Entry* entry, Entries* dead);
  void Shrink(size_t target, Entries* dead);
  static void DeleteAll(const Entries& dead);

  const size_t capacity_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string_view, Entry*> map_;  // By the entries' own keys.
  std::list<Entry*> lru_;                             // Oldest first.
  size_t charge_ = 0;                                 // Of what is cached.
  uint64_t last_id_ = 0;
  std::shared_ptr<cache::MemoryBudget> budget_;
};

}  // namespace amethyst::compat
