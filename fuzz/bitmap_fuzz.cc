// Any bytes as a bitmap: refused and left as they were, or a bitmap that says the same when it is encoded again, in no
// more bytes than they were, and whose set and clear bits add up.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "filter/bitmap.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using amethyst::filter::Bitmap;
  constexpr size_t kBitsMax = 1 << 16;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  std::string_view rest = bytes;
  const auto bitmap = Bitmap::ReadFrom(&rest, kBitsMax);
  if (!bitmap) {
    AMETHYST_ASSERT(rest == bytes);
    return 0;
  }
  AMETHYST_ASSERT(bitmap->bit_count() <= kBitsMax);
  size_t set = 0;
  for (size_t bit = bitmap->NextSet(0); bit < bitmap->bit_count(); bit = bitmap->NextSet(bit + 1)) ++set;
  size_t clear = 0;
  for (size_t bit = bitmap->NextClear(0); bit < bitmap->bit_count(); bit = bitmap->NextClear(bit + 1)) ++clear;
  AMETHYST_ASSERT(set == bitmap->PopCount() && set + clear == bitmap->bit_count());
  std::string again;
  bitmap->AppendTo(&again);
  std::string_view again_rest = again;
  const auto reread = Bitmap::ReadFrom(&again_rest, kBitsMax);
  AMETHYST_ASSERT(reread.has_value() && *reread == *bitmap && again_rest.empty());
  return 0;
}
