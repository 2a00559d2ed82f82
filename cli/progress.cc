#include "cli/progress.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>

#include "cli/text.h"

namespace amethyst::cli {

namespace {

constexpr std::chrono::milliseconds kInterval{100};
constexpr uint64_t kCallsPerLook = 16;  // At the clock.
constexpr int kBarColumns = 30;

std::string Rate(uint64_t entries, double seconds) {
  return fmt::format("{}/s", Grouped(static_cast<uint64_t>(static_cast<double>(entries) / std::max(seconds, 0.001))));
}

}  // namespace

Progress::Progress(const Invocation& invocation, std::string_view verb, uint64_t total)
    : invocation_(invocation),
      verb_(verb),
      total_(total),
      begin_(invocation.session.environment().clock().Monotonic()),
      drawn_(begin_) {}

Progress::~Progress() { Wipe(); }

double Progress::Seconds() const {
  return std::chrono::duration<double>(invocation_.session.environment().clock().Monotonic() - begin_).count();
}

void Progress::Update(uint64_t entries, uint64_t done) {
  if (!invocation_.console().err_is_terminal || ++calls_ % kCallsPerLook != 0) return;
  const std::chrono::nanoseconds now = invocation_.session.environment().clock().Monotonic();
  if (now - drawn_ < kInterval) return;
  drawn_ = now;
  Draw(entries, done);
}

void Progress::Draw(uint64_t entries, uint64_t done) {
  Console& console = invocation_.console();
  std::string bar;
  if (total_ != 0) {
    const double share = std::min(1.0, static_cast<double>(done) / static_cast<double>(total_));
    const int filled = static_cast<int>(share * kBarColumns);
    bar = fmt::format("[{:#<{}}{:.<{}}] {:3.0f}%  ", "", filled, "", kBarColumns - filled, share * 100);
  }
  fmt::print(console.err, "\r\033[K{}{} {}  {}", bar, verb_, Grouped(entries), Rate(entries, Seconds()));
  console.err.flush();
  visible_ = true;
}

void Progress::Wipe() {
  if (visible_) invocation_.console().err << "\r\033[K" << std::flush;
  visible_ = false;
}

void Progress::Finish(uint64_t entries, uint64_t bytes, uint64_t skipped) {
  Wipe();
  Console& console = invocation_.console();
  const double seconds = Seconds();
  if (invocation_.json) {
    fmt::print(console.err, "{{\"{}\":{},\"bytes\":{},\"skipped\":{},\"seconds\":{:.3f}}}\n", verb_, entries, bytes,
               skipped, seconds);
    return;
  }
  fmt::print(console.err, "{} {}, {} in {:.1f} s ({}){}\n", verb_, Counted(entries, "entry", "entries"),
             HumanBytes(bytes), seconds, Rate(entries, seconds),
             skipped == 0 ? "" : fmt::format(", skipped {}", Counted(skipped, "bad record", "bad records")));
}

}  // namespace amethyst::cli
