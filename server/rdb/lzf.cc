#include "server/rdb/lzf.h"

#include <lzf.h>

#include <limits>

namespace amethyst::server::rdb {

bool DecompressLzf(std::string_view compressed, std::span<char> to) {
  constexpr size_t kMax = std::numeric_limits<unsigned>::max();
  if (compressed.empty() || to.empty() || compressed.size() > kMax || to.size() > kMax) return false;
  return lzf_decompress(compressed.data(), static_cast<unsigned>(compressed.size()), to.data(),
                        static_cast<unsigned>(to.size())) == to.size();
}

}  // namespace amethyst::server::rdb
