// Where command lines come from: a stream, or the prompt's editor. Thread safety: one thread.
#pragma once

#include <cstdint>
#include <istream>
#include <optional>
#include <string>
#include <string_view>

namespace amethyst::cli {

class LineSource {
 public:
  virtual ~LineSource() = default;
  // The next line, without its end; nullopt at the end of input. `prompt` is for a person.
  [[nodiscard]] virtual std::optional<std::string> Next(std::string_view prompt) = 0;
  // Of the line read last, from 1; 0 where lines have no numbers.
  [[nodiscard]] virtual uint64_t line_number() const = 0;
  // The line read last was longer than a line may be, and what Next returned is its beginning: nothing to act upon.
  [[nodiscard]] virtual bool too_long() const { return false; }
};

class StreamLines final : public LineSource {
 public:
  // No input makes memory unbounded. It has room for the largest value with each of its bytes as \xNN.
  static constexpr size_t kLineBytesMax = size_t{5} << 30;

  explicit StreamLines(std::istream& in) : in_(in) {}
  [[nodiscard]] std::optional<std::string> Next(std::string_view prompt) override;
  [[nodiscard]] uint64_t line_number() const override { return line_number_; }
  [[nodiscard]] bool too_long() const override { return too_long_; }

 private:
  std::istream& in_;
  uint64_t line_number_ = 0;
  bool too_long_ = false;
};

enum class LineRead : uint8_t {
  kLine,
  kTooLong,  // Over `bytes_max`: the line is taken off the stream all the same, and `line` is its beginning.
  kEnd,      // The stream was at its end.
};
// Takes one line off the stream, and keeps it without its end.
[[nodiscard]] LineRead ReadLine(std::istream& in, size_t bytes_max, std::string* line);

// U+FEFF in UTF-8, with which some editors and spreadsheets begin a file. It belongs to no key.
inline constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
void DropByteOrderMark(std::string* line);

}  // namespace amethyst::cli
