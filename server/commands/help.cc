#include "server/commands/help.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>

namespace amethyst::server {

namespace {

struct HelpLine {
  std::string name;
  Command command{};
};

std::string_view NameBehindContainer(const Command& subcommand) {
  return subcommand.name.substr(subcommand.name.find('|') + 1);
}

// "ENCODING <key>", "SET <arg> <arg> ...": what the arity and the keys' places tell.
std::string UsageOf(const Command& subcommand) {
  std::string usage = UpperCase(NameBehindContainer(subcommand));
  const int words = subcommand.arity < 0 ? -subcommand.arity : subcommand.arity;
  for (int place = 2; place < words; ++place) usage += place == subcommand.keys.first ? " <key>" : " <arg>";
  if (subcommand.arity < 0) usage += " [<arg> ...]";
  return usage;
}

void Help(Call& call) {
  const std::string_view name = call.command.name.substr(0, call.command.name.find('|'));
  const Command& container = *FindCommand(name);
  call.reply.Array(2 * container.subcommands.size() + 3);
  call.reply.Simple(UpperCase(name) + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
  for (const Command& subcommand : container.subcommands) {
    call.reply.Simple(UsageOf(subcommand));
    call.reply.Simple(fmt::format("    {}", subcommand.summary));
  }
  call.reply.Simple("HELP");
  call.reply.Simple("    Prints this help.");
}

}  // namespace

std::string UpperCase(std::string_view text) {
  std::string upper(text);
  std::ranges::transform(upper, upper.begin(), [](char c) { return c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c; });
  return upper;
}

const Command& HelpOf(const Command& container) {
  static auto* const lines = new std::map<std::string_view, HelpLine>;
  const auto [at, is_new] = lines->try_emplace(container.name);
  if (is_new) {
    at->second.name = fmt::format("{}|help", container.name);
    at->second.command = {.name = at->second.name,
                          .arity = 2,
                          .flags = kLoading | kStale,
                          .keys = {},
                          .group = container.group,
                          .since = container.since,
                          .summary = "Returns helpful text about the different subcommands.",
                          .run = Help};
  }
  return at->second.command;
}

}  // namespace amethyst::server
