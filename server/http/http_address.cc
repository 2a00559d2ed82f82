#include "server/http/http_address.h"

#include <arpa/inet.h>

#include <array>
#include <asio/ip/address.hpp>

#include "base/error.h"
#include "server/commands/numbers.h"

namespace amethyst::server {

std::string_view HostOf(std::string_view host) {
  if (host.starts_with('[')) {
    const size_t end = host.find(']');
    const bool ends_well = end != std::string_view::npos && (end + 1 == host.size() || host[end + 1] == ':');
    return ends_well ? host.substr(1, end - 1) : host;
  }
  return host.substr(0, host.rfind(':'));
}

bool IsNumericAddress(std::string_view text) {
  const std::string address(text);
  std::array<char, sizeof(in6_addr)> ignored;
  return inet_pton(AF_INET, address.c_str(), ignored.data()) == 1 ||
         inet_pton(AF_INET6, address.c_str(), ignored.data()) == 1;
}

bool IsLoopback(const std::string& address) {
  std::error_code error;
  const auto parsed = asio::ip::make_address(address, error);
  return !error && parsed.is_loopback();
}

Result<HttpAddress> ReadHttpAddress(std::string_view text) {
  std::string host(HostOf(text));
  if (EqualsIgnoringCase(host, "localhost")) host = "127.0.0.1";
  const size_t colon = text.rfind(':');
  const auto port = colon == std::string_view::npos ? std::nullopt : ReadInteger(text.substr(colon + 1));
  if (!IsNumericAddress(host) || !port || *port < 0 || *port > UINT16_MAX) {
    return base::InvalidArgument("http: '{}' is no address and port, as 127.0.0.1:6381 and [::1]:6381 are", text);
  }
  return HttpAddress{.host = std::move(host), .port = static_cast<uint16_t>(*port)};
}

}  // namespace amethyst::server
