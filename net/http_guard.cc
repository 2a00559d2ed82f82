#include "net/http_guard.h"

#include <algorithm>

#include "base/base64.h"
#include "net/http_address.h"
#include "net/same_secret.h"

namespace amethyst::net {

namespace {

// "name", "name:port", "1.2.3.4", "[::1]:80".
bool IsOurs(std::string_view host, const std::vector<std::string>& names) {
  const std::string_view name = HostOf(host);
  return IsNumericAddress(name) || IsSameWord(name, "localhost") ||
         std::ranges::any_of(names, [&](const std::string& known) { return IsSameWord(name, known); });
}

// Compares what the client would have to send, so that nothing of the client's is decoded.
bool HasPassword(std::string_view authorization, const std::string& password) {
  constexpr std::string_view kScheme = "basic ";
  return IsSameWord(authorization.substr(0, kScheme.size()), kScheme) &&
         SameSecret(authorization.substr(kScheme.size()), base::EncodeBase64("default:" + password));
}

}  // namespace

std::optional<HttpResponse> HttpGuard::Refuse(const HttpRequest& request) const {
  const HttpAccess access = access_();
  if (!IsOurs(request.host, access.names)) {
    return HttpResponse::Refusal(421,
                                 "The header Host names neither an address, nor localhost, nor a name of this server.");
  }
  if (!is_loopback_ && access.password.empty()) {
    return HttpResponse::Refusal(403, "Others can reach this address, so requirepass must be set.");
  }
  if (!access.password.empty() && !HasPassword(request.authorization, access.password)) {
    return HttpResponse::Refusal(401, "The user is \"default\", the password that of requirepass.");
  }
  return std::nullopt;
}

}  // namespace amethyst::net
