#include "cli/key_range.h"

#include "cli/key_notation.h"
#include "key/range.h"

namespace amethyst::cli {

std::expected<KeyRange, std::string> KeyRange::Of(const Arguments& arguments) {
  const auto prefix = arguments.Value("--prefix");
  if (prefix && arguments.at(0)) return std::unexpected("--prefix and FROM exclude each other");
  if (prefix) return OfPrefix(arguments, *prefix);
  const auto keys = KeysOf(arguments);
  if (!keys) return std::unexpected(keys.error());
  KeyRange range;
  if (!keys->empty()) range.from = keys->front();
  if (keys->size() > 1) range.to = keys->back();
  return range;
}

std::expected<KeyRange, std::string> KeyRange::OfPrefix(const Arguments& arguments, std::string_view text) {
  const auto notation = KeyNotationOf(arguments);
  if (!notation) return std::unexpected(notation.error());
  const auto prefix = ParseKey(*notation, text);
  if (!prefix) return std::unexpected(prefix.error());
  return KeyRange{.from = *prefix, .to = key::EndOfPrefix(*prefix)};
}

ReadOptions KeyRange::ToRead() const {
  ReadOptions options;
  if (from) options.lower_bound = *from;
  if (to) options.upper_bound = *to;
  options.fill_cache = false;
  return options;
}

}  // namespace amethyst::cli
