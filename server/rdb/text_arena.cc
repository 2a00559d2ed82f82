#include "server/rdb/text_arena.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace amethyst::server::rdb {

namespace {
constexpr size_t kBlockBytes = 4 << 10;
}  // namespace

std::span<char> TextArena::Allocate(size_t bytes) {
  if (bytes > kBlockBytes / 4) {
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(bytes));
    return {blocks_.back().get(), bytes};
  }
  if (bytes > free_.size()) {
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(kBlockBytes));
    free_ = {blocks_.back().get(), kBlockBytes};
  }
  const std::span<char> taken = free_.first(bytes);
  free_ = free_.subspan(bytes);
  return taken;
}

std::string_view TextArena::Digits(int64_t number) {
  std::array<char, 20> digits;
  const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  const size_t length = static_cast<size_t>(written.ptr - digits.data());
  const std::span<char> kept = Allocate(length);
  std::copy_n(digits.data(), length, kept.data());
  return {kept.data(), length};
}

}  // namespace amethyst::server::rdb
