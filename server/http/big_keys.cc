#include "server/http/big_keys.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>

#include "server/keyspace/layout.h"

namespace amethyst::server {

namespace {

constexpr std::string_view kRegistry = "x";  // Keys of `sys` that name collections begin so: keyspace/layout.h.
constexpr std::string_view kRegistryEnd = "y";

// What was deleted or written over stays in the registry for a while.
bool IsStoredAs(const Space& space, std::string_view keys_key, uint64_t id) {
  const auto value = space.family(Part::kKeys).Get(keys_key);
  if (!value || !*value) return false;
  const std::optional<Record> record = DecodeRecord(**value);
  return record && record->is_exploded && record->body.starts_with(IdPrefix(id));
}

uint64_t BytesUnder(const Space& space, uint64_t id) {
  uint64_t bytes = 0;
  for (const Part part : {Part::kData, Part::kOrder}) {
    bytes += space.family(part).ApproximateSize(IdPrefix(id), IdPrefix(id + 1)).value_or(0);
  }
  return bytes;
}

void Keep(BigKeys::Found found, std::vector<BigKeys::Found>* kept) {
  std::erase_if(*kept, [&](const BigKeys::Found& other) { return other.keys_key == found.keys_key; });
  const auto place = std::ranges::upper_bound(*kept, found.bytes, std::greater(), &BigKeys::Found::bytes);
  kept->insert(place, std::move(found));
  if (kept->size() > BigKeys::kKept) kept->pop_back();
}

}  // namespace

void BigKeys::Look(Space& space, size_t most) {
  Iterator iterator = space.family(Part::kSys).NewIterator({.upper_bound = kRegistryEnd});
  iterator.Seek(next_.empty() ? kRegistry : std::string_view(next_));
  for (; most > 0 && iterator.Valid(); --most, iterator.Next()) {
    const uint64_t id = ReadBigEndian(iterator.key(), kRegistry.size(), sizeof(uint64_t));
    if (!IsStoredAs(space, iterator.value(), id)) continue;
    Keep({.keys_key = std::string(iterator.value()), .bytes = BytesUnder(space, id)}, &round_);
  }
  next_ = iterator.Valid() ? std::string(iterator.key()) : std::string();
  if (next_.empty() && iterator.status()) before_ = std::exchange(round_, {});
}

std::vector<BigKeys::Found> BigKeys::Largest() const {
  std::vector<Found> largest = before_;
  for (const Found& found : round_) Keep(found, &largest);
  return largest;
}

}  // namespace amethyst::server
