// What the server knows of a command, and what a command is given when it runs.
//
// One line of a table describes a command: its arity, where its keys stand, its flags, its documentation. COMMAND,
// HELP and the checks before a command runs all read that line. The function behind it takes a Call and says its answer
// to `reply`; what it writes through `access` is committed when it returns, and the answer is sent after that.
// Thread safety: one thread, the server's loop.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/keyspace/access.h"
#include "server/keyspace/stored_key.h"
#include "server/resp/reply.h"

namespace amethyst::server {

class Server;
class Session;
class Config;
struct Call;

// Writes the next part of a reply. Returns false, and writes nothing, where the reply is whole.
using WritePart = std::move_only_function<bool(Reply&)>;

enum Flag : uint32_t {
  kWrite = 1 << 0,
  kReadonly = 1 << 1,
  kFast = 1 << 2,
  kAdmin = 1 << 3,
  kPubSub = 1 << 4,
  kBlocking = 1 << 5,
  kNoMulti = 1 << 6,  // Refused within MULTI.
  kNoAuth = 1 << 7,   // May be called before a password is given.
  kDenyOom = 1 << 8,  // Takes memory.
  kLoading = 1 << 9,
  kStale = 1 << 10,
  kNoScript = 1 << 11,
  kMovableKeys = 1 << 12,  // Which arguments are keys is known only from the arguments: see `find_keys`.
  kSkipMonitor = 1 << 13,
  kSkipSlowlog = 1 << 14,
  kNoMandatoryKeys = 1 << 15,  // It may be called without any key.
  kAllowBusy = 1 << 16,        // Runs while a script of another client is busy.
  kRunsOnce = 1 << 17,         // What it does elsewhere cannot be taken back: behind all that is pending, and once.
};

// Which arguments are keys: `first`, then every `step`th up to `last`, which counts from the end where it is negative.
// All 0: there are none.
struct KeyPositions {
  int first = 0;
  int last = 0;
  int step = 0;
};
using Arguments = std::span<const std::string_view>;

struct Command {
  std::string_view name;  // In lower case; "config|get" within a container.
  // The number of arguments, the name included. A negative one is a minimum: -3 means three or more.
  int arity;
  uint32_t flags;
  KeyPositions keys;
  std::string_view group;  // As Redis groups its documentation: "string".
  std::string_view since;  // The version of Redis that has it first.
  std::string_view summary;
  void (*run)(Call&);
  // For kMovableKeys: the places of the keys; empty where the arguments are wrong.
  std::vector<int> (*find_keys)(Arguments) = nullptr;
  // Of a container such as CONFIG; `run` is then called for none of them that exists.
  std::span<const Command> subcommands{};
};

struct Call {
  Arguments args;  // args[0] is the command's name.
  Access& access;
  Reply& reply;
  Session& session;
  Server& server;
  const Command& command;

  [[nodiscard]] size_t size() const { return args.size(); }
  [[nodiscard]] std::string_view operator[](size_t i) const { return args[i]; }
  // Whether argument i is that word, in any case. `word` is in lower case.
  [[nodiscard]] bool Is(size_t i, std::string_view word) const;
  [[nodiscard]] TimeMs now_ms() const { return access.now_ms(); }
  [[nodiscard]] const Config& config() const;

  // "ERR wrong number of arguments for 'get' command".
  void WrongArity() const;

  // The reply has become so long that its rest is better said in later turns, as the client takes it. Never within
  // MULTI, nor in a script.
  [[nodiscard]] bool is_long() const;
  // `write` writes the rest. It is called after the command has ended.
  void WriteLater(WritePart write) const;

