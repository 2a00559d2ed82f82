#include "filter/bloom_filter.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/coding.h"
#include "base/error.h"

namespace amethyst::filter {
namespace {

enum class Kind : uint8_t { kNone = 0, kBlockedBloom = 1 };
constexpr uint8_t kVersion = 1;
constexpr uint8_t kHashXxh3 = 1;

struct Header {
  Kind kind = Kind::kNone;
  uint8_t version = kVersion;
  uint8_t hash = kHashXxh3;
  uint8_t probes = 0;
  uint32_t line_count = 0;
  uint64_t key_count = 0;
  char reserved[48] = {};
};
static_assert(sizeof(Header) == kBloomHeaderBytes);

void SetBits(uint64_t key_hash, uint32_t probes, std::span<uint64_t, kLineWords> line) {
  const uint32_t seed = ProbeSeed(key_hash);
  for (uint32_t probe = 0; probe < probes; ++probe) {
    const uint32_t bit = ProbeBit(seed, probe);
    line[bit / 64] |= uint64_t{1} << (bit % 64);
  }
}

}  // namespace

BloomFilterBuilder::BloomFilterBuilder(double false_positive_rate) {
  AMETHYST_ASSERT(false_positive_rate > 0 && false_positive_rate <= 1);
  if (false_positive_rate < 1) shape_ = ShapeFor(false_positive_rate);
}

uint32_t BloomFilterBuilder::LineCount() const {
  if (shape_.bits_per_key == 0) return 0;
  const double bits = shape_.bits_per_key * static_cast<double>(hashes_.size());
  const double lines = std::max(1.0, std::ceil(bits / static_cast<double>(kLineBits)));
  AMETHYST_ASSERT(lines <= std::numeric_limits<uint32_t>::max());
  return static_cast<uint32_t>(lines);
}

size_t BloomFilterBuilder::FinishedBytes() const { return kBloomHeaderBytes + LineCount() * kLineBytes; }

std::string BloomFilterBuilder::Finish() {
  const uint32_t line_count = LineCount();
  Bitmap bits(line_count * kLineBits);
  const std::span<uint64_t> words = bits.mutable_words();
  if (line_count > 0) {
    for (const uint64_t key_hash : hashes_) {
      SetBits(key_hash, shape_.probes, words.subspan(LineOf(key_hash, line_count) * kLineWords).first<kLineWords>());
    }
  }
  Header header;
  header.kind = line_count > 0 ? Kind::kBlockedBloom : Kind::kNone;
  header.probes = static_cast<uint8_t>(shape_.probes);
  header.line_count = line_count;
  header.key_count = hashes_.size();
  std::string bytes;
  bytes.reserve(FinishedBytes());
  base::AppendFixed(&bytes, header);
  bytes.append(reinterpret_cast<const char*>(words.data()), words.size_bytes());
  AMETHYST_ASSERT(bytes.size() == FinishedBytes());
  hashes_.clear();
  return bytes;
}

Result<BloomFilterView> BloomFilterView::FromBytes(std::string_view bytes) {
  Header header;
  std::string_view lines = bytes;
  if (!base::ReadFixed(&lines, &header)) {
    return base::Corruption("filter: expected a header of {} bytes, found {}", kBloomHeaderBytes, bytes.size());
  }
  const bool known = header.kind == Kind::kBlockedBloom && header.version == kVersion && header.hash == kHashXxh3;
  if (!known) return BloomFilterView();
  if (header.probes < 1 || header.probes > kProbesMax) {
    return base::Corruption("filter: expected 1 to {} probes, found {}", kProbesMax, header.probes);
  }
  if (header.line_count == 0 || lines.size() / kLineBytes != header.line_count || lines.size() % kLineBytes != 0) {
    return base::Corruption("filter: expected {} lines of {} bytes, found {} bytes", header.line_count, kLineBytes,
                            lines.size());
  }
  BloomFilterView view;
  view.lines_ = lines.data();
  view.line_count_ = header.line_count;
  view.probes_ = header.probes;
  return view;
}

}  // namespace amethyst::filter
