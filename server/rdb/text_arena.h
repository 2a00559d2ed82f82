// Texts that are made while a payload is read, such as the digits of a packed number: they stay where they are until
// the arena goes, so views of them may be kept. It may be moved. Thread safety: one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace amethyst::server::rdb {

class TextArena {
 public:
  // The decimal digits.
  [[nodiscard]] std::string_view Digits(int64_t number);
  [[nodiscard]] std::span<char> Allocate(size_t bytes);

 private:
  std::vector<std::unique_ptr<char[]>> blocks_;
  std::span<char> free_;  // Of the last block that is shared.
};

}  // namespace amethyst::server::rdb
