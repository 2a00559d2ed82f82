#include "bench/key_picker.h"

#include <algorithm>

#include "base/assert.h"

namespace amethyst::bench {

KeySpace::KeySpace(const Shape& shape) : shape_(shape), permutation_(shape.keys, shape.seed), keys_(shape.keys) {
  AMETHYST_ASSERT(shape.keys > 0);
  if (shape.order == Order::kZipf || shape.order == Order::kLatest) zipf_.emplace(shape.keys, shape.zipf_exponent);
}

uint64_t KeyPicker::NextInTurn() {
  const uint64_t number = next_ % space_.shape().keys;
  next_ += turn_.threads;
  return number;
}

uint64_t KeyPicker::Next(base::Random& random) {
  const KeySpace::Shape& shape = space_.shape();
  switch (shape.order) {
    case Order::kSequential: return NextInTurn();
    case Order::kShuffled: return space_.Scatter(NextInTurn());
    case Order::kUniform: return random.Below(shape.keys);
    case Order::kZipf: return space_.Scatter(space_.zipf().Draw(random));
    case Order::kLatest: return space_.keys() - 1 - space_.zipf().Draw(random);
    case Order::kHotspot: break;
  }
  const auto hot = std::clamp<uint64_t>(static_cast<uint64_t>(static_cast<double>(shape.keys) * shape.hot_keys_share),
                                        1, shape.keys);
  const double uniform = static_cast<double>(random() >> 11) * 0x1p-53;
  const bool is_hot = uniform < shape.hot_operations_share || hot == shape.keys;
  return space_.Scatter(is_hot ? random.Below(hot) : hot + random.Below(shape.keys - hot));
}

}  // namespace amethyst::bench
