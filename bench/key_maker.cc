#include "bench/key_maker.h"

#include <bit>
#include <cstring>

#include "base/assert.h"

namespace amethyst::bench {
namespace {

constexpr std::string_view kUrlHead = "https://shop-00.example.com/catalogue/items/";
constexpr size_t kUrlShopAt = 13;  // Where the two digits of the shop are.
constexpr std::string_view kLongPrefix = "tenant-000042/region-eu-central-1/collection-events/partition-7/";
constexpr size_t kDigits = 16;
constexpr uint64_t kEpochUs = 1'700'000'000'000'000;
static_assert(kLongPrefix.size() == 64);

void PutDigits(uint64_t number, char* to) {
  static constexpr char kPairs[] =
      "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849"
      "5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";
  for (size_t i = kDigits; i > 0; i -= 2) {
    std::memcpy(to + i - 2, kPairs + 2 * (number % 100), 2);
    number /= 100;
  }
}

void PutBigEndian(uint64_t number, char* to) {
  const uint64_t swapped = __builtin_bswap64(number);
  std::memcpy(to, &swapped, sizeof(swapped));
}

// A bijection of 64-bit numbers: the finisher of SplitMix64.
uint64_t Scatter(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

}  // namespace

size_t KeyMaker::bytes() const {
  switch (kind_) {
    case KeyKind::kBinary: return 8;
    case KeyKind::kUrl: return kUrlHead.size() + kDigits;
    case KeyKind::kPrefix: return kLongPrefix.size() + kDigits;
    default: return 16;
  }
}

void KeyMaker::Make(uint64_t number, std::string* key) const {
  AMETHYST_DCHECK(number < 10'000'000'000'000'000);
  key->resize(bytes());
  char* to = key->data();
  switch (kind_) {
    case KeyKind::kDecimal: PutDigits(number, to); break;
    case KeyKind::kHashed:
      for (uint64_t i = 0, hash = Scatter(number); i < 16; ++i, hash <<= 4) to[i] = "0123456789abcdef"[hash >> 60];
      break;
    case KeyKind::kBinary: PutBigEndian(number, to); break;
    case KeyKind::kUrl:
      std::memcpy(to, kUrlHead.data(), kUrlHead.size());
      to[kUrlShopAt] = static_cast<char>('0' + Scatter(number) % 10);
      to[kUrlShopAt + 1] = static_cast<char>('0' + Scatter(number) / 16 % 10);
      PutDigits(number, to + kUrlHead.size());
      break;
    case KeyKind::kPrefix:
      std::memcpy(to, kLongPrefix.data(), kLongPrefix.size());
      PutDigits(number, to + kLongPrefix.size());
      break;
    case KeyKind::kTime:
      PutBigEndian(kEpochUs + 1000 * number + Scatter(number) % 1000, to);
      PutBigEndian(Scatter(~number), to + 8);
      break;
  }
}

const std::vector<std::string>& KeyKindNames() {
  static const std::vector<std::string> names = {"decimal", "hashed", "binary", "url", "prefix", "time"};
  return names;
}

}  // namespace amethyst::bench
