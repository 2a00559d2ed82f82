// PING, ECHO, AUTH, HELLO, SELECT, RESET, QUIT.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>

#include "net/same_secret.h"
#include "server/commands/client_name.h"
#include "server/commands/command.h"
#include "server/commands/numbers.h"
#include "server/server.h"
#include "server/session.h"
#include "server/version.h"

namespace amethyst::server {

namespace {

constexpr std::string_view kWrongPassword = "WRONGPASS invalid username-password pair or user is disabled.";

// The default user is the only one there is.
bool Authenticate(Call& call, std::string_view user, std::string_view password) {
  const std::string& expected = call.config().values().requirepass;
  if (user != "default" || (!expected.empty() && !net::SameSecret(password, expected))) return false;
  call.session.is_authenticated = true;
  return true;
}

void Ping(Call& call) {
  if (call.size() > 2) return call.WrongArity();
  const std::string_view message = call.size() == 2 ? call[1] : "";
  if (call.session.subscriptions.any() && !call.reply.is_resp3()) {
    call.reply.Array(2);
    call.reply.Bulk("pong");
    return call.reply.Bulk(message);
  }
  if (call.size() == 2) return call.reply.Bulk(message);
  call.reply.Simple("PONG");
}

void Echo(Call& call) { call.reply.Bulk(call[1]); }

void Auth(Call& call) {
  if (call.size() > 3) return call.reply.Error(kSyntax);
  if (call.size() == 2 && call.config().values().requirepass.empty()) {
    return call.reply.Error(
        "ERR AUTH <password> called without any password configured for the default user. Are you sure your "
        "configuration is correct?");
  }
  if (!Authenticate(call, call.size() == 3 ? call[1] : "default", call[call.size() - 1])) {
    return call.reply.Error(kWrongPassword);
  }
  call.reply.Ok();
}

void Hello(Call& call) {
  std::optional<int64_t> version;
  if (call.size() > 1) {
    version = ReadInteger(call[1]);
    if (!version) return call.reply.Error("ERR Protocol version is not an integer or out of range");
    if (*version != 2 && *version != 3) return call.reply.Error("NOPROTO unsupported protocol version");
  }
  std::optional<std::string_view> name;
  for (size_t i = 2; i < call.size(); ++i) {
    if (call.Is(i, "auth") && i + 2 < call.size()) {
      if (!Authenticate(call, call[i + 1], call[i + 2])) return call.reply.Error(kWrongPassword);
      i += 2;
    } else if (call.Is(i, "setname") && i + 1 < call.size()) {
      name = call[++i];
      if (!IsClientName(*name)) return call.reply.Error(kBadClientName);
    } else {
      return call.reply.Error(fmt::format("ERR Syntax error in HELLO option '{}'", call[i]));
    }
  }
  if (!call.session.is_authenticated) {
    return call.reply.Error(
        "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> "
        "<pass> option can be used to authenticate the client and select the RESP protocol version at the same time");
  }
  if (name) call.session.name = *name;
  if (version) call.session.protocol = *version == 3 ? Reply::Protocol::kResp3 : Reply::Protocol::kResp2;
  Reply& reply = call.reply;
  reply.SetProtocol(call.session.protocol);
  reply.Map(7);
  reply.Bulk("server");
  reply.Bulk("redis");
  reply.Bulk("version");
  reply.Bulk(kRedisVersion);
  reply.Bulk("proto");
  reply.Integer(static_cast<int64_t>(call.session.protocol));
  reply.Bulk("id");
  reply.Integer(static_cast<int64_t>(call.session.id));
  reply.Bulk("mode");
  reply.Bulk("standalone");
  reply.Bulk("role");
  reply.Bulk("master");
  reply.Bulk("modules");
  reply.Array(0);
}

void Select(Call& call) {
  std::string_view error;
  const auto database = ReadDatabase(call[1], &error);
  if (!database) return call.reply.Error(error);
  call.session.database = *database;
  call.reply.Ok();
}

void Quit(Call& call) {
  call.session.closes = true;
  call.reply.Ok();
}

void Reset(Call& call) {
  Session& session = call.session;
  session.queue = {};
  call.server.watches().RemoveAll(session);
  call.server.pubsub().Forget(session);
  call.server.tracking().Disable(session);
  call.server.monitors().Remove(session);
  session.database = 0;
  session.protocol = Reply::Protocol::kResp2;
  session.name.clear();
  session.replies = Session::Replies::kOn;
  session.no_evict = false;
  session.is_authenticated = call.config().values().requirepass.empty();
  call.reply.Simple("RESET");
}

constexpr Command kCommands[] = {
    {"auth",
     -2,
     kNoScript | kLoading | kStale | kFast | kNoAuth | kAllowBusy,
     {},
     "connection",
     "1.0.0",
     "Authenticates the connection.",
     Auth},
    {"echo", 2, kLoading | kStale | kFast, {}, "connection", "1.0.0", "Returns the given string.", Echo},
    {"hello",
     -1,
     kNoScript | kLoading | kStale | kFast | kNoAuth | kAllowBusy,
     {},
     "connection",
     "6.0.0",
     "Handshakes with the server.",
     Hello},
    {"ping", -1, kFast, {}, "connection", "1.0.0", "Returns the server's liveliness response.", Ping},
    {"quit",
     -1,
     kNoScript | kLoading | kStale | kFast | kNoAuth | kAllowBusy,
     {},
     "connection",
     "1.0.0",
     "Closes the connection.",
     Quit},
    {"reset",
     1,
     kNoScript | kLoading | kStale | kFast | kNoAuth | kAllowBusy,
     {},
     "connection",
     "6.2.0",
     "Resets the connection.",
     Reset},
    {"select", 2, kLoading | kStale | kFast, {}, "connection", "1.0.0", "Changes the selected database.", Select},
};

}  // namespace

std::span<const Command> ConnectionCommands() { return kCommands; }

}  // namespace amethyst::server