  // This is a command with kBlocking that has waited, and is tried again: what is wrong with a key now is no error.
  [[nodiscard]] bool is_retry() const;
  // It may take elements of the key now: of each when it runs first, and of the one that is ready when it is tried
  // again.
  [[nodiscard]] bool MayTakeFrom(std::string_view key) const;
  // For a command with kBlocking that finds nothing: it runs again when one of the keys is signalled as ready. After
  // `timeout_ms` (0: never) `timeout_reply` is sent, which is a reply as it goes over the wire. Within MULTI nobody
  // waits, nor in a script: false, and the command must answer itself. The command must have written nothing.
  // `retry_args` are run then instead of the words that came; empty: the same words.
  [[nodiscard]] bool Block(std::vector<std::string> keys, uint64_t timeout_ms, std::string timeout_reply,
                           Arguments retry_args = {}) const;
};

// Errors that several commands share.
inline constexpr std::string_view kWrongType = "WRONGTYPE Operation against a key holding the wrong kind of value";
inline constexpr std::string_view kSyntax = "ERR syntax error";
inline constexpr std::string_view kNotInteger = "ERR value is not an integer or out of range";
inline constexpr std::string_view kNotFloat = "ERR value is not a valid float";
inline constexpr std::string_view kNoSuchKey = "ERR no such key";
inline constexpr std::string_view kNotPositive = "ERR value is out of range, must be positive";

// The tables, one for each group.
[[nodiscard]] std::span<const Command> StringCommands();
[[nodiscard]] std::span<const Command> BitCommands();
[[nodiscard]] std::span<const Command> HyperLogLogCommands();
[[nodiscard]] std::span<const Command> KeyCommands();
[[nodiscard]] std::span<const Command> DumpCommands();
[[nodiscard]] std::span<const Command> MigrateCommands();
[[nodiscard]] std::span<const Command> ExpireCommands();
[[nodiscard]] std::span<const Command> DatabaseCommands();
[[nodiscard]] std::span<const Command> HashCommands();
[[nodiscard]] std::span<const Command> ListCommands();
[[nodiscard]] std::span<const Command> ListPopCommands();
[[nodiscard]] std::span<const Command> SetCommands();
[[nodiscard]] std::span<const Command> SortedSetCommands();
[[nodiscard]] std::span<const Command> SortedSetRangeCommands();
[[nodiscard]] std::span<const Command> SortedSetPopCommands();
[[nodiscard]] std::span<const Command> SortedSetAlgebraCommands();
[[nodiscard]] std::span<const Command> StreamCommands();
[[nodiscard]] std::span<const Command> StreamReadCommands();
[[nodiscard]] std::span<const Command> StreamGroupCommands();
[[nodiscard]] std::span<const Command> StreamPendingCommands();
[[nodiscard]] std::span<const Command> StreamInfoCommands();
[[nodiscard]] std::span<const Command> SortCommands();
[[nodiscard]] std::span<const Command> GeoCommands();
[[nodiscard]] std::span<const Command> GeoSearchCommands();
[[nodiscard]] std::span<const Command> ConnectionCommands();
[[nodiscard]] std::span<const Command> ClientCommands();
[[nodiscard]] std::span<const Command> ServerCommands();
[[nodiscard]] std::span<const Command> ConfigCommands();
[[nodiscard]] std::span<const Command> CommandCommands();
[[nodiscard]] std::span<const Command> SlowLogCommands();
[[nodiscard]] std::span<const Command> TransactionCommands();
[[nodiscard]] std::span<const Command> PubSubCommands();
[[nodiscard]] std::span<const Command> FunctionCommands();
[[nodiscard]] std::span<const Command> ClusterCommands();
[[nodiscard]] std::span<const Command> LatencyCommands();
[[nodiscard]] std::span<const Command> MonitorCommands();
[[nodiscard]] std::span<const Command> ScriptCommands();

// Each finds a command in any case; nullptr: there is no such command. HELP is a subcommand of each container.
[[nodiscard]] const Command* FindCommand(std::string_view name);
[[nodiscard]] const Command* FindSubcommand(const Command& container, std::string_view name);
// By the first words of a request: a container's subcommand is found by the second one.
[[nodiscard]] const Command* FindRequested(Arguments args);
// By "get" or "config|get".
[[nodiscard]] const Command* FindByFullName(std::string_view name);
[[nodiscard]] std::vector<const Command*> AllCommands();
// The places of the keys among the arguments.
[[nodiscard]] std::vector<int> FindKeys(const Command& command, Arguments args);
// Whether it may write, or tell others something: CLIENT PAUSE WRITE holds it.
[[nodiscard]] bool MayChange(const Command& command);
[[nodiscard]] bool HasArity(const Command& command, size_t arguments);

}  // namespace amethyst::server
