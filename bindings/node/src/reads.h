// The functions of the addon that read by key.
#pragma once

#include "values.h"

namespace amethyst::node {

// How to read: bits of one number, which JavaScript passes faster than an object.
enum ReadFlag : uint32_t { kFillCache = 1, kBuffers = 2 };

// A snapshot that is undefined means now.
napi_value GetSync(napi_env env, napi_callback_info info);  // (database, key, flags, snapshot): value or undefined
// (database, key, flags): the same, as of now, but null where something would have to be read: it never waits.
napi_value TryGet(napi_env env, napi_callback_info info);
// (database, keys, flags, snapshot): a promise of an array of values, undefined or Errors, each for itself.
napi_value GetMany(napi_env env, napi_callback_info info);
// (database, keys, flags, snapshot): a promise of an array of booleans, or of the first error.
napi_value HasMany(napi_env env, napi_callback_info info);

}  // namespace amethyst::node
