// Runs one command, and keeps what is counted and shown of it: statistics, slow log, latency, MONITOR.
#include <string>
#include <utility>

#include "server/secrets.h"
#include "server/server.h"

namespace amethyst::server {

namespace {
constexpr size_t kErrorCodesMax = 128;  // That are counted, each of its own.
constexpr uint64_t kMicrosecondsOfMillisecond = 1000;
}  // namespace

void Server::Run(Session& session, const Command& command, Arguments args, Reply& reply) {
  const uint64_t begin_us = loop_.moment.us;
  const size_t mark = reply.Mark();
  const bool is_retry = session.waiting.has_value();
  Call call{.args = args, .access = access_, .reply = reply, .session = session, .server = *this, .command = command};
  command.run(call);
  if (access_.miss()) return;  // It will run again.
  if (diagnostics_.hot_keys.IsDrawn()) NoteKeys(command, args);
  Track(session, command, args);
  if (!is_retry) ShowMonitors(session, command, args);
  // A command that waits is counted once it is through.
  const std::string_view answer = reply.From(mark);
  const bool is_counted = std::exchange(running_.error_is_counted, false);
  if (session.waiting && answer.empty()) return;
  loop_.moment.us = MonotonicUs();
  const uint64_t took_us = loop_.moment.us - begin_us;
  CommandCounters& counters = command_counters_[command.name];
  ++counters.calls;
  counters.microseconds += took_us;
  counters.histogram.Add(took_us);
  if (answer.starts_with('-')) {
    ++counters.failed;
    if (!is_counted) CountError(answer.substr(1));
  }
  NoteLatency((command.flags & kFast) != 0 ? "fast-command" : "command", took_us);
  const int64_t slower_than = config_.values().slowlog_log_slower_than_us;
  if (slower_than < 0 || took_us < static_cast<uint64_t>(slower_than) || (command.flags & kSkipSlowlog) != 0) return;
  diagnostics_.slow_log.Add(WithoutSecrets(command, args),
                            {.id = 0,
                             .time_s = NowMs() / 1000,
                             .microseconds = took_us,
                             .args = {},
                             .peer = session.connection.peer(),
                             .client_name = session.name},
                            config_.values().slowlog_max_len);
}

void Server::NoteKeys(const Command& command, Arguments args) {
  for (const int place : FindKeys(command, args)) {
    diagnostics_.hot_keys.Note(
        {.stored = access_.stored_database(), .key = std::string(args[static_cast<size_t>(place)])},
        (command.flags & kReadonly) != 0, access_.now_ms());
  }
}

void Server::ShowMonitors(const Session& session, const Command& command, Arguments args) {
  if (diagnostics_.monitors.empty() || (command.flags & (kAdmin | kSkipMonitor)) != 0) return;
  const std::string peer = IsRunning(session) ? "lua" : session.connection.peer();
  diagnostics_.monitors.Show({.database = session.database, .peer = peer}, NowUs(), WithoutSecrets(command, args));
}

void Server::ShowScript(const Call& call) {
  if (diagnostics_.monitors.empty()) return;
  diagnostics_.monitors.Show({.database = call.session.database, .peer = call.session.connection.peer()}, NowUs(),
                             call.args);
}

void Server::NoteLatency(std::string_view event, uint64_t microseconds) {
  const uint64_t threshold_ms = config_.values().latency_monitor_threshold_ms;
  const uint64_t took_ms = microseconds / kMicrosecondsOfMillisecond;
  if (threshold_ms == 0 || took_ms < threshold_ms) return;
  diagnostics_.latency.Add(event, {.time_s = NowMs() / 1000, .milliseconds = took_ms});
}

void Server::SetLog(Log& log) {
  diagnostics_.log = &log;
  log.Configure(config_.Text("loglevel"), config_.Text("log-format"));
}

void Server::AskToStop(std::string reason) {
  if (!is_stopping()) loop_.stop_reason = std::move(reason);
}

void Server::LookAtHealth() {
  uint64_t client_bytes = 0;
  if (config_.values().maxmemory != 0) {
    client_bytes = scripting_.interpreter.bytes() + scripting_.libraries.bytes();
    for (const auto& [id, session] : sessions_) {
      client_bytes += session->connection.unsent_bytes() + session->output.capacity() +
                      session->rest.behind.capacity() + session->parser.waiting_bytes();
    }
  }
  diagnostics_.health.Look({.wall = clock_.WallTime(),
                            .monotonic = clock_.Monotonic(),
                            .rejected_connections = counters_.rejected_connections,
                            .maxclients = config_.values().maxclients,
                            .client_bytes = client_bytes},
                           log());
}

void Server::CountRefusal(const Command* command, std::string_view refusal) {
  if (command != nullptr) ++command_counters_[command->name].rejected;
  CountError(refusal);
}

void Server::CountError(std::string_view text) {
  ++counters_.errors;
  std::string code(text.substr(0, text.find_first_of(" \r")));
  // Scripts may answer anything; figures for others need names.
  constexpr std::string_view kOfNames = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
  if (code.find_first_not_of(kOfNames) != std::string::npos) return;
  if (counters_.errors_by_code.size() >= kErrorCodesMax && !counters_.errors_by_code.contains(code)) return;
  ++counters_.errors_by_code[std::move(code)];
}

}  // namespace amethyst::server
