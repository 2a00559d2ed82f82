// The functions of the addon that write: batches, filled one operation at a time and written by a task; and clear.
#pragma once

#include <optional>
#include <string_view>

#include "amethyst/write_batch.h"
#include "values.h"

namespace amethyst::node {

// (family), of which undefined is the default one: its operations go there, and are refused while that is not open.
napi_value NewBatch(napi_env env, napi_callback_info info);
napi_value BatchSetFamily(napi_env env,
                          napi_callback_info info);  // (batch, family): what is added from here on goes there
// (batch, key, value, ttl): how many bytes the batch has. The ttl is a number of milliseconds, Infinity, or undefined.
napi_value BatchPut(napi_env env, napi_callback_info info);
napi_value BatchMerge(napi_env env, napi_callback_info info);   // (batch, key, operand, ttl): likewise
napi_value BatchDelete(napi_env env, napi_callback_info info);  // (batch, key): how many bytes the batch has
// (batch, begin, end), of which undefined and null are an open side: how many bytes the batch has; undefined: the range
// is empty, and nothing was added.
napi_value BatchDeleteRange(napi_env env, napi_callback_info info);
napi_value BatchDeletePrefix(napi_env env, napi_callback_info info);  // (batch, prefix): how many bytes the batch has
// (batch, range options): likewise, without their limit; undefined: nothing was added, for the range is empty, or has a
// bound that is longer than any key.
napi_value BatchDeleteMatching(napi_env env, napi_callback_info info);
napi_value BatchClear(napi_env env, napi_callback_info info);  // (batch)
// (database, batch, sync, separate): a promise. The batch is empty from here on. `separate`: its operations are
// strangers to each other. If they fail together, each is tried alone, and the promise is of an array of Errors and
// undefined.
napi_value WriteBatch(napi_env env, napi_callback_info info);
napi_value Clear(napi_env env, napi_callback_info info);  // (database, range options, snapshot): a promise

// Of a number of milliseconds, infinity for ever; of anything else none of its own.
[[nodiscard]] Expiry ExpiryFrom(napi_env env, napi_value value);
// A bound of a range: of undefined or null an open side. False, with a pending exception: it is something else again.
[[nodiscard]] bool BoundFrom(napi_env env, napi_value value, Scratch* scratch, std::optional<std::string_view>* bound);

}  // namespace amethyst::node
