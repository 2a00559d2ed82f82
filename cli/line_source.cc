#include "cli/line_source.h"

#include <streambuf>

namespace amethyst::cli {

bool ReadLine(std::istream& in, size_t bytes_max, std::string* line) {
  line->clear();
  std::streambuf& buffer = *in.rdbuf();
  using Traits = std::streambuf::traits_type;
  int byte = buffer.sgetc();
  if (Traits::eq_int_type(byte, Traits::eof())) return false;
  while (line->size() < bytes_max && !Traits::eq_int_type(byte, Traits::eof())) {
    buffer.sbumpc();
    if (byte == '\n') return true;
    *line += Traits::to_char_type(byte);
    byte = buffer.sgetc();
  }
  return true;
}

std::optional<std::string> StreamLines::Next(std::string_view) {
  std::string line;
  if (!ReadLine(in_, kLineBytesMax, &line)) return std::nullopt;
  ++line_number_;
  return line;
}

}  // namespace amethyst::cli
