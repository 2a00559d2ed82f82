// Scripts and functions: the commands that they call, and the other clients while one runs for long.
#include <fmt/format.h>

#include <string>
#include <utility>

#include "base/error.h"
#include "server/script_runner.h"
#include "server/server.h"

namespace amethyst::server {

std::string Server::RunInScript(Session& session, Arguments args, Reply& reply) {
  const Command* const command = FindRequested(args);
  std::string_view refusal;
  if (command == nullptr) {
    refusal = "ERR Unknown Redis command called from script";
  } else if (!HasArity(*command, args.size())) {
    refusal = "ERR Wrong number of args calling Redis command from script";
  } else if ((command->flags & kNoScript) != 0) {
    refusal = "ERR This Redis command is not allowed from script";
  } else if (running_.script->is_read_only() && MayChange(*command)) {
    refusal = "ERR Write commands are not allowed from read-only scripts.";
  } else if (!access_.status()) {  // It would find nothing, and the script could go on looking.
    refusal = "ERR the database has an error, so nothing of the script will be kept";
  }
  if (!refusal.empty()) {
    CountRefusal(command, refusal);
    return std::string(refusal);
  }
  if ((command->flags & kWrite) != 0) running_.script->NoteWrite();
  ++counters_.commands;
  access_.SetDatabase(session.database);
  Run(session, *command, args, reply);
  return {};
}

bool Server::RequestMayChange(const Command& command, Arguments args) const {
  if (command.name == "fcall") {
    const Function* const function = scripting_.libraries.Find(args[1]);
    return function == nullptr || !function->flags.no_writes();
  }
  if (command.name == "evalsha") {
    const Shebang* const known = scripting_.interpreter.Find(Interpreter::NameOf(args[1]));
    return known == nullptr || !known->flags.no_writes();
  }
  if (command.name != "eval") return MayChange(command);
  const auto shebang = ReadShebang(args[1]);
  return !shebang || !shebang->flags.no_writes();
}

// A library that was loaded once loads again, whatever time it takes.
Status Server::LoadLibraries() {
  Begin(0);
  LoadWatch watch(*this, 0);
  Iterator entries = access_.NewIterator(Part::kSys, LibraryKey(""), LibraryKeysEnd());
  for (entries.SeekToFirst(); access_.Shows(entries); entries.Next()) {
    if (const auto loaded = scripting_.libraries.LoadAtStart(entries.value(), watch); !loaded) {
      return base::Corruption("the library of functions '{}' cannot be loaded: {}", LibraryOfKey(entries.key()),
                              loaded.error());
    }
  }
  scripting_.libraries.EndStart();
  return access_.status();
}

bool Server::is_busy() const { return running_.script != nullptr && running_.script->is_busy(); }

bool Server::IsRunning(const Session& session) const {
  return running_.script != nullptr && &running_.script->session() == &session;
}

// The script's own state must stay as it is, so none of the members that a command works with is used.
void Server::ExecuteWhileBusy(Session& session, Arguments args) {
  std::string answer;
  Reply reply(&answer, session.protocol);
  std::string refusal;
  const Command* const command = Admit(session, args, &refusal);
  if (refusal.empty() && (command->flags & kAllowBusy) == 0) refusal = running_.script->BusyError();
  if (!refusal.empty()) {
    if (session.queue.is_open) session.queue.has_errors = true;
    if (command != nullptr && command->name == "exec") {
      session.queue = {};
      watches_.RemoveAll(session);
      refusal = fmt::format("EXECABORT Transaction discarded because of: {}", refusal);
    }
    CountRefusal(command, refusal);
    reply.Error(refusal);
  } else if (session.queue.is_open && !RunsWithinMulti(*command)) {
    session.queue.requests.emplace_back(args);
    reply.Simple("QUEUED");
  } else {
    Access access(space_);
    access.Begin(session.database, NowMs());
    access.ReadWithoutRecords();
    Call call{.args = args, .access = access, .reply = reply, .session = session, .server = *this, .command = *command};
    command->run(call);
    ShowMonitors(session, *command, args);
    ++command_counters_[command->name].calls;
  }
  TakeAnswer(session, &answer, false);
}

}  // namespace amethyst::server
