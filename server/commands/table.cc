#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <unordered_map>

#include "server/commands/command.h"
#include "server/commands/help.h"
#include "server/commands/numbers.h"
#include "server/server.h"
#include "server/session.h"

namespace amethyst::server {

namespace {

constexpr size_t kNameBytesLongest = 32;
constexpr uint64_t kWaitMsMax = INT64_MAX / 1000;  // In the unit of the clock it must fit as well.

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; });
  return lower;
}

const std::unordered_map<std::string_view, const Command*>& Table() {
  static const auto* const table = [] {
    auto* const made = new std::unordered_map<std::string_view, const Command*>;
    for (const std::span<const Command> group : {StringCommands(),        BitCommands(),
                                                 HyperLogLogCommands(),   KeyCommands(),
                                                 ExpireCommands(),        DatabaseCommands(),
                                                 HashCommands(),          ListCommands(),
                                                 ListPopCommands(),       SetCommands(),
                                                 SortedSetCommands(),     SortedSetRangeCommands(),
                                                 SortedSetPopCommands(),  SortedSetAlgebraCommands(),
                                                 SortCommands(),          GeoCommands(),
                                                 GeoSearchCommands(),     StreamCommands(),
                                                 StreamReadCommands(),    StreamGroupCommands(),
                                                 StreamPendingCommands(), StreamInfoCommands(),
                                                 ConnectionCommands(),    ClientCommands(),
                                                 ServerCommands(),        ConfigCommands(),
                                                 CommandCommands(),       SlowLogCommands(),
                                                 TransactionCommands(),   PubSubCommands(),
                                                 FunctionCommands(),      DumpCommands(),
                                                 MigrateCommands(),       ClusterCommands(),
                                                 LatencyCommands(),       MonitorCommands(),
                                                 ScriptCommands()}) {
      for (const Command& command : group) made->emplace(command.name, &command);
    }
    return made;
  }();
  return *table;
}

// Clients send a few names again and again, spelled alike: those are found by their first eight bytes.
struct SpelledName {
  uint64_t bytes = 0;
  size_t size = 0;
  const Command* command = nullptr;
};
thread_local std::array<SpelledName, 64> spelled_names;

const Command* FindInTable(std::string_view name) {
  if (name.size() > kNameBytesLongest) return nullptr;
  std::array<char, kNameBytesLongest> lower;
  std::ranges::transform(name, lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; });
  const auto at = Table().find(std::string_view(lower.data(), name.size()));
  return at == Table().end() ? nullptr : at->second;
}

}  // namespace

const Command* FindCommand(std::string_view name) {
  uint64_t bytes = 0;
  if (name.empty() || name.size() > sizeof(bytes)) return FindInTable(name);
  std::memcpy(&bytes, name.data(), name.size());
  SpelledName& known = spelled_names[(bytes * 0x9e3779b97f4a7c15) >> 58];
  if (known.bytes != bytes || known.size != name.size()) {
    known = {.bytes = bytes, .size = name.size(), .command = FindInTable(name)};
  }
  return known.command;
}

const Command* FindSubcommand(const Command& container, std::string_view name) {
  const std::string full = std::string(container.name) + "|" + LowerCase(name);
  const auto at = std::ranges::find(container.subcommands, full, &Command::name);
  if (at != container.subcommands.end()) return &*at;
  return !container.subcommands.empty() && EqualsIgnoringCase(name, "help") ? &HelpOf(container) : nullptr;
}

const Command* FindRequested(Arguments args) {
  const Command* const command = FindCommand(args[0]);
  if (command == nullptr || command->subcommands.empty() || args.size() < 2) return command;
  return FindSubcommand(*command, args[1]);
}

const Command* FindByFullName(std::string_view name) {
  const size_t bar = name.find('|');
  const Command* const command = FindCommand(name.substr(0, bar));
  if (command == nullptr || bar == std::string_view::npos) return command;
  return FindSubcommand(*command, name.substr(bar + 1));
}

std::vector<const Command*> AllCommands() {
  std::vector<const Command*> all;
  for (const auto& [name, command] : Table()) all.push_back(command);
  std::ranges::sort(all, {}, &Command::name);
  return all;
}

bool MayChange(const Command& command) {
  return (command.flags & kWrite) != 0 || command.name == "publish" || command.name == "spublish" ||
         command.name == "pfcount";
}

bool HasArity(const Command& command, size_t arguments) {
  return command.arity >= 0 ? arguments == static_cast<size_t>(command.arity)
                            : arguments >= static_cast<size_t>(-command.arity);
}

std::vector<int> FindKeys(const Command& command, Arguments args) {
  if (command.find_keys != nullptr) return command.find_keys(args);
  if (command.keys.first == 0) return {};
  std::vector<int> places;
  const int last = command.keys.last < 0 ? static_cast<int>(args.size()) + command.keys.last : command.keys.last;
  for (int place = command.keys.first; place <= last; place += command.keys.step) places.push_back(place);
  return places;
}

bool Call::Is(size_t i, std::string_view word) const { return EqualsIgnoringCase(args[i], word); }

const Config& Call::config() const { return server.config(); }

void Call::WrongArity() const {
  reply.Error("ERR wrong number of arguments for '" + std::string(command.name) + "' command");
}

bool Call::is_long() const {
  return reply.Mark() >= Outbox::kAnswersBytesMax && (command.flags & kWrite) == 0 && !server.in_exec() &&
         !server.in_script() && session.replies == Session::Replies::kOn;
}

void Call::WriteLater(WritePart write) const { session.rest.write = std::move(write); }

bool Call::is_retry() const { return session.waiting.has_value(); }

bool Call::MayTakeFrom(std::string_view key) const { return !session.waiting || session.waiting->ready.key == key; }

bool Call::Block(std::vector<std::string> keys, uint64_t timeout_ms, std::string timeout_reply,
                 Arguments retry_args) const {
  if (server.in_exec() || server.in_script()) return false;
  if (session.waiting) return true;
  Waiting& waiting = session.waiting.emplace(retry_args.empty() ? args : retry_args);
  for (std::string& key : keys) {
    KeyName name{.stored = access.stored_database(), .key = std::move(key)};
    if (std::ranges::find(waiting.keys, name) == waiting.keys.end()) waiting.keys.push_back(std::move(name));
  }
  waiting.ends_us = timeout_ms == 0 ? 0 : server.MonotonicUs() + std::min(timeout_ms, kWaitMsMax) * 1000;
  waiting.timeout_reply = std::move(timeout_reply);
  server.waiters().Add(session, waiting.keys);
  return true;
}

}  // namespace amethyst::server
