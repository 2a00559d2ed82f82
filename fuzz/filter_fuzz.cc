// Any bytes as a table's filter and as its key sketch: refused, or asked without harm; and keys that were put into a
// filter or a sketch are there whatever the keys are.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "base/hash.h"
#include "filter/bloom_filter.h"
#include "filter/key_sketch.h"

namespace {

using namespace amethyst;  // NOLINT: a program of one file.

void ReadForeign(std::string_view bytes) {
  if (const auto filter = filter::BloomFilterView::FromBytes(bytes)) {
    for (uint64_t i = 0; i < 64; ++i) {
      const uint64_t hash = base::Hash64({reinterpret_cast<const char*>(&i), sizeof i});
      filter->Prefetch(hash);
      static_cast<void>(filter->MayContain(hash));
    }
  }
  std::string_view rest = bytes;
  const auto sketch = filter::KeySketch::ReadFrom(&rest);
  AMETHYST_ASSERT(sketch.has_value() || rest == bytes);
  if (!sketch) return;
  AMETHYST_ASSERT(filter::KeySketch::EstimateShared(*sketch, *sketch) <= 2 * sketch->EstimateKeys() + 1);
  std::string again;
  sketch->AppendTo(&again);
  std::string_view again_rest = again;
  const auto reread = filter::KeySketch::ReadFrom(&again_rest);
  AMETHYST_ASSERT(reread.has_value() && reread->bits() == sketch->bits());
}

// Each byte pair is a key's hash, spread; the rate comes from the first byte.
void RoundTrip(std::string_view bytes) {
  if (bytes.empty()) return;
  filter::BloomFilterBuilder builder(1.0 / (1 + static_cast<unsigned char>(bytes[0])));
  std::vector<uint64_t> hashes;
  for (size_t at = 1; at + 2 <= bytes.size(); at += 2) hashes.push_back(base::Hash64(bytes.substr(at, 2)));
  for (const uint64_t hash : hashes) builder.Add(hash);
  const std::string built = builder.Finish();
  const auto view = filter::BloomFilterView::FromBytes(built);
  AMETHYST_ASSERT(view.has_value());
  for (const uint64_t hash : hashes) AMETHYST_ASSERT(view->MayContain(hash));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);  // A copy of just that size: reads past it show.
  ReadForeign(bytes);
  RoundTrip(bytes);
  return 0;
}
