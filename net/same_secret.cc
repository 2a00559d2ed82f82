#include "net/same_secret.h"

namespace amethyst::net {

bool SameSecret(std::string_view given, std::string_view expected) {
  size_t differences = given.size() ^ expected.size();
  for (size_t i = 0; i < given.size(); ++i) {
    differences |= static_cast<unsigned char>(given[i] ^ (expected.empty() ? 0 : expected[i % expected.size()]));
  }
  return differences == 0;
}

}  // namespace amethyst::net
