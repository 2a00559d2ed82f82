#include "cli/pager.h"

#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>

namespace amethyst::cli {

namespace {

// Takes what is printed in the place of a stream.
class Collector {
 public:
  explicit Collector(std::ostream& out) : out_(out), before_(out.rdbuf(&text_)) {}
  ~Collector() { Stop(); }
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;

  std::string Stop() {
    if (before_ != nullptr) out_.rdbuf(before_);
    before_ = nullptr;
    return std::move(text_).str();
  }

 private:
  std::stringbuf text_;
  std::ostream& out_;
  std::streambuf* before_;
};

}  // namespace

Result<ExitCode> RunPaged(const Invocation& invocation) {
  Console& console = invocation.console();
  if (!console.page || console.rows == 0 || invocation.json) return invocation.command.run(invocation);
  console.out.flush();
  Collector collector(console.out);
  Result<ExitCode> result = invocation.command.run(invocation);
  const std::string text = collector.Stop();
  const auto lines = static_cast<size_t>(std::ranges::count(text, '\n'));
  if (lines < console.rows || !console.page(text)) console.out << text;
  return result;
}

bool ShowByPager(std::string_view text) {
  constexpr int kNotFound = 127;  // As the shell that runs it says.
  const char* const named = std::getenv("PAGER");
  const std::string pager = named == nullptr ? "command -v less >/dev/null || exit 127; exec less" : named;
  if (pager.empty() || pager == "cat") return false;
  if (::setenv("LESS", "FRX", 0) != 0) return false;
  FILE* const pipe = ::popen(pager.c_str(), "w");
  if (pipe == nullptr) return false;
  // An interrupt is the pager's: it may mean something there.
  struct sigaction before{};
  struct sigaction ignore{};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGINT, &ignore, &before);
  std::fwrite(text.data(), 1, text.size(), pipe);  // Fails once the pager is left, which is as good as the end.
  const int status = ::pclose(pipe);
  ::sigaction(SIGINT, &before, nullptr);
  return !(WIFEXITED(status) && WEXITSTATUS(status) == kNotFound);
}

}  // namespace amethyst::cli
