// What DUMP answers and RESTORE takes: an object, and a footer that says whether it is whole.
//
//   [object][version u16][CRC-64 of all before it u64], little-endian
//
// Thread safety: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace amethyst::server::rdb {

// Adds the footer to an object.
void SealPayload(std::string* object);
// The object. nullopt: the payload is damaged, or of a newer version than ours.
[[nodiscard]] std::optional<std::string_view> OpenPayload(std::string_view payload);

}  // namespace amethyst::server::rdb
