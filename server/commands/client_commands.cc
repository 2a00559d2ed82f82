// CLIENT: who is connected, and how.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "server/commands/client_name.h"
#include "server/commands/command.h"
#include "server/commands/numbers.h"
#include "server/commands/tracking_commands.h"
#include "server/server.h"
#include "server/session.h"

namespace amethyst::server {

namespace {

std::string Flags(const Session& session) {
  std::string flags;
  if (session.is_monitor) flags += 'O';
  if (session.subscriptions.any()) flags += 'P';
  if (session.queue.is_open) flags += 'x';
  if (session.waiting || session.held.request != nullptr) flags += 'b';
  if (session.tracking.is_on) flags += 't';
  if (session.tracking.is_broken) flags += 'R';
  if (session.tracking.broadcasts) flags += 'B';
  if (session.is_dirty) flags += 'd';
  if (session.closes) flags += 'c';
  if (session.no_evict) flags += 'e';
  return flags.empty() ? "N" : flags;
}

size_t ArgumentBytes(Arguments args) {
  return std::accumulate(args.begin(), args.end(), size_t{0},
                         [](size_t sum, std::string_view arg) { return sum + arg.size(); });
}

size_t QueuedBytes(const Queue& queue) {
  return std::accumulate(queue.requests.begin(), queue.requests.end(), size_t{0},
                         [](size_t sum, const KeptRequest& request) { return sum + ArgumentBytes(request.args()); });
}

// As `call.session` sees it: its own request has not left the buffer yet.
std::string Describe(const Call& call, const Session& session) {
  const Server& server = call.server;
  const RequestParser& parser = session.parser;
  const uint64_t now_us = server.MonotonicUs();
  return fmt::format(
      "id={} addr={} laddr={} fd={} name={} age={} idle={} flags={} db={} sub={} psub={} ssub={} multi={} qbuf={} "
      "qbuf-free=0 argv-mem={} multi-mem={} rbs=0 rbp=0 obl=0 oll=0 omem={} tot-mem={} events=r cmd={} user=default "
      "redir={} resp={}",
      session.id, session.connection.peer(), session.connection.local(), session.id, session.name,
      (now_us - session.created_us) / 1'000'000, (now_us - session.last_active_us) / 1'000'000, Flags(session),
      session.database, session.subscriptions.channels.size(), session.subscriptions.patterns.size(),
      session.subscriptions.shard_channels.size(),
      session.queue.is_open ? static_cast<int64_t>(session.queue.requests.size()) : -1,
      &session == &call.session ? parser.held_bytes() : parser.waiting_bytes(),
      &session == &call.session ? ArgumentBytes(call.args) : 0, QueuedBytes(session.queue),
      session.connection.unsent_bytes(), session.connection.unsent_bytes() + sizeof(Session), session.last_command,
      RedirectOf(session.tracking), static_cast<int>(session.protocol));
}

void ClientId(Call& call) { call.reply.Integer(static_cast<int64_t>(call.session.id)); }
void ClientInfo(Call& call) { call.reply.Verbatim("txt", Describe(call, call.session) + "\n"); }

void ClientGetName(Call& call) {
  if (call.session.name.empty()) return call.reply.Null();
  call.reply.Bulk(call.session.name);
}

void ClientSetName(Call& call) {
  if (!IsClientName(call[2])) return call.reply.Error(kBadClientName);
  call.session.name = call[2];
  call.reply.Ok();
}

bool IsOfType(const Session& session, std::string_view type) {
  if (EqualsIgnoringCase(type, "pubsub")) return session.subscriptions.any();
  return EqualsIgnoringCase(type, "normal") && !session.subscriptions.any();
}

bool IsType(std::string_view type) {
  return EqualsIgnoringCase(type, "normal") || EqualsIgnoringCase(type, "pubsub") ||
         EqualsIgnoringCase(type, "master") || EqualsIgnoringCase(type, "slave") || EqualsIgnoringCase(type, "replica");
}

void ClientList(Call& call) {
  std::optional<std::string_view> type;
  std::optional<std::vector<uint64_t>> ids;
  if (call.size() == 4 && call.Is(2, "type")) {
    type = call[3];
    if (!IsType(*type)) return call.reply.Error(fmt::format("ERR Unknown client type '{}'", *type));
  } else if (call.size() > 3 && call.Is(2, "id")) {
    ids.emplace();
    for (const std::string_view text : call.args.subspan(3)) {
      const auto id = ReadInteger(text);
      if (!id || *id < 1) return call.reply.Error("ERR Invalid client ID");
      ids->push_back(static_cast<uint64_t>(*id));
    }
  } else if (call.size() != 2) {
    return call.reply.Error(kSyntax);
  }
  std::string list;
  for (const auto& [id, session] : call.server.sessions()) {
    if (type && !IsOfType(*session, *type)) continue;
    if (ids && std::ranges::find(*ids, id) == ids->end()) continue;
    list += Describe(call, *session) + "\n";
  }
  call.reply.Verbatim("txt", list);
}

// What CLIENT KILL asks for.
struct Killed {
  std::optional<uint64_t> id{};
  std::string_view peer{};
  std::string_view local{};
  std::string_view type{};
  std::string_view user{};
  bool skips_me = true;

