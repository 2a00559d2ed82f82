// Reads one value as Redis writes it, in every encoding that Redis 7.0 reads, modules excepted. The bytes may be
// anybody's: each length is checked, and a value that breaks a rule of its type is none. Pure function.
#pragma once

#include <optional>
#include <string_view>

#include "server/rdb/rdb_format.h"
#include "server/rdb/rdb_input.h"
#include "server/rdb/rdb_value.h"

namespace amethyst::server::rdb {

// The object behind its type. The value points into the input's bytes and arena. False: they are none, or as
// Input::missing_bytes says, not all of them are there.
[[nodiscard]] bool TakeValue(Input* input, ObjectType type, Value* value);
// Type and object, nothing behind them. The value points into the bytes. nullopt: they are none.
[[nodiscard]] std::optional<Value> ReadObject(std::string_view bytes);

}  // namespace amethyst::server::rdb
