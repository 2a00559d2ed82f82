// The parts that a program of the C interface can hand over: comparators, filter policies, caches, Envs.
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "compat/leveldb/c_objects.h"

using leveldb::Slice;

namespace {

// Both hold a state of the caller's, which goes with them.
class State {
 public:
  State(void* state, void (*destructor)(void*)) : state_(state), destructor_(destructor) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { destructor_(state_); }
  [[nodiscard]] void* get() const { return state_; }

 private:
  void* const state_;
  void (*const destructor_)(void*);
};

class CallbackComparator final : public leveldb_comparator_t {
 public:
  using CompareFunction = int (*)(void*, const char*, size_t, const char*, size_t);
  using NameFunction = const char* (*)(void*);
  CallbackComparator(void* state, void (*destructor)(void*), CompareFunction compare, NameFunction name)
      : state_(state, destructor), compare_(compare), name_(name) {}

  int Compare(const Slice& a, const Slice& b) const override {
    return compare_(state_.get(), a.data(), a.size(), b.data(), b.size());
  }
  const char* Name() const override { return name_(state_.get()); }
  void FindShortestSeparator(std::string*, const Slice&) const override {}  // The key itself is one.
  void FindShortSuccessor(std::string*) const override {}

 private:
  const State state_;
  const CompareFunction compare_;
  const NameFunction name_;
};

class CallbackFilterPolicy final : public leveldb_filterpolicy_t {
 public:
  using CreateFunction = char* (*)(void*, const char* const*, const size_t*, int, size_t*);
  using MatchFunction = uint8_t (*)(void*, const char*, size_t, const char*, size_t);
  using NameFunction = const char* (*)(void*);
  struct Functions {
    CreateFunction create;
    MatchFunction match;
    NameFunction name;
  };
  CallbackFilterPolicy(void* state, void (*destructor)(void*), const Functions& functions)
      : state_(state, destructor), functions_(functions) {}

  const char* Name() const override { return functions_.name(state_.get()); }
  void CreateFilter(const Slice* keys, int n, std::string* dst) const override {
    std::vector<const char*> pointers;
    std::vector<size_t> lengths;
    for (int i = 0; i < n; ++i) {
      pointers.push_back(keys[i].data());
      lengths.push_back(keys[i].size());
    }
    size_t bytes = 0;
    char* const filter = functions_.create(state_.get(), pointers.data(), lengths.data(), n, &bytes);
    dst->append(filter, bytes);
    std::free(filter);
  }
  bool KeyMayMatch(const Slice& key, const Slice& filter) const override {
    return functions_.match(state_.get(), key.data(), key.size(), filter.data(), filter.size()) != 0;
  }

 private:
  const State state_;
  const Functions functions_;
};

class BloomWrapper final : public leveldb_filterpolicy_t {
 public:
  explicit BloomWrapper(int bits_per_key) : bloom_(leveldb::NewBloomFilterPolicy(bits_per_key)) {}
  const char* Name() const override { return bloom_->Name(); }
  void CreateFilter(const Slice* keys, int n, std::string* dst) const override { bloom_->CreateFilter(keys, n, dst); }
  bool KeyMayMatch(const Slice& key, const Slice& filter) const override { return bloom_->KeyMayMatch(key, filter); }
  const leveldb::FilterPolicy* policy() const override { return bloom_.get(); }

 private:
  const std::unique_ptr<const leveldb::FilterPolicy> bloom_;
};

}  // namespace

extern "C" {

leveldb_comparator_t* leveldb_comparator_create(void* state, void (*destructor)(void*),
                                                int (*compare)(void*, const char* a, size_t alen, const char* b,
                                                               size_t blen),
                                                const char* (*name)(void*)) {
  return new CallbackComparator(state, destructor, compare, name);
}
void leveldb_comparator_destroy(leveldb_comparator_t* cmp) { delete cmp; }

leveldb_filterpolicy_t* leveldb_filterpolicy_create(void* state, void (*destructor)(void*),
                                                    char* (*create_filter)(void*, const char* const* key_array,
                                                                           const size_t* key_length_array, int num_keys,
                                                                           size_t* filter_length),
                                                    uint8_t (*key_may_match)(void*, const char* key, size_t length,
                                                                             const char* filter, size_t filter_length),
                                                    const char* (*name)(void*)) {
  return new CallbackFilterPolicy(state, destructor, {.create = create_filter, .match = key_may_match, .name = name});
}
void leveldb_filterpolicy_destroy(leveldb_filterpolicy_t* filter) { delete filter; }
leveldb_filterpolicy_t* leveldb_filterpolicy_create_bloom(int bits_per_key) { return new BloomWrapper(bits_per_key); }

leveldb_cache_t* leveldb_cache_create_lru(size_t capacity) {
  return new leveldb_cache_t{leveldb::NewLRUCache(capacity)};
}
void leveldb_cache_destroy(leveldb_cache_t* cache) {
  delete cache->cache;
  delete cache;
}

leveldb_env_t* leveldb_create_default_env(void) { return new leveldb_env_t{leveldb::Env::Default()}; }
void leveldb_env_destroy(leveldb_env_t* env) { delete env; }
char* leveldb_env_get_test_directory(leveldb_env_t* env) {
  std::string path;
  if (!env->env->GetTestDirectory(&path).ok()) return nullptr;
  return amethyst::compat::CopyText(path);
}

}  // extern "C"
