// Who may read the pages: requests that name this server, with the password where one is wanted.
//
// A page of another site may make a browser send requests here under that site's name, once its name server says that
// the name is ours (DNS rebinding). Such a request names a host that is no address, so it is refused.
// Thread safety: one thread, the loop's.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/http_request.h"
#include "net/http_response.h"

namespace amethyst::net {

// What the listener's owner has set.
struct HttpAccess {
  std::string password{};            // Of the user "default"; empty: nobody is asked for one.
  std::vector<std::string> names{};  // Hosts that requests may name, beside addresses and localhost.
};

class HttpGuard {
 public:
  // Is asked at each request, as settings may change.
  using Access = std::function<HttpAccess()>;
  // Of a listener that only this machine can reach, or one that others can reach.
  HttpGuard(Access access, bool is_loopback) : access_(std::move(access)), is_loopback_(is_loopback) {}
  // nullopt: it may pass.
  [[nodiscard]] std::optional<HttpResponse> Refuse(const HttpRequest& request) const;

 private:
  const Access access_;
  const bool is_loopback_;
};

}  // namespace amethyst::net
