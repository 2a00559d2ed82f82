// Reads a stream as Redis writes it: nodes of entries in listpacks, then what is known of the whole, then the groups.
//
//   [nodes length] ([raw id string][listpack string])*
//   [entries length][last id]  and of the newer form  [first id][max deleted id][entries added length]
//   [groups length] (
//     [name string][last delivered id]  and of the newer form  [entries read length]
//     [pending length] ([raw id][delivered ms u64][deliveries length])*
//     [consumers length] ([name string][seen ms u64][pending length] ([raw id])*)* )*
//
//   listpack  [entries][deleted entries][fields n] field*n [0]  and for each entry
//             [flags][ms - ms of the node][seq - seq of the node] and its strings, and how many elements it has.
//             Of an entry with the fields of the node: value*n; else [fields m] (field, value)*m
//
// A raw id is two big-endian u64, any other id two lengths. Pure function.
#pragma once

#include "server/rdb/rdb_input.h"
#include "server/rdb/rdb_value.h"

namespace amethyst::server::rdb {

// `is_newer`: as of Redis 7.0. False: the input holds none.
[[nodiscard]] bool TakeStream(Input* input, bool is_newer, Value* value);

}  // namespace amethyst::server::rdb
