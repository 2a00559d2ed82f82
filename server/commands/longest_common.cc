#include "server/commands/longest_common.h"

#include <algorithm>
#include <string>
#include <vector>

namespace amethyst::server {

namespace {

constexpr uint64_t kTableBytesMax = uint64_t{512} << 20;

// lengths.At(i, j): of the longest common subsequence of the first i and j characters.
class Lengths {
 public:
  Lengths(std::string_view a, std::string_view b) : columns_(b.size() + 1), cells_((a.size() + 1) * columns_) {
    for (size_t i = 1; i <= a.size(); ++i) {
      for (size_t j = 1; j <= b.size(); ++j) {
        cells_[i * columns_ + j] = a[i - 1] == b[j - 1] ? At(i - 1, j - 1) + 1 : std::max(At(i - 1, j), At(i, j - 1));
      }
    }
  }
  [[nodiscard]] uint32_t At(size_t i, size_t j) const { return cells_[i * columns_ + j]; }

 private:
  size_t columns_;
  std::vector<uint32_t> cells_;
};

// A stretch that both have: characters [a, a + length) and [b, b + length).
struct Piece {
  size_t a;
  size_t b;
  size_t length;
};

struct Found {
  std::string common;
  std::vector<Piece> pieces;  // The last one first.
};

Found WalkBack(std::string_view a, std::string_view b, const Lengths& lengths) {
  Found found;
  size_t i = a.size();
  size_t j = b.size();
  while (i > 0 && j > 0) {
    if (a[i - 1] == b[j - 1]) {
      --i, --j;
      found.common.push_back(a[i]);
      if (!found.pieces.empty() && found.pieces.back().a == i + 1 && found.pieces.back().b == j + 1) {
        found.pieces.back() = {i, j, found.pieces.back().length + 1};
      } else {
        found.pieces.push_back({i, j, 1});
      }
    } else if (lengths.At(i - 1, j) > lengths.At(i, j - 1)) {
      --i;
    } else {
      --j;
    }
  }
  std::ranges::reverse(found.common);
  return found;
}

void ReplyWithRange(Reply& reply, size_t begin, size_t length) {
  reply.Array(2);
  reply.Integer(static_cast<int64_t>(begin));
  reply.Integer(static_cast<int64_t>(begin + length - 1));
}

}  // namespace

void ReplyWithLongestCommon(Reply& reply, std::string_view a, std::string_view b, const LcsOptions& options) {
  if ((a.size() + 1) > kTableBytesMax / sizeof(uint32_t) / (b.size() + 1)) {
    return reply.Error("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len");
  }
  const Lengths lengths(a, b);
  const uint32_t length = lengths.At(a.size(), b.size());
  if (options.only_length) return reply.Integer(length);
  const Found found = WalkBack(a, b, lengths);
  if (!options.wants_ranges) return reply.Bulk(found.common);
  std::vector<Piece> shown;
  std::ranges::copy_if(found.pieces, std::back_inserter(shown),
                       [&](const Piece& piece) { return static_cast<int64_t>(piece.length) >= options.shortest; });
  reply.Map(2);
  reply.Bulk("matches");
  reply.Array(shown.size());
  for (const Piece& piece : shown) {
    reply.Array(options.with_lengths ? 3 : 2);
    ReplyWithRange(reply, piece.a, piece.length);
    ReplyWithRange(reply, piece.b, piece.length);
    if (options.with_lengths) reply.Integer(static_cast<int64_t>(piece.length));
  }
  reply.Bulk("len");
  reply.Integer(length);
}

}  // namespace amethyst::server
