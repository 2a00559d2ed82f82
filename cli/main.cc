// amethyst: see `amethyst --help`. The process's own part: its streams and signals.
#include <langinfo.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <streambuf>
#include <string>
#include <string_view>
#include <vector>

#include "cli/config.h"
#include "cli/pager.h"
#include "cli/program.h"
#include "io/system_environment.h"

namespace {

using amethyst::cli::Console;

// Standard output through a buffer that remembers why writing failed, which std::cout does not.
class StandardOutput final : public std::streambuf {
 public:
  explicit StandardOutput(int* error) : error_(error), buffer_(64 << 10, '\0') {
    setp(buffer_.data(), buffer_.data() + buffer_.size());
  }
  ~StandardOutput() override { Write(); }

 protected:
  int_type overflow(int_type byte) override {
    if (!Write()) return traits_type::eof();
    if (!traits_type::eq_int_type(byte, traits_type::eof())) sputc(traits_type::to_char_type(byte));
    return traits_type::not_eof(byte);
  }
  int sync() override { return Write() ? 0 : -1; }

 private:
  bool Write() {
    const auto count = static_cast<size_t>(pptr() - pbase());
    setp(buffer_.data(), buffer_.data() + buffer_.size());
    errno = 0;
    if (std::fwrite(buffer_.data(), 1, count, stdout) == count && std::fflush(stdout) == 0) return true;
    if (*error_ == 0) *error_ = errno;
    return false;
  }

  int* const error_;
  std::string buffer_;
};

std::atomic<bool>* interrupted = nullptr;

// The first SIGINT asks the running command to stop, a second one ends the process. At the prompt it drops the line.
void OnInterrupt(int) {
  if (interrupted->exchange(true)) _exit(130);
}

void HandleSignals(Console& console) {
  interrupted = &console.interrupted;
  struct sigaction action{};
  action.sa_handler = OnInterrupt;  // Without SA_RESTART: the prompt's read returns.
  sigaction(SIGINT, &action, nullptr);
  signal(SIGPIPE, SIG_IGN);  // A write then fails, and the database is closed as usual.
}

}  // namespace

int main(int argc, char** argv) {
  std::setlocale(LC_CTYPE, "");
  std::ios::sync_with_stdio(false);
  int error = 0;
  StandardOutput output(&error);
  std::ostream out(&output);
  Console console(std::cin, out, std::cerr, error);
  console.in_is_terminal = isatty(STDIN_FILENO) != 0;
  console.out_is_terminal = isatty(STDOUT_FILENO) != 0;
  console.err_is_terminal = isatty(STDERR_FILENO) != 0;
  if (console.out_is_terminal) {
    winsize size{};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) {
      console.columns = size.ws_col;
      console.rows = size.ws_row;
    }
    console.page = amethyst::cli::ShowByPager;
    console.unicode = std::string_view(nl_langinfo(CODESET)) == "UTF-8";
  }
  HandleSignals(console);
  const std::string config = amethyst::cli::ConfigPath(amethyst::io::DefaultEnvironment()->files());
  return static_cast<int>(
      amethyst::cli::RunProgram(std::vector<std::string>(argv + 1, argv + argc), console, {}, config));
}
