#include "server/script_runner.h"

#include <utility>

namespace amethyst::server {

ScriptRunner::ScriptRunner(Server& server, Session& session, bool is_read_only)
    : server_(server), session_(session), is_read_only_(is_read_only), database_(session.database) {
  server_.SetInScript(true);
}

ScriptRunner::~ScriptRunner() {
  server_.SetInScript(false);
  session_.database = database_;
  server_.access().SetDatabase(database_);
}

bool ScriptRunner::RunCommand(std::span<const std::string_view> words, Reply::Protocol protocol, std::string* answer) {
  Reply reply(answer, protocol);
  std::string refusal = server_.RunInScript(session_, words, is_read_only_, reply);
  if (refusal.empty()) return true;
  *answer = std::move(refusal);
  return false;
}

bool ScriptRunner::Knows(std::span<const std::string_view> words) { return FindRequested(words) != nullptr; }

std::string Server::RunInScript(Session& session, Arguments args, bool is_read_only, Reply& reply) {
  const Command* const command = FindRequested(args);
  std::string_view refusal;
  if (command == nullptr) {
    refusal = "ERR Unknown Redis command called from script";
  } else if (!HasArity(*command, args.size())) {
    refusal = "ERR Wrong number of args calling Redis command from script";
  } else if ((command->flags & kNoScript) != 0) {
    refusal = "ERR This Redis command is not allowed from script";
  } else if (is_read_only && MayChange(*command)) {
    refusal = "ERR Write commands are not allowed from read-only scripts.";
  } else if (!access_.status()) {  // It would find nothing, and the script could go on looking.
    refusal = "ERR the database has an error, so nothing of the script will be kept";
  }
  if (!refusal.empty()) {
    if (command != nullptr) ++command_counters_[command->name].rejected;
    CountError(refusal);
    return std::string(refusal);
  }
  ++counters_.commands;
  access_.SetDatabase(session.database);
  Run(session, *command, args, reply);
  return {};
}

bool Server::RequestMayChange(const Command& command, Arguments args) const {
  if (command.name != "eval" && command.name != "evalsha") return MayChange(command);
  if (command.name == "evalsha") {
    const Shebang* const known = interpreter_.Find(Interpreter::NameOf(args[1]));
    return known == nullptr || !known->no_writes;
  }
  const auto shebang = ReadShebang(args[1]);
  return !shebang || !shebang->no_writes;
}

}  // namespace amethyst::server
