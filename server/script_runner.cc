#include "server/script_runner.h"

#include <utility>

#include "base/error.h"

namespace amethyst::server {

namespace {

constexpr std::string_view kBusyScript =
    "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.";
constexpr std::string_view kBusyFunction =
    "BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE.";
constexpr std::string_view kUnkillable =
    "UNKILLABLE Sorry the script already executed write commands against the dataset. You can either wait the script "
    "termination or kill the server in a hard way using the SHUTDOWN NOSAVE command.";

}  // namespace

ScriptRunner::ScriptRunner(Call& call, const Start& start)
    : call_(call),
      server_(call.server),
      start_(start),
      database_(call.session.database),
      started_us_(call.server.MonotonicUs()) {
  server_.SetScript(this);
}

ScriptRunner::~ScriptRunner() {
  server_.SetScript(nullptr);
  call_.session.database = database_;
  server_.access().SetDatabase(database_);
}

bool ScriptRunner::RunCommand(std::span<const std::string_view> words, Reply::Protocol protocol, std::string* answer) {
  Reply reply(answer, protocol);
  std::string refusal = server_.RunInScript(call_.session, words, reply);
  if (refusal.empty()) return true;
  *answer = std::move(refusal);
  return false;
}

bool ScriptRunner::Knows(std::span<const std::string_view> words) { return FindRequested(words) != nullptr; }

void ScriptRunner::WriteLog(LogLevel level, std::string_view text) {
  server_.log().Write(level, "script", text, {{"client", call_.session.connection.peer()}});
}

std::string_view ScriptRunner::Interrupt() {
  if (!is_busy_) {
    const uint64_t threshold_ms = server_.config().values().busy_reply_threshold_ms;
    if (threshold_ms == 0 || elapsed_ms() < threshold_ms) return {};
    is_busy_ = true;
  }
  server_.PollWhileBusy();
  if (server_.is_stopping()) {
    server_.access().Fail(
        base::InvalidArgument("the server was shut down while the script ran; nothing of it was kept").error());
    return "Script ended by SHUTDOWN";
  }
  return is_killed_ ? "Script killed by user with SCRIPT KILL..." : "";
}

uint64_t ScriptRunner::elapsed_ms() const { return (server_.MonotonicUs() - started_us_) / 1000; }

std::string_view ScriptRunner::BusyError() const { return kind() == Kind::kScript ? kBusyScript : kBusyFunction; }

void KillScript(Call& call, ScriptRunner::Kind kind) {
  ScriptRunner* const script = call.server.script();
  if (script == nullptr) return call.reply.Error("NOTBUSY No scripts in execution right now.");
  if (script->has_written()) return call.reply.Error(kUnkillable);
  if (script->kind() != kind) return call.reply.Error(script->BusyError());
  script->Kill();
  call.reply.Ok();
}

bool LoadWatch::RunCommand(std::span<const std::string_view> /*words*/, Reply::Protocol /*protocol*/,
                           std::string* answer) {
  *answer = "ERR This Redis command is not allowed from script";
  return false;
}

std::string_view LoadWatch::Interrupt() {
  return limit_us_ != 0 && server_.MonotonicUs() - started_us_ > limit_us_ ? "FUNCTION LOAD timeout" : "";
}

}  // namespace amethyst::server
