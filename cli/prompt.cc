#include "cli/prompt.h"

#include <fmt/format.h>
#include <fmt/ostream.h>
#include <histedit.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "cli/completion.h"

namespace amethyst::cli {

namespace {

constexpr int kHistoryLines = 1000;

// Where the history lies; empty: nowhere, for there is no home directory.
std::string HistoryPath(io::FileSystem& files) {
  const char* const state = std::getenv("XDG_STATE_HOME");
  const char* const home = std::getenv("HOME");
  std::string directory;
  if (state != nullptr && *state == '/') {
    directory = state;
  } else if (home != nullptr && *home == '/') {
    directory = io::JoinPath(home, ".local/state");
  } else {
    return {};
  }
  directory = io::JoinPath(directory, "amethyst");
  return files.CreateDirectories(directory) ? io::JoinPath(directory, "history") : std::string();
}

}  // namespace

struct Prompt::Editor {
  Editor(Console& its_console, io::FileSystem& its_files, std::function<std::vector<std::string>()> its_families)
      : console(its_console), files(its_files), families(std::move(its_families)) {
    history = history_init();
    HistEvent event;
    history_w(event, H_SETSIZE, kHistoryLines);
    history_w(event, H_SETUNIQUE, 1);
    history_path = HistoryPath(files);
    if (!history_path.empty()) ::history(history, &event, H_LOAD, history_path.c_str());

    edit = el_init("amethyst", stdin, stdout, stderr);
    el_set(edit, EL_CLIENTDATA, this);
    el_set(edit, EL_PROMPT, &PromptText);
    el_set(edit, EL_EDITOR, "emacs");
    el_set(edit, EL_SIGNAL, 0);
    el_set(edit, EL_HIST, ::history, history);
    el_set(edit, EL_ADDFN, "amethyst-complete", "Complete the word before the cursor", &OnTab);
    el_set(edit, EL_BIND, "^I", "amethyst-complete", nullptr);
    el_set(edit, EL_BIND, "^R", "em-inc-search-prev", nullptr);
    el_source(edit, nullptr);
  }
  ~Editor() {
    HistEvent event;
    if (!history_path.empty()) ::history(history, &event, H_SAVE, history_path.c_str());
    el_end(edit);
    history_end(history);
  }
  Editor(const Editor&) = delete;
  Editor& operator=(const Editor&) = delete;

  void history_w(HistEvent& event, int operation, int number) { ::history(history, &event, operation, number); }

  static Editor* Of(EditLine* edit) {
    void* data = nullptr;
    el_get(edit, EL_CLIENTDATA, &data);
    return static_cast<Editor*>(data);
  }
  static const char* PromptText(EditLine* edit) { return Of(edit)->prompt.c_str(); }

  static unsigned char OnTab(EditLine* edit, int) {
    Editor& self = *Of(edit);
    const LineInfo* const info = el_line(edit);
    const std::string line(info->buffer, static_cast<size_t>(info->cursor - info->buffer));
    const Completion completion = Complete(line, self.files, self.families());
    const std::string word = line.substr(completion.begin);
    if (completion.common.size() > word.size()) {
      el_insertstr(edit, completion.common.c_str() + word.size());
      return CC_REFRESH;
    }
    if (completion.candidates.size() < 2) return CC_ERROR;
    std::fputc('\n', stdout);
    for (const std::string& candidate : completion.candidates) std::fprintf(stdout, "%s  ", candidate.c_str());
    std::fputc('\n', stdout);
    return CC_REDISPLAY;
  }

  Console& console;
  io::FileSystem& files;
  const std::function<std::vector<std::string>()> families;
  std::string prompt;
  std::string history_path;
  History* history = nullptr;
  EditLine* edit = nullptr;
};

Prompt::Prompt(Console& console, io::FileSystem& files, std::function<std::vector<std::string>()> families)
    : editor_(std::make_unique<Editor>(console, files, std::move(families))) {}
Prompt::~Prompt() = default;

std::optional<std::string> Prompt::Next(std::string_view prompt) {
  Console& console = editor_->console;
  editor_->prompt = prompt;
  console.out.flush();
  console.interrupted = false;  // That was for the command before.
  for (;;) {
    int count = 0;
    errno = 0;
    const char* const text = el_gets(editor_->edit, &count);
    if (text != nullptr && count > 0) {
      std::string line(text, static_cast<size_t>(count));
      while (line.ends_with('\n') || line.ends_with('\r')) line.pop_back();
      HistEvent event;
      if (line.find_first_not_of(" \t") != std::string::npos) history(editor_->history, &event, H_ENTER, line.c_str());
      return line;
    }
    std::fputc('\n', stdout);
    if (!console.interrupted.exchange(false)) return std::nullopt;
    el_reset(editor_->edit);
    if (!editor_->prompt.starts_with("amethyst")) {  // A command asked for the line: that is dropped as well.
      console.interrupted = true;
      return std::nullopt;
    }
  }
}

}  // namespace amethyst::cli
