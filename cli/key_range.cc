#include "cli/key_range.h"

namespace amethyst::cli {

std::optional<std::string> PrefixEnd(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && end.back() == '\xff') end.pop_back();
  if (end.empty()) return std::nullopt;
  end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

std::expected<KeyRange, std::string> KeyRange::Of(const Arguments& arguments) {
  const auto prefix = arguments.Value("--prefix");
  if (!prefix)
    return KeyRange{.from = std::optional<std::string>(arguments.at(0)),
                    .to = std::optional<std::string>(arguments.at(1))};
  if (arguments.at(0)) return std::unexpected("--prefix and FROM exclude each other");
  return KeyRange{.from = std::string(*prefix), .to = PrefixEnd(*prefix)};
}

ReadOptions KeyRange::ToRead() const {
  ReadOptions options;
  if (from) options.lower_bound = *from;
  if (to) options.upper_bound = *to;
  options.fill_cache = false;
  return options;
}

}  // namespace amethyst::cli
