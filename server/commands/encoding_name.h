// OBJECT ENCODING: the name that Redis would have for a value of this type and size. Pure function.
#pragma once

#include <string_view>

#include "server/keyspace/layout.h"

namespace amethyst::server {

[[nodiscard]] std::string_view EncodingName(const Record& record);

}  // namespace amethyst::server
