#include "server/secrets.h"

#include <algorithm>

#include "server/commands/numbers.h"

namespace amethyst::server {

std::vector<std::string_view> WithoutSecrets(const Command& command, Arguments args) {
  constexpr std::string_view kHidden = "(redacted)";
  std::vector<std::string_view> shown(args.begin(), args.end());
  if (command.name == "auth") std::fill(shown.begin() + 1, shown.end(), kHidden);
  if (command.name == "hello") {
    for (size_t i = 2; i + 2 < args.size(); ++i) {
      if (!EqualsIgnoringCase(args[i], "auth")) continue;
      shown[i + 1] = shown[i + 2] = kHidden;
      i += 2;
    }
  }
  if (command.name == "config|set") {
    for (size_t i = 2; i + 1 < args.size(); i += 2) {
      const bool is_secret =
          EqualsIgnoringCase(args[i], "requirepass") || EqualsIgnoringCase(args[i], "tls-key-file-pass");
      if (is_secret) shown[i + 1] = kHidden;
    }
  }
  return shown;
}

}  // namespace amethyst::server
