// The functions of the addon that write tables outside of a database, and take them in. A writer takes one call at a
// time: its JavaScript sees to that.
#pragma once

#include "values.h"

namespace amethyst::node {

napi_value NewTableWriter(napi_env env, napi_callback_info info);    // (location, options): a promise of a handle
napi_value AddToTable(napi_env env, napi_callback_info info);        // (writer, operations): a promise
napi_value FinishTable(napi_env env, napi_callback_info info);       // (writer): a promise of the count of entries
napi_value CloseTableWriter(napi_env env, napi_callback_info info);  // (writer): a promise
napi_value Ingest(napi_env env, napi_callback_info info);            // (database, locations, options): a promise

}  // namespace amethyst::node
