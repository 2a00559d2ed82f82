// Bytes as hexadecimal text, and objects as redis-server 7.0.15 has dumped them. Thread safety: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace amethyst::server::rdb {

// "01ff" as two bytes, and back.
std::string FromHex(std::string_view hex);
std::string ToHex(std::string_view bytes);

// A DUMP of redis-server, footer included, and the commands that make its key `k` in an empty database.
struct GoldenDump {
  std::string name;
  std::string hex;
  std::vector<std::string> commands;
  // Ours writes the same bytes, with these settings.
  bool is_same_again = true;
  std::vector<std::pair<std::string, std::string>> settings{};
};
const std::vector<GoldenDump>& GoldenDumps();

}  // namespace amethyst::server::rdb
