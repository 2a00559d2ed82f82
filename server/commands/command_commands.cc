// COMMAND: what there is, and which arguments are keys.
#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/commands/command.h"
#include "server/commands/help.h"
#include "server/commands/pattern.h"

namespace amethyst::server {

namespace {

struct FlagName {
  uint32_t flag;
  std::string_view name;
};
// In the order in which Redis names them.
constexpr FlagName kFlagNames[] = {
    {kWrite, "write"},    {kReadonly, "readonly"},        {kDenyOom, "denyoom"},          {kAdmin, "admin"},
    {kPubSub, "pubsub"},  {kNoScript, "noscript"},        {kBlocking, "blocking"},        {kLoading, "loading"},
    {kStale, "stale"},    {kSkipMonitor, "skip_monitor"}, {kSkipSlowlog, "skip_slowlog"}, {kFast, "fast"},
    {kNoAuth, "no_auth"}, {kNoMulti, "no_multi"},         {kMovableKeys, "movablekeys"},
};

struct GroupCategory {
  std::string_view group;
  std::string_view category;
};
constexpr GroupCategory kGroupCategories[] = {
    {"generic", "@keyspace"},
    {"set", "@set"},
    {"sorted-set", "@sortedset"},
    {"sorted_set", "@sortedset"},
    {"list", "@list"},
    {"hash", "@hash"},
    {"string", "@string"},
    {"bitmap", "@bitmap"},
    {"hyperloglog", "@hyperloglog"},
    {"geo", "@geo"},
    {"stream", "@stream"},
    {"pubsub", "@pubsub"},
    {"connection", "@connection"},
    {"transactions", "@transaction"},
    {"scripting", "@scripting"},
};

// The categories of access lists, as far as flags and group tell them, in Redis's order.
std::vector<std::string_view> CategoriesOf(const Command& command) {
  const auto own = std::ranges::find(kGroupCategories, command.group, &GroupCategory::group);
  const std::string_view category = own == std::end(kGroupCategories) ? "" : own->category;
  const bool stands_last = category == "@connection" || category == "@transaction" || category == "@scripting";
  const auto has = [&](uint32_t flag) { return (command.flags & flag) != 0; };
  std::vector<std::string_view> categories;
  if (category == "@keyspace") categories.push_back(category);
  if (has(kReadonly)) categories.push_back("@read");
  if (has(kWrite)) categories.push_back("@write");
  if (!category.empty() && category != "@keyspace" && !stands_last) categories.push_back(category);
  if (has(kAdmin)) categories.push_back("@admin");
  categories.push_back(has(kFast) ? "@fast" : "@slow");
  if (has(kBlocking)) categories.push_back("@blocking");
  if (has(kAdmin)) categories.push_back("@dangerous");
  if (stands_last) categories.push_back(category);
  return categories;
}

// Redis calls it RW where a command reads what it overwrites; the table does not say that, so each write is.
void ReplyWithKeySpecification(Reply& reply, const Command& command) {
  const KeyPositions& keys = command.keys;
  if (keys.first == 0) return reply.Set(0);
  reply.Set(1);
  reply.Map(3);
  reply.Bulk("flags");
  const bool writes = (command.flags & kWrite) != 0;
  reply.Set(2);
  reply.Simple(writes ? "RW" : "RO");
  reply.Simple(writes ? "update" : "access");
  reply.Bulk("begin_search");
  reply.Map(2);
  reply.Bulk("type");
  reply.Bulk("index");
  reply.Bulk("spec");
  reply.Map(1);
  reply.Bulk("index");
  reply.Integer(keys.first);
  reply.Bulk("find_keys");
  reply.Map(2);
  reply.Bulk("type");
  reply.Bulk("range");
  reply.Bulk("spec");
  reply.Map(3);
  reply.Bulk("lastkey");
  reply.Integer(keys.last < 0 ? keys.last : keys.last - keys.first);
  reply.Bulk("keystep");
  reply.Integer(keys.step);
  reply.Bulk("limit");
  reply.Integer(0);
}

// A container's lines, with HELP.
std::vector<const Command*> SubcommandsOf(const Command& command) {
  std::vector<const Command*> all;
  for (const Command& subcommand : command.subcommands) all.push_back(&subcommand);
  if (!all.empty()) all.push_back(&HelpOf(command));
  return all;
}

void ReplyWithInfo(Reply& reply, const Command& command) {
  reply.Array(10);
  reply.Bulk(command.name);
  reply.Integer(command.arity);
  std::vector<std::string_view> flags;
  for (const auto& [flag, name] : kFlagNames) {
    if ((command.flags & flag) != 0) flags.push_back(name);
  }
  reply.Set(flags.size());
  for (const std::string_view flag : flags) reply.Simple(flag);
  reply.Integer(command.keys.first);
  reply.Integer(command.keys.last);
  reply.Integer(command.keys.step);
  const std::vector<std::string_view> categories = CategoriesOf(command);
  reply.Set(categories.size());
  for (const std::string_view category : categories) reply.Simple(category);
  reply.Set(0);  // Hints for a cluster's clients.
  ReplyWithKeySpecification(reply, command);
  const std::vector<const Command*> subcommands = SubcommandsOf(command);
  reply.Set(subcommands.size());
  for (const Command* const subcommand : subcommands) ReplyWithInfo(reply, *subcommand);
}

void ReplyWithDocs(Reply& reply, const Command& command) {
  const std::vector<const Command*> subcommands = SubcommandsOf(command);
  reply.Bulk(command.name);
  reply.Map(subcommands.empty() ? 3 : 4);
  reply.Bulk("summary");
  reply.Bulk(command.summary);
  reply.Bulk("since");
  reply.Bulk(command.since);
  reply.Bulk("group");
  reply.Bulk(command.group);
  if (subcommands.empty()) return;
  reply.Bulk("subcommands");
  reply.Map(subcommands.size());
  for (const Command* const subcommand : subcommands) ReplyWithDocs(reply, *subcommand);
}

// By "get" or "config|get"; nullptr: there is none.
const Command* FindByFullName(std::string_view name) {
  const size_t bar = name.find('|');
  const Command* const command = FindCommand(name.substr(0, bar));
  if (command == nullptr || bar == std::string_view::npos) return command;
  return FindSubcommand(*command, name.substr(bar + 1));
}

void CommandAll(Call& call) {
  const std::vector<const Command*> all = AllCommands();
  call.reply.Array(all.size());
  for (const Command* const command : all) ReplyWithInfo(call.reply, *command);
}

void CommandCount(Call& call) { call.reply.Integer(static_cast<int64_t>(AllCommands().size())); }

void CommandInfo(Call& call) {
  if (call.size() == 2) return CommandAll(call);
  call.reply.Array(call.size() - 2);
  for (const std::string_view name : call.args.subspan(2)) {
    if (const Command* const command = FindByFullName(name)) {
      ReplyWithInfo(call.reply, *command);
    } else {
      call.reply.Null();
    }
  }
}

void CommandDocs(Call& call) {
  std::vector<const Command*> shown;
  if (call.size() == 2) shown = AllCommands();
  for (const std::string_view name : call.args.subspan(2)) {
    if (const Command* const command = FindByFullName(name)) shown.push_back(command);
  }
  call.reply.Map(shown.size());
  for (const Command* const command : shown) ReplyWithDocs(call.reply, *command);
}

enum class Filter : uint8_t { kNone, kModule, kCategory, kPattern };

bool IsListed(const Command& command, Filter filter, std::string_view word) {
  switch (filter) {
    case Filter::kNone: return true;
    case Filter::kModule: return false;  // There are no modules.
    case Filter::kCategory: {
      const std::vector<std::string_view> categories = CategoriesOf(command);
      return std::ranges::any_of(categories, [&](std::string_view own) { return own.substr(1) == word; });
    }
    case Filter::kPattern: return Matches(word, command.name, true);
  }
  return false;
}

void CommandList(Call& call) {
  Filter filter = Filter::kNone;
  if (call.size() == 5 && call.Is(2, "filterby")) {
    filter = call.Is(3, "module")    ? Filter::kModule
             : call.Is(3, "aclcat")  ? Filter::kCategory
             : call.Is(3, "pattern") ? Filter::kPattern
                                     : Filter::kNone;
  }
  if (call.size() != 2 && filter == Filter::kNone) return call.reply.Error(kSyntax);
  std::vector<std::string_view> names;
  for (const Command* const command : AllCommands()) {
    if (IsListed(*command, filter, call.args.back())) names.push_back(command->name);
    for (const Command* const subcommand : SubcommandsOf(*command)) {
      if (IsListed(*subcommand, filter, call.args.back())) names.push_back(subcommand->name);
    }
  }
  call.reply.Array(names.size());
  for (const std::string_view name : names) call.reply.Bulk(name);
}

void CommandGetKeys(Call& call) {
  const Arguments asked = call.args.subspan(2);
  const Command* command = FindCommand(asked[0]);
  if (command != nullptr && !command->subcommands.empty() && asked.size() > 1) {
    command = FindSubcommand(*command, asked[1]);
  }
  if (command == nullptr) return call.reply.Error("ERR Invalid command specified");
  if (command->find_keys == nullptr && command->keys.first == 0) {
    return call.reply.Error("ERR The command has no key arguments");
  }
  if (!HasArity(*command, asked.size())) {
    return call.reply.Error("ERR Invalid number of arguments specified for command");
  }
  const std::vector<int> places = FindKeys(*command, asked);
  if (places.empty()) return call.reply.Error("ERR Invalid arguments specified for command");
  call.reply.Array(places.size());
  for (const int place : places) call.reply.Bulk(asked[static_cast<size_t>(place)]);
}

constexpr uint32_t kFlags = kLoading | kStale;
constexpr Command kCommandCommands[] = {
    {"command|count", 2, kFlags, {}, "server", "2.8.13", "Returns a count of commands.", CommandCount},
    {"command|docs", -2, kFlags, {}, "server", "7.0.0", "Returns documentary information about commands.", CommandDocs},
    {"command|getkeys",
     -4,
     kFlags,
     {},
     "server",
     "2.8.13",
     "Extracts the key names from an arbitrary command.",
     CommandGetKeys},
    {"command|info", -2, kFlags, {}, "server", "2.8.13", "Returns information about commands.", CommandInfo},
    {"command|list", -2, kFlags, {}, "server", "7.0.0", "Returns a list of command names.", CommandList},
};

constexpr Command kCommands[] = {
    {"command",
     -1,
     kFlags,
     {},
     "server",
     "2.8.13",
     "Returns detailed information about all commands.",
     CommandAll,
     nullptr,
     kCommandCommands},
};

}  // namespace

std::span<const Command> CommandCommands() { return kCommands; }

}  // namespace amethyst::server
