// Keys of many kinds for random programs. Thread safety: pure function.
#pragma once

#include <fmt/core.h>

#include <string>

#include "base/random.h"

namespace amethyst::memtable {

enum class KeyShape { kDecimal, kDecimalSparse, kBinaryWithZeros, kSharedPrefix, kUrl, kNested, kLong, kFewHot };
inline constexpr KeyShape kKeyShapes[] = {KeyShape::kDecimal,      KeyShape::kDecimalSparse, KeyShape::kBinaryWithZeros,
                                          KeyShape::kSharedPrefix, KeyShape::kUrl,           KeyShape::kNested,
                                          KeyShape::kLong,         KeyShape::kFewHot};

inline std::string RandomKey(KeyShape shape, base::Random& random) {
  switch (shape) {
    case KeyShape::kDecimal: return fmt::format("{:016}", random.Below(5000));
    case KeyShape::kDecimalSparse: return fmt::format("{:020}", random());
    case KeyShape::kBinaryWithZeros: {  // Includes the empty key, "a" and "a\0".
      std::string key(random.Below(6), '\0');
      for (char& c : key) c = "\0\0\1a\xff"[random.Below(5)];
      return key;
    }
    case KeyShape::kSharedPrefix: {
      std::string key(random.OneIn(50) ? 5 : 40, 'p');
      return key + std::string(random.Below(12), '\0') + fmt::format("{}", random.Below(400));
    }
    case KeyShape::kUrl:
      return fmt::format("https://{}.example.org/{}/item?id={}", random.Below(3), random.Below(40), random.Below(60));
    case KeyShape::kNested: return std::string(random.Below(700), 'n');  // Each a prefix of the next.
    case KeyShape::kLong: return std::string(65534 + random.Below(2), 'l') + static_cast<char>(random.Below(20));
    case KeyShape::kFewHot: return fmt::format("hot{}", random.Below(4));
  }
  return {};
}

}  // namespace amethyst::memtable
