// Addresses: where HTTP listens, what hosts requests name, whom an address lets in. Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "amethyst/error.h"

namespace amethyst::net {

struct HttpAddress {
  std::string host;  // Numeric, without brackets.
  uint16_t port = 0;
};
// "127.0.0.1:6381", "[::1]:6381", "localhost:6381". kInvalidArgument: it is no such thing.
[[nodiscard]] Result<HttpAddress> ReadHttpAddress(std::string_view text);
// "http://127.0.0.1:6381/", as a browser opens it.
[[nodiscard]] std::string UrlOf(const HttpAddress& at);

// Without the port and the brackets: a view into `host`.
[[nodiscard]] std::string_view HostOf(std::string_view host);
// Names of hosts and of schemes are the same in capital and in small letters.
[[nodiscard]] bool IsSameWord(std::string_view a, std::string_view b);
// An IPv4 address with its four numbers, or an IPv6 address.
[[nodiscard]] bool IsNumericAddress(std::string_view text);
// Whether only this machine can reach the address.
[[nodiscard]] bool IsLoopback(const std::string& address);

}  // namespace amethyst::net
