#define XXH_INLINE_ALL
#include "base/hash.h"

#include <unistd.h>
#include <xxhash.h>

#include <random>

namespace amethyst::base {

uint64_t Hash64(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

uint64_t Hash64OfPieces(FunctionRef<std::string_view()> next) {
  XXH3_state_t state;
  XXH3_64bits_reset(&state);
  for (std::string_view piece = next(); !piece.empty(); piece = next()) {
    XXH3_64bits_update(&state, piece.data(), piece.size());
  }
  return XXH3_64bits_digest(&state);
}

// A bijection of the hash for every location, so mixing loses no strength: the finaliser of MurmurHash3 over their sum.
uint64_t MixLocation(uint64_t hash, const Location& location) {
  uint64_t where =
      location.owner.low ^ (location.owner.high * 0x9e3779b97f4a7c15u) ^ (location.offset + 1) * 0xd6e8feb86659fd93u;
  where = (where ^ (where >> 33)) * 0xff51afd7ed558ccdu;
  where = (where ^ (where >> 33)) * 0xc4ceb9fe1a85ec53u;
  return hash + (where ^ (where >> 33));
}

uint64_t Checksum(std::string_view bytes, const Location& location) { return MixLocation(Hash64(bytes), location); }

Uid NewUid() {
  Uid uid;
  if (getentropy(&uid, sizeof uid) == 0) return uid;
  std::random_device entropy;  // To make one takes as long as to write a small table.
  const auto word = [&entropy] { return (static_cast<uint64_t>(entropy()) << 32) | entropy(); };
  return Uid{.low = word(), .high = word()};
}

}  // namespace amethyst::base
