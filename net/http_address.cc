#include "net/http_address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <array>
#include <asio/ip/address.hpp>
#include <boost/beast/core/string.hpp>
#include <charconv>

#include "base/error.h"

namespace amethyst::net {

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

bool IsSameWord(std::string_view a, std::string_view b) {
  return boost::beast::iequals({a.data(), a.size()}, {b.data(), b.size()});
}

bool IsLoopback(const std::string& address) {
  std::error_code error;
  const auto parsed = asio::ip::make_address(address, error);
  return !error && parsed.is_loopback();
}

Result<HttpAddress> ReadHttpAddress(std::string_view text) {
  std::string host(HostOf(text));
  if (IsSameWord(host, "localhost")) host = "127.0.0.1";
  const size_t colon = text.rfind(':');
  const std::string_view digits = colon == std::string_view::npos ? "" : text.substr(colon + 1);
  uint16_t port = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  const bool has_port = !digits.empty() && read.ec == std::errc() && read.ptr == digits.data() + digits.size();
  if (!IsNumericAddress(host) || !has_port) {
    return base::InvalidArgument("http: '{}' is no address and port, as 127.0.0.1:6381 and [::1]:6381 are", text);
  }
  return HttpAddress{.host = std::move(host), .port = port};
}

std::string UrlOf(const HttpAddress& at) {
  return at.host.contains(':') ? fmt::format("http://[{}]:{}/", at.host, at.port)
                               : fmt::format("http://{}:{}/", at.host, at.port);
}

}  // namespace amethyst::net
