#include "cli/line_reader.h"

#include "cli/line_source.h"

namespace amethyst::cli {

RecordReader::Reading LineReader::Next(Record* record) {
  LineRead read;
  do {
    read = ReadLine(in_, line_bytes_max_, &text_);
    if (read == LineRead::kEnd) return {};
    if (++line_ == 1) DropByteOrderMark(&text_);
    if (text_.ends_with('\r')) text_.pop_back();
  } while (text_.empty());
  if (read == LineRead::kTooLong) return {Found::kMalformed, "the line is too long"};
  return Parse(text_, record);
}

}  // namespace amethyst::cli
