#include "cli/commands.h"

#include <array>
#include <string_view>
#include <vector>

namespace amethyst::cli {

namespace {

// What other shells and databases call it, and no spelling would lead to.
struct Synonym {
  std::string_view theirs;
  std::string_view ours;
};
constexpr Synonym kSynonyms[] = {
    {"add", "put"},      {"insert", "put"},      {"ls", "scan"},       {"list", "scan"},      {"keys", "scan"},
    {"range", "scan"},   {"rm", "delete"},       {"remove", "delete"}, {"unset", "delete"},   {"cat", "get"},
    {"size", "count"},   {"load", "import"},     {"save", "export"},   {"check", "verify"},   {"info", "stats"},
    {"status", "stats"}, {"incrby", "incr"},     {"decr", "incr"},     {"ttl", "expiry"},     {"expire", "expiry"},
    {"select", "use"},   {"tables", "families"}, {"start", "begin"},   {"abort", "rollback"}, {"discard", "rollback"},
    {"multi", "begin"},  {"exec", "commit"},
};

}  // namespace

std::span<const CommandGroup> AllCommands() {
  static const std::array kGroups = {
      CommandGroup{"One key", PointCommands()},
      CommandGroup{"", MergeCommands()},
      CommandGroup{"Many keys", RangeCommands()},
      CommandGroup{"", BatchCommands()},
      CommandGroup{"All or nothing", TransactionCommands()},
      CommandGroup{"In and out", ImportCommands()},
      CommandGroup{"", IngestCommands()},
      CommandGroup{"", ExportCommands()},
      CommandGroup{"", SeedCommands()},
      CommandGroup{"Families", FamilyCommands()},
      CommandGroup{"Change feed", FeedCommands()},
      CommandGroup{"Look inside", InspectCommands()},
      CommandGroup{"", WatchCommands()},
      CommandGroup{"", TopCommands()},
      CommandGroup{"", PageCommands()},
      CommandGroup{"Upkeep", UpkeepCommands()},
      CommandGroup{"", SetCommands()},
      CommandGroup{"Safety", SafetyCommands()},
      CommandGroup{"Copies", CopyCommands()},
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
  for (const Synonym& synonym : kSynonyms) {
    if (synonym.theirs == name) return synonym.ours;
  }
  std::vector<std::string_view> names;
  for (const CommandGroup& group : AllCommands()) {
    for (const Command& command : group.commands) names.push_back(command.name);
  }
  return Nearest(name, names);
}

}  // namespace amethyst::cli
