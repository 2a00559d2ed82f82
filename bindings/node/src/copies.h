// The functions of the addon that copy a database: checkpoints, and stores of backups, which are named by directory.
#pragma once

#include "values.h"

namespace amethyst::node {

napi_value Checkpoint(napi_env env, napi_callback_info info);     // (database, location)
napi_value CreateBackup(napi_env env, napi_callback_info info);   // (database, store): a number
napi_value ListBackups(napi_env env, napi_callback_info info);    // (store): objects
napi_value VerifyBackup(napi_env env, napi_callback_info info);   // (store, id)
napi_value RestoreBackup(napi_env env, napi_callback_info info);  // (store, id, location)
napi_value PruneBackups(napi_env env, napi_callback_info info);   // (store, keep): an object

}  // namespace amethyst::node
