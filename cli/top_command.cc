// top: a live view of a database that a process writes.
#include <fmt/format.h>
#include <fmt/ostream.h>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/text.h"
#include "cli/top_lines.h"
#include "cli/top_screen.h"

namespace amethyst::cli {

namespace {

// The looks one after the other, of which the last two updates of the figures give the rates.
class Watch {
 public:
  Watch(io::Environment& environment, std::string directory)
      : environment_(environment), directory_(std::move(directory)) {}

  Status Take() {
    AMETHYST_ASSIGN(Look look, TakeLook(environment_, directory_));
    if (const auto rates = RatesBetween(now_, look)) {
      rates_ = rates;
    } else if (!look.contents || !now_.contents || look.contents->writer != now_.contents->writer) {
      rates_.reset();
    }
    now_ = std::move(look);
    return {};
  }
  [[nodiscard]] std::vector<TopLine> Lines(const TopSize& size) const {
    return TopLines(directory_, now_, rates_, size);
  }
  [[nodiscard]] std::string Json() const { return TopJson(directory_, now_, rates_); }

 private:
  io::Environment& environment_;
  const std::string directory_;
  Look now_;
  std::optional<Rates> rates_;
};

// Seconds, with a fraction or without.
std::optional<std::chrono::milliseconds> ParseInterval(std::string_view text) {
  constexpr double kSecondsMax = 3600;
  char* end = nullptr;
  const std::string copy(text);
  const double seconds = std::strtod(copy.c_str(), &end);
  if (copy.empty() || *end != '\0' || !(seconds >= 0.1 && seconds <= kSecondsMax)) return std::nullopt;
  return std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000));
}

// Waits in short steps, so that an interrupt ends it.
void Sleep(const Invocation& invocation, std::chrono::milliseconds interval) {
  constexpr std::chrono::milliseconds kStep{50};
  for (auto slept = kStep * 0; slept < interval && !invocation.interrupted(); slept += kStep) {
    invocation.session.environment().clock().Sleep(std::min(kStep, interval - slept));
  }
}

Result<ExitCode> Once(const Invocation& invocation, Watch watch, std::optional<std::chrono::milliseconds> interval) {
  Console& console = invocation.console();
  AMETHYST_TRY(watch.Take());
  if (interval) {
    Sleep(invocation, *interval);
    AMETHYST_TRY(watch.Take());
  }
  if (invocation.json) {
    console.out << watch.Json() << '\n';
    return ExitCode::kOk;
  }
  const size_t columns = console.columns == 0 ? SIZE_MAX : console.columns;
  for (const TopLine& line : watch.Lines({.columns = columns, .rows = 0, .unicode = console.unicode})) {
    const Hue hue = line.tone == TopLine::Tone::kWarning ? Hue::kBad : Hue::kHeading;
    console.out << (line.tone == TopLine::Tone::kPlain ? line.text : Colored(console.ColorsOut(), hue, line.text))
                << '\n';
  }
  return ExitCode::kOk;
}

Result<ExitCode> Top(const Invocation& invocation) {
  Console& console = invocation.console();
  const std::string directory(invocation.arguments.at(0).value_or(invocation.session.settings().directory));
  std::optional<std::chrono::milliseconds> interval;
  if (const auto text = invocation.arguments.Value("--interval")) {
    interval = ParseInterval(*text);
    if (!interval) {
      return WrongUsage(invocation, fmt::format("--interval is seconds from 0.1 to 3600, not {}", Readable(*text)));
    }
  }
  Watch watch(invocation.session.environment(), directory);
  if (invocation.json || invocation.arguments.Has("--once")) return Once(invocation, std::move(watch), interval);
  if (!console.in_is_terminal || !console.out_is_terminal) {
    return WrongUsage(invocation, "it draws on a terminal; `top --once` prints text, `top --json` an object");
  }
  AMETHYST_TRY(watch.Take());  // What is wrong is said before the screen is taken.
  console.out.flush();
  const auto look = [&](size_t columns, size_t rows) -> Result<std::vector<TopLine>> {
    AMETHYST_TRY(watch.Take());
    return watch.Lines({.columns = columns, .rows = rows, .unicode = console.unicode});
  };
  AMETHYST_TRY(RunTopScreen({.interval = interval.value_or(std::chrono::seconds(1)),
                             .colors = console.ColorsOut(),
                             .interrupted = console.interrupted,
                             .look = look}));
  return ExitCode::kOk;
}

constexpr OptionSpec kTopOptions[] = {
    {.name = "--once", .value = "", .help = "print it once, as text, and end"},
    {.name = "--interval",
     .value = "SECONDS",
     .help = "look so often, instead of once a second; with --once or --json, measure rates for so long"},
};

constexpr Command kTopCommands[] = {
    {.name = "top",
     .arguments = "[DIRECTORY]",
     .summary = "Watch a database that another process writes: rates, latencies, levels, jobs, stalls, events",
     .details =
         "Reads the figures that the writer publishes in the file STATS; takes no lock, and nobody waits for it. Says\n"
         "how old they are, and whether the writer is gone. Without them it shows the tree alone. Keys: q quits, "
         "space\n"
         "pauses, + and - change how often it looks, h helps.\n\n"
         "  amethyst top data/amethyst\n  amethyst top --once --interval 2\n  amethyst --json top data/amethyst",
     .arity = {0, 1},
     .options = kTopOptions,
     .run = Top,
     .takes_files = true},
};

}  // namespace

std::span<const Command> TopCommands() { return kTopCommands; }

}  // namespace amethyst::cli
