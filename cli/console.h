// Where the shell reads and writes: the process's streams, or a test's.
//
// Answers go to `out` alone; errors, progress and totals to `err`. Thread safety: one thread; `interrupted` is set by
// anybody.
#pragma once

#include <atomic>
#include <functional>
#include <istream>
#include <ostream>
#include <string>
#include <string_view>

namespace amethyst::cli {

enum class ColorMode { kAuto, kAlways, kNever };

struct Console {
  Console(std::istream& input, std::ostream& output, std::ostream& errors, const int& output_error = kNoError)
      : in(input), out(output), err(errors), out_error(output_error) {}

  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  bool in_is_terminal = false;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  ColorMode color = ColorMode::kAuto;
  size_t columns = 0;    // Of the terminal that `out` is; 0: unknown.
  size_t rows = 0;       // Likewise.
  bool unicode = false;  // It is one that shows UTF-8.
  // The error number of the first failed write to `out`, which its stream does not keep; 0: unknown.
  const int& out_error;
  // Shows text on the terminal a page at a time; false: it cannot, and nothing was shown. Empty: there is no terminal.
  std::function<bool(std::string_view)> page;
  // Set by SIGINT, cleared when a command begins: long commands look at it and stop.
  std::atomic<bool> interrupted = false;

  [[nodiscard]] bool ColorsOut() const { return Colors(out_is_terminal); }
  [[nodiscard]] bool ColorsErr() const { return Colors(err_is_terminal); }

 private:
  static constexpr int kNoError = 0;

  [[nodiscard]] bool Colors(bool terminal) const {
    return color == ColorMode::kAlways || (color == ColorMode::kAuto && terminal);
  }
};

// Text in a colour if `colors`, else as it is.
enum class Hue { kKey, kHeading, kDim, kGood, kBad };
[[nodiscard]] std::string Colored(bool colors, Hue hue, std::string_view text);

}  // namespace amethyst::cli
