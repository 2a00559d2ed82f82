#include "cli/picture.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/assert.h"
#include "cli/text.h"

namespace amethyst::cli {

std::string Bar(double share, size_t columns, bool unicode) {
  constexpr size_t kParts = 8;  // Of a column, which Unicode can show.
  constexpr std::array<std::string_view, kParts> kPart = {" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  share = std::clamp(share, 0.0, 1.0);
  const size_t parts = unicode ? kParts : 1;
  size_t filled = static_cast<size_t>(std::lround(share * static_cast<double>(columns * parts)));
  if (share > 0) filled = std::max<size_t>(filled, 1);
  std::string bar;
  for (size_t column = 0; column < columns; ++column) {
    const size_t here = std::min(parts, filled - std::min(filled, column * parts));
    bar += !unicode ? (here == 0 ? "." : "#") : here == kParts ? "█" : kPart[here];
  }
  return bar;
}

std::string Fit(std::string_view key, size_t columns) {
  constexpr std::string_view kCut = "...";
  AMETHYST_ASSERT(columns > kCut.size() + 2);
  std::string text = key.size() > columns ? std::string() : Readable(key);
  if (!text.empty() && text.size() <= columns) return text;
  for (size_t bytes = std::min(key.size(), columns - kCut.size()); bytes > 0; --bytes) {
    const bool splits = bytes < key.size() && (static_cast<unsigned char>(key[bytes]) & 0xc0) == 0x80;
    if (splits && IsUtf8(key)) continue;
    text = Readable(key.substr(0, bytes));
    if (text.size() + kCut.size() <= columns) return text.append(kCut);
  }
  return std::string(kCut);
}

}  // namespace amethyst::cli
