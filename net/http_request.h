// A request of HTTP as a handler sees it. Thread safety: a value.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace amethyst::net {

struct HttpRequest {
  bool is_head = false;
  bool keeps_alive = false;                                  // The client may send another one on the same connection.
  std::string path{};                                        // Decoded; begins with "/".
  std::vector<std::pair<std::string, std::string>> query{};  // Decoded, in the request's order.
  std::string host{};                                        // As the header Host has it, with its port.
  std::string authorization{};
  std::string last_event_id{};  // Of a client that was connected to an event stream before.

  // The first parameter of that name.
  [[nodiscard]] std::optional<std::string_view> Query(std::string_view name) const {
    for (const auto& [key, value] : query) {
      if (key == name) return value;
    }
    return std::nullopt;
  }
};

}  // namespace amethyst::net
