// The functions of the addon that write: batches, filled one operation at a time and written by a task; and clear.
#pragma once

#include "values.h"

namespace amethyst::node {

napi_value NewBatch(napi_env env, napi_callback_info info);     // ()
napi_value BatchPut(napi_env env, napi_callback_info info);     // (batch, key, value): how many bytes the batch has
napi_value BatchDelete(napi_env env, napi_callback_info info);  // (batch, key): how many bytes the batch has
napi_value BatchClear(napi_env env, napi_callback_info info);   // (batch)
// (database, batch, sync, separate): a promise. The batch is empty from here on. `separate`: its operations are
// strangers to each other. If they fail together, each is tried alone, and the promise is of an array of Errors and
// undefined.
napi_value WriteBatch(napi_env env, napi_callback_info info);
napi_value Clear(napi_env env, napi_callback_info info);  // (database, range options, snapshot): a promise

}  // namespace amethyst::node