  [[nodiscard]] bool Fits(const Session& session, const Session& me) const {
    if (skips_me && &session == &me) return false;
    return (!id || *id == session.id) && (peer.empty() || session.connection.peer() == peer) &&
           (local.empty() || session.connection.local() == local) && (type.empty() || IsOfType(session, type)) &&
           (user.empty() || user == "default");
  }
};

// False: the error has been said.
bool ReadKilled(Call& call, Killed* killed) {
  if (call.size() % 2 != 0) return call.reply.Error(kSyntax), false;
  for (size_t i = 2; i < call.size(); i += 2) {
    const std::string_view value = call[i + 1];
    if (call.Is(i, "id")) {
      const auto id = ReadInteger(value);
      if (!id || *id < 1) return call.reply.Error("ERR client-id should be greater than 0"), false;
      killed->id = static_cast<uint64_t>(*id);
    } else if (call.Is(i, "addr")) {
      killed->peer = value;
    } else if (call.Is(i, "laddr")) {
      killed->local = value;
    } else if (call.Is(i, "type")) {
      if (!IsType(value)) return call.reply.Error(fmt::format("ERR Unknown client type '{}'", value)), false;
      killed->type = value;
    } else if (call.Is(i, "user")) {
      if (value != "default") return call.reply.Error(fmt::format("ERR No such user '{}'", value)), false;
      killed->user = value;
    } else if (call.Is(i, "skipme") && (EqualsIgnoringCase(value, "yes") || EqualsIgnoringCase(value, "no"))) {
      killed->skips_me = EqualsIgnoringCase(value, "yes");
    } else {
      return call.reply.Error(kSyntax), false;
    }
  }
  return true;
}

void ClientKill(Call& call) {
  Killed killed;
  const bool is_old = call.size() == 3;  // CLIENT KILL ADDRESS, which may be one's own.
  if (is_old) {
    killed = {.peer = call[2], .skips_me = false};
  } else if (!ReadKilled(call, &killed)) {
    return;
  }
  int64_t count = 0;
  for (const auto& [id, session] : call.server.sessions()) {
    if (!killed.Fits(*session, call.session)) continue;
    ++count;
    session->closes = true;
    session->WillFlush();
  }
  if (!is_old) return call.reply.Integer(count);
  if (count == 0) return call.reply.Error("ERR No such client");
  call.reply.Ok();
}

void ClientReply(Call& call) {
  using Replies = Session::Replies;
  if (call.Is(2, "on")) {
    call.session.replies = Replies::kOn;
    call.reply.Ok();
  } else if (call.Is(2, "off")) {
    call.session.replies = Replies::kOff;
  } else if (call.Is(2, "skip")) {
    if (call.session.replies == Replies::kOn) call.session.replies = Replies::kSkipNext;
  } else {
    call.reply.Error(kSyntax);
  }
}

void ClientNoEvict(Call& call) {
  if (!call.Is(2, "on") && !call.Is(2, "off")) return call.reply.Error(kSyntax);
  call.session.no_evict = call.Is(2, "on");
  call.reply.Ok();
}

void ClientUnblock(Call& call) {
  const auto id = ReadInteger(call[2]);
  if (!id) return call.reply.Error(kNotInteger);
  bool as_error = false;
  if (call.size() == 4) {
    as_error = call.Is(3, "error");
    if (!as_error && !call.Is(3, "timeout")) {
      return call.reply.Error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
    }
  } else if (call.size() > 4) {
    return call.reply.Error("ERR unknown subcommand or wrong number of arguments for 'unblock'. Try CLIENT HELP.");
  }
  const auto at = call.server.sessions().find(static_cast<uint64_t>(*id));
  if (at == call.server.sessions().end() || !at->second->waiting) return call.reply.Integer(0);
  call.reply.Integer(1);
  call.server.Unblock(*at->second, as_error ? "-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n"
                                            : std::string(at->second->waiting->timeout_reply));
}

void ClientPause(Call& call) {
  const auto milliseconds = ReadInteger(call[2]);
  if (!milliseconds) return call.reply.Error("ERR timeout is not an integer or out of range");
  if (*milliseconds < 0) return call.reply.Error("ERR timeout is negative");
  const bool writes_only = call.size() == 4 && call.Is(3, "write");
  if (call.size() > 4) return call.WrongArity();
  if (call.size() == 4 && !writes_only && !call.Is(3, "all")) {
    return call.reply.Error("ERR CLIENT PAUSE mode must be WRITE or ALL");
  }
  constexpr int64_t kLongestMs = int64_t{1} << 50;
  call.server.PauseFor(static_cast<uint64_t>(std::min(*milliseconds, kLongestMs)), writes_only);
  call.reply.Ok();
}

void ClientUnpause(Call& call) {
  call.server.EndPause();
  call.reply.Ok();
}

constexpr uint32_t kLook = kNoScript | kLoading | kStale;
constexpr Command kClientCommands[] = {
    {"client|caching",
     3,
     kLook,
     {},
     "connection",
     "6.0.0",
     "Instructs the server whether to track the keys in the next request.",
     ClientCaching},
    {"client|getname", 2, kLook, {}, "connection", "2.6.9", "Returns the name of the connection.", ClientGetName},
    {"client|getredir",
     2,
     kLook,
     {},
     "connection",
     "6.0.0",
     "Returns the client ID to which the connection's tracking notifications are redirected.",
     ClientGetRedir},
    {"client|id", 2, kLook, {}, "connection", "5.0.0", "Returns the unique client ID of the connection.", ClientId},
    {"client|info", 2, kLook, {}, "connection", "6.2.0", "Returns information about the connection.", ClientInfo},
    {"client|kill", -3, kLook | kAdmin, {}, "connection", "2.4.0", "Terminates open connections.", ClientKill},
    {"client|list", -2, kLook | kAdmin, {}, "connection", "2.4.0", "Lists open connections.", ClientList},
    {"client|no-evict",
     3,
     kLook | kAdmin,
     {},
     "connection",
     "7.0.0",
     "Sets the client eviction mode of the connection.",
     ClientNoEvict},
    {"client|pause", -3, kLook | kAdmin, {}, "connection", "3.0.0", "Suspends commands processing.", ClientPause},
    {"client|unpause",
     2,
     kLook | kAdmin,
     {},
     "connection",
     "6.2.0",
     "Resumes processing commands from paused clients.",
     ClientUnpause},
    {"client|reply",
     3,
     kLook,
     {},
     "connection",
     "3.2.0",
     "Instructs the server whether to reply to commands.",
     ClientReply},
    {"client|setname", 3, kLook, {}, "connection", "2.6.9", "Sets the connection name.", ClientSetName},
    {"client|tracking",
     -3,
     kLook,
     {},
     "connection",
     "6.0.0",
     "Controls server-assisted client-side caching for the connection.",
     ClientTracking},
    {"client|trackinginfo",
     2,
     kLook,
     {},
     "connection",
     "6.2.0",
     "Returns information about server-assisted client-side caching for the connection.",
     ClientTrackingInfo},
    {"client|unblock",
     -3,
     kLook | kAdmin,
     {},
     "connection",
     "5.0.0",
     "Unblocks a client blocked by a blocking command from a different connection.",
     ClientUnblock},
};

constexpr Command kCommands[] = {
    {"client",
     -2,
     0,
     {},
     "connection",
     "2.4.0",
     "A container for client connection commands.",
     nullptr,
     nullptr,
     kClientCommands},
};

}  // namespace

std::span<const Command> ClientCommands() { return kCommands; }

}  // namespace amethyst::server
