#include "compat/leveldb/c_objects.h"

using amethyst::compat::TellError;
using leveldb::Slice;

extern "C" {

void leveldb_iter_destroy(leveldb_iterator_t* iter) {
  delete iter->iterator;
  delete iter;
}

uint8_t leveldb_iter_valid(const leveldb_iterator_t* iter) { return iter->iterator->Valid() ? 1 : 0; }
void leveldb_iter_seek_to_first(leveldb_iterator_t* iter) { iter->iterator->SeekToFirst(); }
void leveldb_iter_seek_to_last(leveldb_iterator_t* iter) { iter->iterator->SeekToLast(); }
void leveldb_iter_seek(leveldb_iterator_t* iter, const char* k, size_t klen) { iter->iterator->Seek(Slice(k, klen)); }
void leveldb_iter_next(leveldb_iterator_t* iter) { iter->iterator->Next(); }
void leveldb_iter_prev(leveldb_iterator_t* iter) { iter->iterator->Prev(); }

const char* leveldb_iter_key(const leveldb_iterator_t* iter, size_t* klen) {
  const Slice key = iter->iterator->key();
  *klen = key.size();
  return key.data();
}

const char* leveldb_iter_value(const leveldb_iterator_t* iter, size_t* vlen) {
  const Slice value = iter->iterator->value();
  *vlen = value.size();
  return value.data();
}

void leveldb_iter_get_error(const leveldb_iterator_t* iter, char** errptr) {
  static_cast<void>(TellError(errptr, iter->iterator->status()));
}

leveldb_writebatch_t* leveldb_writebatch_create(void) { return new leveldb_writebatch_t; }
void leveldb_writebatch_destroy(leveldb_writebatch_t* b) { delete b; }
void leveldb_writebatch_clear(leveldb_writebatch_t* b) { b->batch.Clear(); }

void leveldb_writebatch_put(leveldb_writebatch_t* b, const char* key, size_t klen, const char* val, size_t vlen) {
  b->batch.Put(Slice(key, klen), Slice(val, vlen));
}

void leveldb_writebatch_delete(leveldb_writebatch_t* b, const char* key, size_t klen) {
  b->batch.Delete(Slice(key, klen));
}

void leveldb_writebatch_iterate(const leveldb_writebatch_t* b, void* state,
                                void (*put)(void*, const char* k, size_t klen, const char* v, size_t vlen),
                                void (*deleted)(void*, const char* k, size_t klen)) {
  class Caller final : public leveldb::WriteBatch::Handler {
   public:
    Caller(void* caller_state, decltype(put) on_put, decltype(deleted) on_delete)
        : state_(caller_state), on_put_(on_put), on_delete_(on_delete) {}
    void Put(const Slice& key, const Slice& value) override {
      on_put_(state_, key.data(), key.size(), value.data(), value.size());
    }
    void Delete(const Slice& key) override { on_delete_(state_, key.data(), key.size()); }

   private:
    void* const state_;
    const decltype(put) on_put_;
    const decltype(deleted) on_delete_;
  };
  Caller caller(state, put, deleted);
  static_cast<void>(b->batch.Iterate(&caller));  // Of its own making: it has no error that the caller could be told.
}

void leveldb_writebatch_append(leveldb_writebatch_t* destination, const leveldb_writebatch_t* source) {
  destination->batch.Append(source->batch);
}

}  // extern "C"
