#include "server/server.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "server/commands/help.h"
#include "server/commands/numbers.h"

namespace amethyst::server {

namespace {

// Of one tick, so that commands need not wait long for it.
constexpr size_t kExpiredAtOnce = 1000;
constexpr uint64_t kExpireBudgetUs = 25'000;  // A quarter of a tick.
constexpr uint32_t kSyncIntervalMs = 1000;    // Of appendfsync everysec.
constexpr size_t kSweptAtOnce = 100;
constexpr size_t kShownBytesMax = 128;  // Of what a client has sent, in an error.
// A client that waits for an answer may send so much more meanwhile, as in Redis.
constexpr size_t kWaitingBytesMax = size_t{1} << 30;
constexpr uint64_t kMicrosecondsOfSecond = 1'000'000;

constexpr std::string_view kAborted = "EXECABORT Transaction discarded because of previous errors.";

// The error of the engine as a client reads it. What a full disk refuses, Redis refuses with MISCONF.
std::string ErrorText(const Error& error) {
  if (error.code() == ErrorCode::kInvalidArgument) return "ERR " + error.message();
  return fmt::format("MISCONF {}; nothing of the command was done", error.ToString());
}

// With RESP2 a client that listens can tell messages from replies only because it asks for nothing else.
bool MayRunWhileSubscribed(const Command& command) {
  return command.name.ends_with("subscribe") || command.name == "ping" || command.name == "quit" ||
         command.name == "reset";
}

std::string UnknownCommand(Arguments args) {
  std::string text =
      fmt::format("ERR unknown command '{}', with args beginning with: ", args[0].substr(0, kShownBytesMax));
  const size_t begin = text.size();
  for (const std::string_view arg : args.subspan(1)) {
    const size_t shown = text.size() - begin;
    if (shown >= kShownBytesMax) break;
    text += fmt::format("'{}' ", arg.substr(0, kShownBytesMax - shown));
  }
  return text;
}

bool ConfirmsSubscriptions(const Command& command) { return command.name.ends_with("subscribe"); }

}  // namespace

bool Server::RunsWithinMulti(const Command& command) {
  return command.name == "exec" || command.name == "discard" || command.name == "multi" || command.name == "watch" ||
         command.name == "quit" || command.name == "reset";
}

Server::Server(Space& space, Config& config, net::Clock& clock)
    : space_(space), config_(config), clock_(clock), started_us_(MonotonicUs()), access_(space), checkpoints_(space) {
  running_.random = base::Random(started_us_);
  access_.SetOnFlush([this](const Status& written) { FollowFlush(written); });
  // Without it the interval stays as the database was opened with.
  static_cast<void>(ApplySettings());
  Look();
  checkpoints_.NoteStart(NowMs());
}

Server::~Server() = default;

// A clock that is set back must not bring back what has expired.
TimeMs Server::NowMs() {
  last_now_ms_ = std::max(last_now_ms_, static_cast<TimeMs>(clock_.WallTime().count()));
  return last_now_ms_;
}

uint64_t Server::Look() {
  loop_.moment.us = loop_.moment.looked_us = MonotonicUs();
  loop_.moment.wall_ms = NowMs();
  return loop_.moment.us;
}

Session* Server::Connect(net::Connection& connection) {
  ++counters_.connections;
  if (sessions_.size() >= config_.values().maxclients) {
    ++counters_.rejected_connections;
    connection.Send("-ERR max number of clients reached\r\n");
    connection.CloseWhenSent();
    return nullptr;
  }
  const uint64_t id = next_session_id_++;
  const Session::Start start{
      .id = id, .now_us = MonotonicUs(), .is_authenticated = config_.values().requirepass.empty()};
  return sessions_.emplace(id, std::make_unique<Session>(connection, outbox_, start)).first->second.get();
}

void Server::Receive(Session& session, std::string_view bytes) {
  if (session.closes || is_stopping()) return;
  counters_.bytes_in += bytes.size();
  session.last_active_us = Look();
  session.parser.SetArgumentBytesMax(config_.values().proto_max_bulk_len);
  session.parser.Append(bytes);
  RunRequests(session);
  if (session.parser.waiting_bytes() > kWaitingBytesMax) session.closes = true;
}

void Server::EndInput(Session& session) {
  session.parser.End();
  Look();
  RunRequests(session);
}

void Server::RunRequests(Session& session) {
  if (session.held.is_fetching || (session.held.request && is_busy())) return;
  if (const auto held = std::exchange(session.held.request, nullptr); held && !session.closes) {
    Execute(session, held->args());
  }
  if (session.rest.write && (is_busy() || session.closes || !WriteMore(session))) return;
  while (!session.closes && !session.waiting && !session.held.request && !is_stopping()) {
    if (session.output.size() >= Outbox::kAnswersBytesMax) return outbox_.Postpone(session);
    const RequestParser::Outcome outcome = session.parser.Next(session.is_authenticated);
    if (!outcome) {
      session.NewReply().Error("ERR " + outcome.error());
      session.closes = true;
    } else if (!*outcome) {
      break;
    } else if (!session.parser.arguments().empty()) {
      Execute(session, session.parser.arguments());
    }
  }
  if (session.parser.has_ended() && session.held.request == nullptr) session.closes = true;
  session.WillFlush();
}

bool Server::WriteMore(Session& session) {
  session.last_active_us = Look();
  access_.Flush();  // It could change what is written to here.
  Begin(session.database);
  Reply reply(&session.output, session.protocol);
  session.WillFlush();
  bool has_more = true;
  while (has_more && access_.status() && session.output.size() < Outbox::kAnswersBytesMax) {
    has_more = session.rest.write(reply);
  }
  Look();                   // It may have walked far.
  if (!access_.status()) {  // What was said cannot be taken back: only the end of the connection tells.
    CountError(ErrorText(access_.status().error()));
    session.rest = {};
    session.closes = true;
    return true;
  }
  if (has_more) {
    outbox_.Postpone(session);
    return false;
  }
  session.output.append(std::exchange(session.rest, {}).behind);
  return true;
}

void Server::Disconnect(Session& session) {
  if (session.waiting) waiters_.Remove(session, session.waiting->keys);
  watches_.RemoveAll(session);
  pubsub_.Forget(session);
  tracking_.Disable(session);
  diagnostics_.monitors.Remove(session);
  outbox_.Remove(session);
  sessions_.erase(session.id);
}

// Nobody reads of a write that a loss of power could still take: neither the client that wrote, nor one that has read
// what another wrote in this turn.
void Server::EndTurn() {
  if (!is_busy()) {
    if (std::exchange(pause_.has_ended, false)) ExpireDue();
    const std::vector<uint64_t> backlog = outbox_.TakeBacklog();
    resumed_.insert(resumed_.end(), backlog.begin(), backlog.end());
  }
  while (!resumed_.empty() && !is_busy()) {
    Look();
    for (const uint64_t id : std::exchange(resumed_, {})) {
      if (const auto at = sessions_.find(id); at != sessions_.end()) RunRequests(*at->second);
    }
  }
  access_.Flush();
  if (!is_busy()) tracking_.EndTurn(config_.values().tracking_table_max_keys);
  if (config_.values().appendfsync == "always") {
    const uint64_t begin_us = MonotonicUs();
    const Status durable = space_.MakeDurable();
    NoteLatency("aof-fsync-always", MonotonicUs() - begin_us);
    if (!durable) {
      const std::string error =
          fmt::format("MISCONF {}; what was written may not survive a loss of power", durable.error().ToString());
      CountError(error);
      outbox_.ReplaceAll(error);
    }
  }
  counters_.bytes_out += outbox_.Flush(config_.values().output_limits, MonotonicUs());
}

Status Server::ApplySettings() {
  log().Configure(config_.Text("loglevel"), config_.Text("log-format"));
  // With `always` each turn that has written syncs: the engine need not.
  const uint32_t sync_interval_ms = config_.values().appendfsync == "everysec" ? kSyncIntervalMs : 0;
  const Config::MemoryShares shares = config_.memory_shares();
  space_.records().SetCapacity(shares.record_bytes);
  const Result<Options> changed =
      space_.db().Change({.memory_budget_bytes = shares.engine_bytes, .sync_interval_ms = sync_interval_ms});
  return changed ? Status() : std::unexpected(changed.error());
}

void Server::Tick() {
  if (is_busy()) return;  // The script reads and writes as of its own moment.
  const uint64_t now_us = Look();
  if (pause_.ends_us != 0 && pause_.ends_us <= now_us) EndPause();
  for (Session* const session : waiters_.All()) {
    if (session->waiting->ends_us == 0 || session->waiting->ends_us > now_us) continue;
    Unblock(*session, std::string(session->waiting->timeout_reply));
  }
  ExpireDue();
  Begin(0);
  if (upkeep_.Sweep(access_, kSweptAtOnce) > 0 && !access_.Commit()) Begin(0);
  ServeWaiters();
  if (const uint64_t timeout_s = config_.values().timeout_s; timeout_s > 0) {
    for (const auto& [id, session] : sessions_) {
      if (session->waiting || session->subscriptions.any()) continue;
      if (now_us - session->last_active_us <= timeout_s * kMicrosecondsOfSecond) continue;
      session->closes = true;
      session->WillFlush();
    }
  }
  LookAtHealth();
  EndTurn();
}

// Nothing expires in a pause; behind it all that is due does so at once.
void Server::ExpireDue() {
  if (!config_.values().active_expire || pause_.ends_us != 0) return;
  const uint64_t begin_us = MonotonicUs();
  size_t looked_at = 0;
  do {
    Begin(0);
    const size_t expired = upkeep_.Expire(access_, kExpiredAtOnce, &looked_at);
    if (!access_.Commit()) break;
    counters_.expired_keys += expired;
    watches_.MarkExpired(access_.touched());
    tracking_.NoteChanges(access_.touched(), nullptr);
    for (const KeyEvent& event : access_.events()) PublishEvent(event);
    ready_.insert(ready_.end(), access_.ready().begin(), access_.ready().end());
  } while (looked_at == kExpiredAtOnce && MonotonicUs() - begin_us < kExpireBudgetUs);
  NoteLatency("expire-cycle", MonotonicUs() - begin_us);
}

const Command* Server::Find(Arguments args, std::string* refusal) {
  const Command* const command = FindRequested(args);
  if (command == nullptr) {
    const Command* const container = FindCommand(args[0]);
    *refusal = container == nullptr ? UnknownCommand(args)
                                    : fmt::format("ERR unknown subcommand '{}'. Try {} HELP.",
                                                  args[1].substr(0, kShownBytesMax), UpperCase(container->name));
    return nullptr;
  }
  if (!HasArity(*command, args.size())) {
    *refusal = fmt::format("ERR wrong number of arguments for '{}' command", command->name);
    return nullptr;
  }
  return command;
}

std::string Server::Refusal(const Session& session, const Command& command) {
  if (!session.is_authenticated && (command.flags & kNoAuth) == 0) return "NOAUTH Authentication required.";
  if (session.subscriptions.any() && !session.takes_push() && !MayRunWhileSubscribed(command)) {
    return fmt::format(
        "ERR Can't execute '{}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this "
        "context",
        command.name);
  }
  if (session.queue.is_open && (command.flags & kNoMulti) != 0) return "ERR Command not allowed inside a transaction";
  return {};
}

const Command* Server::Admit(Session& session, Arguments args, std::string* refusal) {
  ++counters_.commands;
  const Command* const command = Find(args, refusal);
  if (command == nullptr) return nullptr;
  session.last_command = command->name;
  *refusal = Refusal(session, *command);
  return command;
}

void Server::Execute(Session& session, Arguments args) {
  if (is_busy()) return ExecuteWhileBusy(session, args);
  answer_.clear();
  Reply reply(&answer_, session.protocol);
  std::string refusal;
  AnswerKind kind{.is_of_run = false};
  const Command* const command = Admit(session, args, &refusal);
  if (!refusal.empty()) {
    if (session.queue.is_open) session.queue.has_errors = true;
    CountRefusal(command, refusal);
    reply.Error(refusal);
  } else if (IsHeld(session, *command, args)) {
    session.held.request = std::make_unique<KeptRequest>(args);
    --counters_.commands;  // It is counted when it runs.
    return;
  } else if (session.queue.is_open && !RunsWithinMulti(*command)) {
    session.queue.has_writes |= RequestMayChange(*command, args);
    session.queue.requests.emplace_back(args);
    reply.Simple("QUEUED");
  } else {
    if (!RunOrFetch(session, *command, args, reply)) {
      --counters_.commands;
      return;
    }
    kind.is_of_run = true;
    if (Finish(*command, reply)) {
      AfterCommit();
    } else {  // The error is its answer.
      session.rest = {};
      if (session.waiting) {
        waiters_.Remove(session, session.waiting->keys);
        session.waiting.reset();
      }
    }
  }
  kind.is_message = command != nullptr && ConfirmsSubscriptions(*command);
  Deliver(session, kind);
  ServeWaiters();
}

void Server::Begin(unsigned database) {
  last_now_ms_ = std::max(last_now_ms_, loop_.moment.wall_ms + (loop_.moment.us - loop_.moment.looked_us) / 1000);
  access_.Begin(database, last_now_ms_);
  scripting_.libraries.TakeBack();  // Those of a command that was given up.
  tracking_.BeginCommand();
  access_.SetWantsEvents(!config_.values().notify_keyspace_events.empty());
}

void Server::FollowFlush(const Status& written) {
  loop_.moment.us = MonotonicUs();  // It may have waited for room.
  if (written && access_.HasPending()) return outbox_.ForgetHandedOver();
  if (written) return outbox_.ForgetPending();
  loop_.commits_fail = true;
  const std::string error = ErrorText(written.error());
  for (size_t lost = outbox_.ReplacePending(error); lost > 0; --lost) CountError(error);
}

bool Server::Finish(const Command& command, Reply& reply) {
  const bool is_late = MayCommitLater(command);
  const bool writes = access_.HasWrites();
  const Status committed = is_late ? access_.CommitLater() : access_.Commit();
  if (writes && !access_.HasPending()) {
    loop_.moment.us = MonotonicUs();  // It may have waited for room.
    if (committed) loop_.commits_fail = false;
  }
  if (committed) {
    scripting_.libraries.Keep();
    return true;
  }
  scripting_.libraries.TakeBack();
  const std::string error = ErrorText(committed.error());
  reply.RollBackTo(0);
  reply.Error(error);
  CountError(error);
  return false;
}

void Server::ExecuteQueued(Session& session, Reply& reply) {
  if (session.queue.has_errors) {
    session.queue = {};
    watches_.RemoveAll(session);
    return reply.Error(kAborted);
  }
  bool is_dirty = session.is_dirty;
  for (const auto& [key, had_expired] : session.watched) {
    if (is_dirty) break;
    // It may have expired since, and nobody has touched it.
    access_.SetDatabase(access_.DatabaseOf(key.stored));
    is_dirty = !had_expired && StoredKey(access_, key.key).HasExpired();
  }
  access_.SetDatabase(session.database);
  watches_.RemoveAll(session);
  const std::deque<KeptRequest> requests = std::exchange(session.queue, {}).requests;
  if (is_dirty) return reply.NullArray();
  running_.in_exec = true;
  reply.Array(requests.size());
  for (const KeptRequest& request : requests) {
    std::string refusal;
    const Command* const command = Find(request.args(), &refusal);
    access_.SetDatabase(session.database);
    Run(session, *command, request.args(), reply);
  }
  running_.in_exec = false;
}

}  // namespace amethyst::server
