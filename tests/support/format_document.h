// The hex dumps of docs/format/*.md, for tests that hold the documents to what the code writes.
//
// A dump is a fenced block that begins with ```hexdump and a name; its lines are an offset, bytes, and, after "|", a
// remark.
#pragma once

#include <gtest/gtest.h>

#include <cctype>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <string_view>

namespace amethyst::test {

// The bytes of one line of a dump, whose offset must be `offset`.
inline std::string BytesOfDumpLine(const std::string& line, size_t offset) {
  std::istringstream words(line.substr(0, line.find('|')));
  std::string word;
  words >> word;
  EXPECT_EQ(std::stoul(word, nullptr, 16), offset) << line;
  std::string bytes;
  while (words >> word) bytes.push_back(static_cast<char>(std::stoul(word, nullptr, 16)));
  return bytes;
}

// Name to bytes of all dumps in docs/format/<name>.
inline std::map<std::string, std::string> DumpsOf(const std::string& name) {
  std::ifstream document(std::string(AMETHYST_SOURCE_DIR) + "/docs/format/" + name);
  EXPECT_TRUE(document.is_open()) << name;
  std::map<std::string, std::string> dumps;
  const std::string fence = "```hexdump ";
  for (std::string line; std::getline(document, line);) {
    if (!line.starts_with(fence)) continue;
    std::string& bytes = dumps[line.substr(fence.size())];
    while (std::getline(document, line) && !line.starts_with("```")) bytes += BytesOfDumpLine(line, bytes.size());
  }
  return dumps;
}

}  // namespace amethyst::test
