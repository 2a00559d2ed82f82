// The reader of a format with a record a line: reads lines, and leaves it to the format what stands in one.
//
// Empty lines are no records; a line may end in "\r\n"; a byte order mark before the first is dropped. Thread safety:
// one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <istream>
#include <string>
#include <string_view>

#include "cli/record_format.h"

namespace amethyst::cli {

class LineReader : public RecordReader {
 public:
  // The stream outlives the reader. A line of more than `line_bytes_max` is malformed.
  LineReader(std::istream& in, size_t line_bytes_max) : in_(in), line_bytes_max_(line_bytes_max) {}

  [[nodiscard]] Reading Next(Record* record) final;
  [[nodiscard]] uint64_t line() const final { return line_; }
  [[nodiscard]] std::string_view raw() const final { return text_; }

 protected:
  // What stands in `line`, which is not empty and lives until the next one is read.
  [[nodiscard]] virtual Reading Parse(const std::string& line, Record* record) = 0;

 private:
  std::istream& in_;
  const size_t line_bytes_max_;
  std::string text_;
  uint64_t line_ = 0;
};

}  // namespace amethyst::cli
