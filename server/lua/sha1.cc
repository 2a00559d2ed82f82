#include "server/lua/sha1.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cstdint>

namespace amethyst::server {

namespace {

constexpr size_t kBlockBytes = 64;
constexpr size_t kLengthBytes = 8;
using State = std::array<uint32_t, 5>;

struct Round {
  uint32_t mixed;
  uint32_t constant;
};

Round RoundOf(size_t step, const State& state) {
  const auto& [a, b, c, d, e] = state;
  if (step < 20) return {.mixed = (b & c) | (~b & d), .constant = 0x5A827999};
  if (step < 40) return {.mixed = b ^ c ^ d, .constant = 0x6ED9EBA1};
  if (step < 60) return {.mixed = (b & c) | (b & d) | (c & d), .constant = 0x8F1BBCDC};
  return {.mixed = b ^ c ^ d, .constant = 0xCA62C1D6};
}

void AddBlock(std::string_view block, State* state) {
  std::array<uint32_t, 80> words;
  for (size_t i = 0; i < 16; ++i) {
    words[i] = 0;
    for (size_t k = 0; k < 4; ++k) words[i] = (words[i] << 8) | static_cast<uint8_t>(block[4 * i + k]);
  }
  for (size_t i = 16; i < words.size(); ++i) {
    words[i] = std::rotl(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);
  }
  State now = *state;
  for (size_t i = 0; i < words.size(); ++i) {
    const Round round = RoundOf(i, now);
    const uint32_t next = std::rotl(now[0], 5) + round.mixed + now[4] + round.constant + words[i];
    now = {next, now[0], std::rotl(now[1], 30), now[2], now[3]};
  }
  for (size_t i = 0; i < now.size(); ++i) (*state)[i] += now[i];
}

}  // namespace

std::string Sha1Hex(std::string_view bytes) {
  State state = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
  std::string_view left = bytes;
  for (; left.size() >= kBlockBytes; left.remove_prefix(kBlockBytes)) AddBlock(left, &state);
  // The rest, a bit of 1, zeros, and the length in bits.
  std::string last(left);
  last.push_back('\x80');
  while (last.size() % kBlockBytes != kBlockBytes - kLengthBytes) last.push_back('\0');
  const uint64_t bits = uint64_t{bytes.size()} * 8;
  for (size_t i = 0; i < kLengthBytes; ++i) last.push_back(static_cast<char>(bits >> (8 * (kLengthBytes - 1 - i))));
  for (left = last; !left.empty(); left.remove_prefix(kBlockBytes)) AddBlock(left, &state);
  std::string hex;
  for (const uint32_t word : state) hex += fmt::format("{:08x}", word);
  return hex;
}

}  // namespace amethyst::server
