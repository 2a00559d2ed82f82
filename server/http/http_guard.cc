#include "server/http/http_guard.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/base64.h"
#include "server/commands/numbers.h"
#include "server/http/http_address.h"
#include "server/resp/request_parser.h"
#include "server/secrets.h"

namespace amethyst::server {

std::optional<HttpResponse> HttpGuard::Refuse(const HttpRequest& request) const {
  if (!IsOurs(request.host)) {
    return HttpResponse::Refusal(421,
                                 "The header Host names neither an address, nor localhost, nor one of http-names.");
  }
  const bool has_password = !config_.values().requirepass.empty();
  if (!is_loopback_ && !has_password) {
    return HttpResponse::Refusal(403, "Others can reach this address, so requirepass must be set.");
  }
  if (has_password && !HasPassword(request.authorization)) {
    return HttpResponse::Refusal(401, "The user is \"default\", the password that of requirepass.");
  }
  return std::nullopt;
}

bool HttpGuard::IsOurs(std::string_view host) const {
  const std::string_view name = HostOf(host);
  if (IsNumericAddress(name) || EqualsIgnoringCase(name, "localhost")) return true;
  std::vector<std::string> names;
  return SplitLine(config_.values().http_names, &names) &&
         std::ranges::any_of(names, [&](const std::string& known) { return EqualsIgnoringCase(name, known); });
}

// Compares what the client would have to send, so that nothing of the client's is decoded.
bool HttpGuard::HasPassword(std::string_view authorization) const {
  constexpr std::string_view kScheme = "basic ";
  if (!EqualsIgnoringCase(authorization.substr(0, kScheme.size()), kScheme)) return false;
  return SameSecret(authorization.substr(kScheme.size()),
                    base::EncodeBase64("default:" + config_.values().requirepass));
}

}  // namespace amethyst::server
