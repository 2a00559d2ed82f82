#include "compat/leveldb/lru_cache.h"

#include "compat/leveldb/convert.h"

namespace amethyst::compat {

LruCache::~LruCache() {
  Entries dead;
  Shrink(0, &dead);
  DeleteAll(dead);
}

leveldb::Cache::Handle* LruCache::Insert(const leveldb::Slice& key, void* value, size_t charge,
                                         void (*deleter)(const leveldb::Slice& key, void* value)) {
  auto* const entry = new Entry{{}, key.ToString(), value, charge, deleter, 1, capacity_ > 0, {}};
  Entries dead;
  {
    const std::lock_guard lock(mutex_);
    if (entry->cached) {
      if (const auto old = map_.find(entry->key); old != map_.end()) Uncache(old->second, &dead);
      map_.emplace(entry->key, entry);
      charge_ += charge;
      Shrink(capacity_, &dead);
    }
  }
  DeleteAll(dead);
  return entry;
}

leveldb::Cache::Handle* LruCache::Lookup(const leveldb::Slice& key) {
  const std::lock_guard lock(mutex_);
  const auto found = map_.find(View(key));
  if (found == map_.end()) return nullptr;
  Entry* const entry = found->second;
  if (entry->handles++ == 0) lru_.erase(entry->in_lru);
  return entry;
}

void LruCache::Release(Handle* handle) {
  auto* const entry = static_cast<Entry*>(handle);
  Entries dead;
  {
    const std::lock_guard lock(mutex_);
    if (--entry->handles == 0) {
      if (!entry->cached) {
        dead.push_back(entry);
      } else {
        entry->in_lru = lru_.insert(lru_.end(), entry);
        Shrink(capacity_, &dead);
      }
    }
  }
  DeleteAll(dead);
}

void* LruCache::Value(Handle* handle) { return static_cast<Entry*>(handle)->value; }

void LruCache::Erase(const leveldb::Slice& key) {
  Entries dead;
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = map_.find(View(key)); found != map_.end()) Uncache(found->second, &dead);
  }
  DeleteAll(dead);
}

uint64_t LruCache::NewId() {
  const std::lock_guard lock(mutex_);
  return ++last_id_;
}

void LruCache::Prune() {
  Entries dead;
  {
    const std::lock_guard lock(mutex_);
    Shrink(0, &dead);
  }
  DeleteAll(dead);
}

size_t LruCache::TotalCharge() const {
  const std::lock_guard lock(mutex_);
  return charge_;
}

std::shared_ptr<cache::MemoryBudget> LruCache::Budget(size_t bytes) {
  const std::lock_guard lock(mutex_);
  if (budget_ == nullptr) budget_ = NewMemoryBudget(bytes);
  return budget_;
}

void LruCache::Uncache(Entry* entry, Entries* dead) {
  map_.erase(entry->key);
  charge_ -= entry->charge;
  entry->cached = false;
  if (entry->handles != 0) return;  // The last Release deletes it.
  lru_.erase(entry->in_lru);
  dead->push_back(entry);
}

void LruCache::Shrink(size_t target, Entries* dead) {
  while (charge_ > target && !lru_.empty()) Uncache(lru_.front(), dead);
  if (target == 0) {
    while (!lru_.empty()) Uncache(lru_.front(), dead);  // Also those that weigh nothing.
  }
}

void LruCache::DeleteAll(const Entries& dead) {
  for (Entry* const entry : dead) {
    entry->deleter(entry->key, entry->value);
    delete entry;
  }
}

}  // namespace amethyst::compat

namespace leveldb {

Cache::~Cache() = default;

Cache* NewLRUCache(size_t capacity) { return new amethyst::compat::LruCache(capacity); }

}  // namespace leveldb
