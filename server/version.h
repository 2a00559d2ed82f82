// What the server says it is. Clients ask for Redis's version to know which commands there are.
#pragma once

#include <string_view>

namespace amethyst::server {

inline constexpr std::string_view kRedisVersion = "7.0.15";

}  // namespace amethyst::server
