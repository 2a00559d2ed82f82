// LCS: the longest common subsequence of two strings. Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <string_view>

#include "server/resp/reply.h"

namespace amethyst::server {

struct LcsOptions {
  bool only_length = false;
  bool wants_ranges = false;  // Where its pieces stand in both strings, the last one first.
  bool with_lengths = false;
  int64_t shortest = 0;  // Shorter pieces are left out.
};

// Takes time and memory in proportion to the product of the lengths; an error where that is over 512 MiB.
void ReplyWithLongestCommon(Reply& reply, std::string_view a, std::string_view b, const LcsOptions& options);

}  // namespace amethyst::server
