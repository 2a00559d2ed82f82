// The functions of the addon about families, and the settings that a family and a database have in common.
#pragma once

#include <optional>

#include "amethyst/amethyst.h"
#include "values.h"

namespace amethyst::node {

// Of `mergeOperator` and `ttl` (milliseconds) of an options object. False, with a pending exception: one is wrong.
[[nodiscard]] bool ReadMergeAndTtl(napi_env env, napi_value object, FamilyOptions* options);
// All settings of a family. nullopt, with a pending exception: one is wrong.
[[nodiscard]] std::optional<FamilyOptions> FamilyOptionsFrom(napi_env env, napi_value object);

napi_value CreateFamily(napi_env env, napi_callback_info info);  // (database, name, options): a promise
// (family, database, name): a handle that newDatabase made becomes one of that family. Throws if the name is unknown.
napi_value OpenFamily(napi_env env, napi_callback_info info);
napi_value DropFamily(napi_env env, napi_callback_info info);   // (database, name): a promise
napi_value FamilyNames(napi_env env, napi_callback_info info);  // (database): an array

}  // namespace amethyst::node
