// The functions of the addon that read a range, a batch of entries at a time.
#pragma once

#include <memory>

#include "database.h"
#include "range.h"
#include "values.h"

namespace amethyst::node {

// An iterator over it; `options` as of NewIterator.
[[nodiscard]] napi_value NewWalk(napi_env env, std::shared_ptr<Database> database, RangeWalk walk, napi_value options);
napi_value NewIterator(napi_env env, napi_callback_info info);   // (database, options, snapshot)
napi_value IteratorSeek(napi_env env, napi_callback_info info);  // (iterator, target): takes effect with the next read
// (iterator, entries at most, bytes at about most): a promise of an array. Keys and values in turn, or those that are
// wanted: a string, or the size of a Buffer; then the memory of these Buffers, back to back; then whether that was the
// end. One read at a time.
napi_value IteratorRead(napi_env env, napi_callback_info info);
napi_value IteratorAbort(napi_env env, napi_callback_info info);  // (iterator): ends a read that is under way
napi_value IteratorClose(napi_env env, napi_callback_info info);  // (iterator)

}  // namespace amethyst::node
