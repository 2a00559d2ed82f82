// In a unit of its own: what curses.h defines is not for others.
#include "cli/top_screen.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#define NCURSES_NOMACROS
#include <curses.h>
#include <termcap.h>

#include "base/error.h"

namespace amethyst::cli {

namespace {

constexpr std::chrono::milliseconds kIntervalMin{100};
constexpr std::chrono::milliseconds kIntervalMax{60'000};

constexpr const char* kHelp[] = {
    "q      quit",
    "space  pause, and go on",
    "+ -    look more often, less often",
    "h ?    this help; any key leaves it",
    "",
    "stall    what holds writers up now, and since when",
    "writes   a second, between the last two updates of the figures",
    "latency  half of the calls, and 99 of 100, took less (get and write are sampled)",
    "debt     what compactions have to write until the tree is in its shape",
    "level    its bytes beside the largest level's",
    "",
    "The writer updates its figures once a second while it is at work, and rests when there",
    "is nothing to do. They are in the file STATS of the database's directory.",
};

// ncurses 6.4 leaks the screen that newterm does not know how to draw on, so it is asked before.
bool IsKnownTerminal() {
  const char* const name = std::getenv("TERM");
  return name != nullptr && tgetent(nullptr, name) == 1;
}

// The terminal as long as this lives.
class Terminal {
 public:
  explicit Terminal(bool colors) : screen_(IsKnownTerminal() ? newterm(nullptr, stdout, stdin) : nullptr) {
    if (screen_ == nullptr) return;
    set_term(screen_);
    cbreak();
    noecho();
    nonl();
    keypad(stdscr, true);
    curs_set(0);
    if (!colors || !has_colors()) return;
    start_color();
    use_default_colors();
    init_pair(kWarningPair, COLOR_RED, -1);
    init_pair(kHeadingPair, COLOR_CYAN, -1);
    has_pairs_ = true;
  }
  ~Terminal() {
    if (screen_ == nullptr) return;
    endwin();
    delscreen(screen_);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  [[nodiscard]] bool is_open() const { return screen_ != nullptr; }
  [[nodiscard]] static size_t rows() { return static_cast<size_t>(std::max(getmaxy(stdscr), 1)); }
  [[nodiscard]] static size_t columns() { return static_cast<size_t>(std::max(getmaxx(stdscr), 1)); }

  void Draw(const std::vector<TopLine>& lines, const std::string& status) const {
    werase(stdscr);
    const int last = getmaxy(stdscr) - 1;
    for (int row = 0; row < std::min(last, static_cast<int>(lines.size())); ++row) {
      const TopLine& line = lines[static_cast<size_t>(row)];
      Put(row, line.text, AttributesOf(line.tone));
    }
    Put(last, status.substr(0, columns() - 1), A_REVERSE);
    wrefresh(stdscr);
  }

 private:
  static constexpr short kWarningPair = 1;
  static constexpr short kHeadingPair = 2;

  static void Put(int row, const std::string& text, attr_t attributes) {
    wattrset(stdscr, static_cast<int>(attributes));
    mvwaddstr(stdscr, row, 0, text.c_str());
    wattrset(stdscr, A_NORMAL);
  }
  [[nodiscard]] attr_t AttributesOf(TopLine::Tone tone) const {
    if (tone == TopLine::Tone::kPlain) return A_NORMAL;
    if (!has_pairs_) return A_BOLD;
    return A_BOLD | static_cast<attr_t>(COLOR_PAIR(tone == TopLine::Tone::kWarning ? kWarningPair : kHeadingPair));
  }

  SCREEN* const screen_;
  bool has_pairs_ = false;
};

// What the keys have set.
struct View {
  std::chrono::milliseconds interval;
  bool is_paused = false;
  bool shows_help = false;
  bool quits = false;

  void Take(int key) {
    if (shows_help) {
      shows_help = key == KEY_RESIZE;
      quits = key == 'q';
      return;
    }
    if (key == 'q' || key == 'Q') quits = true;
    if (key == ' ') is_paused = !is_paused;
    if (key == 'h' || key == '?') shows_help = true;
    if (key == '+' || key == '=') interval = std::max(interval / 2, kIntervalMin);
    if (key == '-') interval = std::min(interval * 2, kIntervalMax);
  }
  [[nodiscard]] std::string Status() const {
    return fmt::format(" q quit  space {}  +/- every {:.1f} s  h help{}", is_paused ? "go on" : "pause",
                       static_cast<double>(interval.count()) / 1000, is_paused ? "   PAUSED" : "");
  }
};

std::vector<TopLine> HelpLines(size_t columns) {
  std::vector<TopLine> lines;
  for (const char* const line : kHelp) lines.push_back({.text = std::string(line).substr(0, columns)});
  return lines;
}

}  // namespace

Status RunTopScreen(const TopScreen& screen) {
  const Terminal terminal(screen.colors);
  if (!terminal.is_open()) {
    return base::InvalidArgument("this terminal cannot show it (TERM is {}); `top --once` prints it",
                                 std::getenv("TERM") == nullptr ? "not set" : std::getenv("TERM"));
  }
  View view{.interval = std::clamp(screen.interval, kIntervalMin, kIntervalMax)};
  std::vector<TopLine> lines;
  bool is_due = true;
  while (!view.quits && !screen.interrupted.load(std::memory_order_relaxed)) {
    if (is_due && !view.is_paused) {
      AMETHYST_ASSIGN(lines, screen.look(Terminal::columns(), Terminal::rows() - 1));
    }
    terminal.Draw(view.shows_help ? HelpLines(Terminal::columns()) : lines, view.Status());
    wtimeout(stdscr, static_cast<int>(view.interval.count()));
    const int key = wgetch(stdscr);
    is_due = key == ERR || key == KEY_RESIZE;
    if (key == ERR && !isatty(STDIN_FILENO)) break;  // It has gone: the wait would be none.
    view.Take(key);
  }
  return {};
}

}  // namespace amethyst::cli
