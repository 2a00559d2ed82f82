// The functions of the addon about databases as a whole.
#pragma once

#include "values.h"

namespace amethyst::node {

napi_value NewDatabase(napi_env env, napi_callback_info info);
napi_value Open(napi_env env, napi_callback_info info);             // (database, location, options)
napi_value Close(napi_env env, napi_callback_info info);            // (database)
napi_value Refresh(napi_env env, napi_callback_info info);          // (database)
napi_value ApproximateSize(napi_env env, napi_callback_info info);  // (database, begin, end)
napi_value CompactRange(napi_env env, napi_callback_info info);     // (database, begin, end)
napi_value GetStats(napi_env env, napi_callback_info info);         // (database): JSON
napi_value Destroy(napi_env env, napi_callback_info info);          // (location)
napi_value Repair(napi_env env, napi_callback_info info);           // (from, to)
napi_value NewSnapshot(napi_env env, napi_callback_info info);      // (database)
napi_value CloseSnapshot(napi_env env, napi_callback_info info);    // (snapshot)

}  // namespace amethyst::node
