#include "cli/commands.h"

#include <array>
#include <vector>

namespace amethyst::cli {

std::span<const CommandGroup> AllCommands() {
  static const std::array kGroups = {
      CommandGroup{"One key", PointCommands()},
      CommandGroup{"Many keys", RangeCommands()},
      CommandGroup{"", BatchCommands()},
      CommandGroup{"In and out", ImportCommands()},
      CommandGroup{"", ExportCommands()},
      CommandGroup{"", SeedCommands()},
      CommandGroup{"Look inside", InspectCommands()},
      CommandGroup{"Upkeep", UpkeepCommands()},
      CommandGroup{"Safety", SafetyCommands()},
      CommandGroup{"The shell", ShellCommands()},
  };
  return kGroups;
}

const Command* FindCommand(std::string_view name) {
  for (const CommandGroup& group : AllCommands()) {
    for (const Command& command : group.commands) {
      if (command.name == name) return &command;
    }
  }
  return nullptr;
}

std::string_view NearestCommand(std::string_view name) {
  std::vector<std::string_view> names;
  for (const CommandGroup& group : AllCommands()) {
    for (const Command& command : group.commands) names.push_back(command.name);
  }
  return Nearest(name, names);
}

}  // namespace amethyst::cli
