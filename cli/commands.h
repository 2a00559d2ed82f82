// All commands of the shell, by group in the order of the help. Thread safety: constants.
#pragma once

#include <span>
#include <string_view>

#include "cli/command.h"

namespace amethyst::cli {

struct CommandGroup {
  std::string_view title;
  std::span<const Command> commands;
};

[[nodiscard]] std::span<const CommandGroup> AllCommands();
// nullptr: there is none of that name.
[[nodiscard]] const Command* FindCommand(std::string_view name);
// For an unknown command: the name most likely meant; empty if none is near.
[[nodiscard]] std::string_view NearestCommand(std::string_view name);

// The groups, each in a file of its own.
[[nodiscard]] std::span<const Command> PointCommands();        // put cas get delete expiry
[[nodiscard]] std::span<const Command> MergeCommands();        // merge incr
[[nodiscard]] std::span<const Command> TransactionCommands();  // begin commit savepoint rollback
[[nodiscard]] std::span<const Command> RangeCommands();        // scan count deleterange deleteprefix
[[nodiscard]] std::span<const Command> BatchCommands();
[[nodiscard]] std::span<const Command> ImportCommands();
[[nodiscard]] std::span<const Command> IngestCommands();
[[nodiscard]] std::span<const Command> ExportCommands();
[[nodiscard]] std::span<const Command> SeedCommands();
[[nodiscard]] std::span<const Command> FamilyCommands();   // families family use
[[nodiscard]] std::span<const Command> FeedCommands();     // cursors cursor feed
[[nodiscard]] std::span<const Command> InspectCommands();  // inspect dump stats
[[nodiscard]] std::span<const Command> WatchCommands();
[[nodiscard]] std::span<const Command> SetCommands();
[[nodiscard]] std::span<const Command> TopCommands();
[[nodiscard]] std::span<const Command> PageCommands();
[[nodiscard]] std::span<const Command> UpkeepCommands();  // flush compact clear
[[nodiscard]] std::span<const Command> SafetyCommands();  // verify repair
[[nodiscard]] std::span<const Command> CopyCommands();    // checkpoint backup backups restore prune
[[nodiscard]] std::span<const Command> ShellCommands();   // help version quit exit

}  // namespace amethyst::cli
