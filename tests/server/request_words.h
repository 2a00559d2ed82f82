// Requests as a client sends them: for tests and torture suites. Thread safety: pure functions.
#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

namespace amethyst::server {

// Words as a client sends them.
[[nodiscard]] inline std::string Encode(const std::vector<std::string>& words) {
  std::string bytes = fmt::format("*{}\r\n", words.size());
  for (const std::string& word : words) bytes += fmt::format("${}\r\n{}\r\n", word.size(), word);
  return bytes;
}

}  // namespace amethyst::server
