// Who may read the pages: requests that name this server, with the password where one is wanted.
//
// A page of another site may make a browser send requests here under that site's name, once its name server says that
// the name is ours (DNS rebinding). Such a request names a host that is no address, so it is refused.
// Thread safety: one thread, the server's loop.
#pragma once

#include <optional>
#include <string_view>

#include "server/config.h"
#include "server/http/http_request.h"
#include "server/http/http_response.h"

namespace amethyst::server {

class HttpGuard {
 public:
  // Of a listener that only this machine can reach, or one that others can reach. `config` outlives this.
  HttpGuard(const Config& config, bool is_loopback) : config_(config), is_loopback_(is_loopback) {}
  // nullopt: it may pass.
  [[nodiscard]] std::optional<HttpResponse> Refuse(const HttpRequest& request) const;

 private:
  // "name", "name:port", "1.2.3.4", "[::1]:80".
  [[nodiscard]] bool IsOurs(std::string_view host) const;
  [[nodiscard]] bool HasPassword(std::string_view authorization) const;

  const Config& config_;
  const bool is_loopback_;
};

}  // namespace amethyst::server
