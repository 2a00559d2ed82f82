// COMMAND: what there is, and which arguments are keys.
#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/commands/categories.h"
#include "server/commands/command.h"
#include "server/commands/help.h"
#include "server/commands/key_specs.h"
#include "server/commands/pattern.h"

namespace amethyst::server {

namespace {

struct FlagName {
  uint32_t flag;
  std::string_view name;
};
// In the order in which Redis names them.
constexpr FlagName kFlagNames[] = {
    {kWrite, "write"},
    {kReadonly, "readonly"},
    {kDenyOom, "denyoom"},
    {kAdmin, "admin"},
    {kPubSub, "pubsub"},
    {kNoScript, "noscript"},
    {kBlocking, "blocking"},
    {kLoading, "loading"},
    {kStale, "stale"},
    {kSkipMonitor, "skip_monitor"},
    {kSkipSlowlog, "skip_slowlog"},
    {kFast, "fast"},
    {kNoAuth, "no_auth"},
    {kNoMulti, "no_multi"},
    {kNoMandatoryKeys, "no_mandatory_keys"},
    {kAllowBusy, "allow_busy"},
    {kMovableKeys, "movablekeys"},
};

// Flags that stand in one word each.
void ReplyWithWords(Reply& reply, std::string_view text) {
  reply.Set(static_cast<size_t>(std::ranges::count(text, ' ')) + 1);
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    reply.Simple(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

struct Field {
  std::string_view name;
  int value;
};
// {"type": `type`, "spec": {...}}.
void ReplyWithTyped(Reply& reply, std::string_view type, std::initializer_list<Field> fields,
                    std::string_view keyword = "") {
  reply.Map(2);
  reply.Bulk("type");
  reply.Bulk(type);
  reply.Bulk("spec");
  reply.Map(fields.size() + (keyword.empty() ? 0 : 1));
  if (!keyword.empty()) {
    reply.Bulk("keyword");
    reply.Bulk(keyword);
  }
  for (const auto& [name, value] : fields) {
    reply.Bulk(name);
    reply.Integer(value);
  }
}

void ReplyWithKeySpec(Reply& reply, const KeySpec& spec) {
  reply.Map(3);
  reply.Bulk("flags");
  ReplyWithWords(reply, spec.flags);
  reply.Bulk("begin_search");
  if (spec.is_unknown()) {
    ReplyWithTyped(reply, "unknown", {});
  } else if (spec.keyword.empty()) {
    ReplyWithTyped(reply, "index", {{"index", spec.begin}});
  } else {
    ReplyWithTyped(reply, "keyword", {{"startfrom", spec.begin}}, UpperCase(spec.keyword));
  }
  reply.Bulk("find_keys");
  if (spec.is_unknown()) {
    ReplyWithTyped(reply, "unknown", {});
  } else if (spec.is_counted) {
    ReplyWithTyped(reply, "keynum", {{"keynumidx", 0}, {"firstkey", 1}, {"keystep", spec.step}});
  } else {
    ReplyWithTyped(reply, "range", {{"lastkey", spec.last}, {"keystep", spec.step}, {"limit", spec.limit}});
  }
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
  const std::vector<KeySpec> specs = KeySpecsOf(command);
  reply.Set(specs.size());
  for (const KeySpec& spec : specs) ReplyWithKeySpec(reply, spec);
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

// nullptr: the error has been said.
const Command* CommandWithKeys(Call& call) {
  const Arguments asked = call.args.subspan(2);
  const Command* const command = FindRequested(asked);
  if (command == nullptr) return call.reply.Error("ERR Invalid command specified"), nullptr;
  if (command->find_keys == nullptr && command->keys.first == 0) {
    return call.reply.Error("ERR The command has no key arguments"), nullptr;
  }
  if (!HasArity(*command, asked.size())) {
    return call.reply.Error("ERR Invalid number of arguments specified for command"), nullptr;
  }
  return command;
}

// Scripts alone may have none.
void ReplyWithoutKeys(Call& call, const Command& command) {
  if (command.group == "scripting") return call.reply.Array(0);
  call.reply.Error("ERR Invalid arguments specified for command");
}

void CommandGetKeys(Call& call) {
  const Command* const command = CommandWithKeys(call);
  if (command == nullptr) return;
  const Arguments asked = call.args.subspan(2);
  const std::vector<int> places = FindKeys(*command, asked);
  if (places.empty()) return ReplyWithoutKeys(call, *command);
  call.reply.Array(places.size());
  for (const int place : places) call.reply.Bulk(asked[static_cast<size_t>(place)]);
}

void CommandGetKeysAndFlags(Call& call) {
  const Command* const command = CommandWithKeys(call);
  if (command == nullptr) return;
  const Arguments asked = call.args.subspan(2);
  const std::vector<FlaggedKey> keys = FlaggedKeys(*command, asked);
  if (keys.empty()) return ReplyWithoutKeys(call, *command);
  call.reply.Array(keys.size());
  for (const FlaggedKey& key : keys) {
    call.reply.Array(2);
    call.reply.Bulk(asked[static_cast<size_t>(key.place)]);
    ReplyWithWords(call.reply, key.flags);
  }
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
    {"command|getkeysandflags",
     -4,
     kFlags,
     {},
     "server",
     "7.0.0",
     "Extracts the key names and access flags for an arbitrary command.",
     CommandGetKeysAndFlags},
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
