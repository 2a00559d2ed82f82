// The prompt's line editor (libedit): keys to edit with, a history that is kept from run to run, and completion.
//
// The history lies in $XDG_STATE_HOME/amethyst/history, by default under ~/.local/state. SIGINT drops the line.
// Thread safety: one thread, one at a time in the process.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/console.h"
#include "cli/line_source.h"
#include "io/file_system.h"

namespace amethyst::cli {

class Prompt final : public LineSource {
 public:
  // Edits on the process's terminal. `families` tells the names that can be completed.
  Prompt(Console& console, io::FileSystem& files, std::function<std::vector<std::string>()> families);
  ~Prompt() override;  // Writes the history.

  [[nodiscard]] std::optional<std::string> Next(std::string_view prompt) override;
  [[nodiscard]] uint64_t line_number() const override { return 0; }

 private:
  struct Editor;
  const std::unique_ptr<Editor> editor_;
};

}  // namespace amethyst::cli
