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

std::string Rates(const Progress::Moved& moved, double seconds) {
  constexpr double kMiB = 1 << 20;
  seconds = std::max(seconds, 0.001);
  const std::string bytes = fmt::format("{:.1f} MiB/s", static_cast<double>(moved.bytes) / kMiB / seconds);
  if (!moved.entries) return bytes;
  return fmt::format("{}/s, {}", Grouped(static_cast<uint64_t>(static_cast<double>(*moved.entries) / seconds)), bytes);
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

void Progress::Update(const Moved& moved, uint64_t done) {
  if (++calls_ % kCallsPerLook == 0) Show(moved, done);
}

void Progress::Show(const Moved& moved, uint64_t done) {
  if (!invocation_.console().err_is_terminal) return;
  const std::chrono::nanoseconds now = invocation_.session.environment().clock().Monotonic();
  if (now - drawn_ < kInterval) return;
  drawn_ = now;
  Draw(moved, done);
}

void Progress::Draw(const Moved& moved, uint64_t done) {
  Console& console = invocation_.console();
  std::string bar;
  if (total_ != 0) {
    const double share = std::min(1.0, static_cast<double>(done) / static_cast<double>(total_));
    const int filled = static_cast<int>(share * kBarColumns);
    bar = fmt::format("[{:#<{}}{:.<{}}] {:3.0f}%  ", "", filled, "", kBarColumns - filled, share * 100);
  }
  fmt::print(console.err, "\r\033[K{}{} {}  {}", bar, verb_,
             moved.entries ? Grouped(*moved.entries) : HumanBytes(moved.bytes), Rates(moved, Seconds()));
  console.err.flush();
  visible_ = true;
}

void Progress::Wipe() {
  if (visible_) invocation_.console().err << "\r\033[K" << std::flush;
  visible_ = false;
}

void Progress::Finish(const Moved& moved, uint64_t skipped) {
  Wipe();
  Console& console = invocation_.console();
  const double seconds = Seconds();
  if (invocation_.json && moved.entries) {
    fmt::print(console.err, "{{\"{}\":{},\"bytes\":{},\"skipped\":{},\"seconds\":{:.3f}}}\n", verb_, *moved.entries,
               moved.bytes, skipped, seconds);
  } else if (invocation_.json) {
    fmt::print(console.err, "{{\"{}_bytes\":{},\"seconds\":{:.3f}}}\n", verb_, moved.bytes, seconds);
  } else {
    fmt::print(console.err, "{} {}{} in {:.1f} s ({}){}\n", verb_,
               moved.entries ? Counted(*moved.entries, "entry", "entries") + ", " : "", HumanBytes(moved.bytes),
               seconds, Rates(moved, seconds),
               skipped == 0 ? "" : fmt::format(", skipped {}", Counted(skipped, "bad record", "bad records")));
  }
}

}  // namespace amethyst::cli
