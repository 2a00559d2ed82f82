#include "cli/line_source.h"

namespace amethyst::cli {

LineRead ReadLine(std::istream& in, size_t bytes_max, std::string* line) {
  line->clear();
  std::streambuf& buffer = *in.rdbuf();
  using Traits = std::streambuf::traits_type;
  int byte = buffer.sbumpc();
  if (Traits::eq_int_type(byte, Traits::eof())) return LineRead::kEnd;
  bool whole = true;
  for (; byte != '\n' && !Traits::eq_int_type(byte, Traits::eof()); byte = buffer.sbumpc()) {
    whole = whole && line->size() < bytes_max;
    if (whole) *line += Traits::to_char_type(byte);
  }
  return whole ? LineRead::kLine : LineRead::kTooLong;
}

void DropByteOrderMark(std::string* line) {
  if (line->starts_with(kByteOrderMark)) line->erase(0, kByteOrderMark.size());
}

std::optional<std::string> StreamLines::Next(std::string_view) {
  std::string line;
  const LineRead read = ReadLine(in_, kLineBytesMax, &line);
  if (read == LineRead::kEnd) return std::nullopt;
  if (++line_number_ == 1) DropByteOrderMark(&line);
  too_long_ = read == LineRead::kTooLong;
  return line;
}

}  // namespace amethyst::cli
