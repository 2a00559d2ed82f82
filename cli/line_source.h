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
};

class StreamLines final : public LineSource {
 public:
  // A line longer than this is cut there, and what follows taken for the next: no input makes memory unbounded.
  static constexpr size_t kLineBytesMax = size_t{256} << 20;

  explicit StreamLines(std::istream& in) : in_(in) {}
  [[nodiscard]] std::optional<std::string> Next(std::string_view prompt) override;
  [[nodiscard]] uint64_t line_number() const override { return line_number_; }

 private:
  std::istream& in_;
  uint64_t line_number_ = 0;
};

// Takes one line, without its end, off the stream; stops at `bytes_max`. False: the stream was at its end.
[[nodiscard]] bool ReadLine(std::istream& in, size_t bytes_max, std::string* line);

}  // namespace amethyst::cli
