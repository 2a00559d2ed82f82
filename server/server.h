// The server without its sockets: sessions, commands, and what they share.
//
// The transport tells of connections and bytes, and calls EndTurn when it has handed over all that has come, and Tick
// ten times a second. See net/connection.h.
// Thread safety: one thread, the loop's.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "server/commands/command.h"
#include "server/config.h"
#include "server/health.h"
#include "server/hot_keys.h"
#include "server/keyspace/checkpoints.h"
#include "server/keyspace/space.h"
#include "server/keyspace/upkeep.h"
#include "server/latency.h"
#include "server/log.h"
#include "server/lua/interpreter.h"
#include "server/lua/libraries.h"
#include "server/monitors.h"
#include "server/net/fetcher.h"
#include "server/net/remote.h"
#include "server/pubsub.h"
#include "server/session.h"
#include "server/slow_log.h"
#include "server/tracking.h"
#include "server/waiters.h"
#include "server/watches.h"

namespace amethyst::server {

class ScriptRunner;

class Server {
 public:
  struct Counters {
    uint64_t connections = 0;
    uint64_t rejected_connections = 0;
    uint64_t commands = 0;
    uint64_t bytes_in = 0;
    uint64_t bytes_out = 0;
    uint64_t expired_keys = 0;
    struct Lookups {
      uint64_t hits = 0;
      uint64_t misses = 0;
    } lookups{};
    uint64_t errors = 0;
    uint64_t changes = 0;  // Of keys, since the last copy.
    std::map<std::string, uint64_t, std::less<>> errors_by_code{};
  };
  struct CommandCounters {
    uint64_t calls = 0;
    uint64_t microseconds = 0;
    uint64_t rejected = 0;
    uint64_t failed = 0;
    LatencyHistogram histogram{};
  };

  // All outlive this.
  Server(Space& space, Config& config, net::Clock& clock);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // The libraries of functions that are stored. kCorruption: one of them cannot be loaded.
  [[nodiscard]] Status LoadLibraries();
  // While a script runs for long, `poll` is called again and again: it hands over what has come meanwhile, and calls
  // EndTurn. It must not tell of bytes of the session whose script runs, nor that it has gone, until that has ended.
  void SetPoll(std::function<void()> poll) { scripting_.poll = std::move(poll); }
  void PollWhileBusy() const {
    if (scripting_.poll) scripting_.poll();
  }
  // It has called the script that runs now.
  [[nodiscard]] bool IsRunning(const Session& session) const;

  // A connection is there; nullptr: it was refused, what it is told is sent, and it closes.
  [[nodiscard]] Session* Connect(net::Connection& connection);
  // It has gone.
  void Disconnect(Session& session);
  // Bytes have come. Runs what is complete.
  void Receive(Session& session, std::string_view bytes);
  // The client sends nothing any more. What it has sent is answered, then the connection closes.
  void EndInput(Session& session);
  // Runs the requests behind commands that have waited, and sends what the turn's commands have answered.
  void EndTurn();
  // Requests that have come wait only for another turn: the loop must not wait for anything else.
  [[nodiscard]] bool HasBacklog() const { return outbox_.HasBacklog(); }
  // Who reads the disk instead of the loop; it outlives this. Without one the loop does.
  void SetFetcher(Fetcher* fetcher) { loop_.fetcher = fetcher; }
  // Tells the engine of settings that it must know.
  [[nodiscard]] Status ApplySettings();
  // `listen` is called where settings say anew where to listen, and how; after an error of it all is as before.
  void SetListen(std::function<Status()> listen) { loop_.listen = std::move(listen); }
  // Who calls other servers; without one none can be reached.
  void SetCallRemote(CallRemote call_remote) { loop_.call_remote = std::move(call_remote); }
  [[nodiscard]] const CallRemote& call_remote() const { return loop_.call_remote; }
  [[nodiscard]] Status Listen() const { return loop_.listen ? loop_.listen() : Status(); }
  // Expires, gives up what has waited too long, closes what is idle.
  void Tick();

  // Runs the commands that EXEC has found queued, as one.
  void ExecuteQueued(Session& session, Reply& reply);
  // Runs a command that a script calls. Not empty: why it may not, an error's text that has been counted.
  [[nodiscard]] std::string RunInScript(Session& session, Arguments args, Reply& reply);
  // Nullptr: none runs. Within, nobody blocks.
  void SetScript(ScriptRunner* script) { running_.script = script; }
  [[nodiscard]] ScriptRunner* script() { return running_.script; }
  // MONITOR shows a script before the commands that it calls, which it does not show behind them.
  void ShowScript(const Call& call);
  // A script runs for so long that others are told so.
  [[nodiscard]] bool is_busy() const;
  // The error that the command answers has been counted where it happened.
  void NoteCountedError() { running_.error_is_counted = true; }
  // CLIENT PAUSE: until then commands are held, or those alone that may change something or tell others of it. A pause
  // that is there is never shortened, nor made narrower.
  void PauseFor(uint64_t milliseconds, bool writes_only);
  void EndPause();
  // What commands draw from.
  [[nodiscard]] base::Random& random() { return running_.random; }
  // Sessions that wait in a blocking command, or whose command is held.
  [[nodiscard]] size_t BlockedCount() const;

  // Ends a session's waiting with that reply; its further requests run.
  void Unblock(Session& session, std::string_view reply);

  [[nodiscard]] TimeMs NowMs();
  // To the microsecond as far as clients can tell: the clock of the wall has milliseconds.
  [[nodiscard]] uint64_t NowUs() { return NowMs() * 1000 + MonotonicUs() % 1000; }
  [[nodiscard]] uint64_t MonotonicUs() const { return static_cast<uint64_t>(clock_.Monotonic().count()); }
  [[nodiscard]] uint64_t started_us() const { return started_us_; }

  [[nodiscard]] Space& space() { return space_; }
  [[nodiscard]] Access& access() { return access_; }
  [[nodiscard]] Config& config() { return config_; }
  [[nodiscard]] PubSub& pubsub() { return pubsub_; }
  [[nodiscard]] Watches& watches() { return watches_; }
  [[nodiscard]] Tracking& tracking() { return tracking_; }
  [[nodiscard]] Waiters& waiters() { return waiters_; }
  [[nodiscard]] SlowLog& slow_log() { return diagnostics_.slow_log; }
  [[nodiscard]] Latency& latency() { return diagnostics_.latency; }
  [[nodiscard]] Monitors& monitors() { return diagnostics_.monitors; }
  [[nodiscard]] Health& health() { return diagnostics_.health; }
  [[nodiscard]] HotKeys& hot_keys() { return diagnostics_.hot_keys; }
  [[nodiscard]] Log& log() { return *diagnostics_.log; }
  // `log` outlives this.
  void SetLog(Log& log);
  [[nodiscard]] Checkpoints& checkpoints() { return checkpoints_; }
  [[nodiscard]] Counters& counters() { return counters_; }
  [[nodiscard]] std::map<std::string_view, CommandCounters>& command_counters() { return command_counters_; }
  [[nodiscard]] const std::map<uint64_t, std::unique_ptr<Session>>& sessions() const { return sessions_; }
  // The loop asks for it, and ends. The first reason counts.
  void AskToStop(std::string reason);
  [[nodiscard]] bool is_stopping() const { return !loop_.stop_reason.empty(); }
  [[nodiscard]] const std::string& stop_reason() const { return loop_.stop_reason; }
  [[nodiscard]] bool in_exec() const { return running_.in_exec; }
  [[nodiscard]] bool in_script() const { return running_.script != nullptr; }
  [[nodiscard]] Interpreter& interpreter() { return scripting_.interpreter; }
  [[nodiscard]] Libraries& libraries() { return scripting_.libraries; }

 private:
  // Looks at both clocks, for the commands that follow at once. Returns the monotonic time.
  uint64_t Look();
  // Writes more of the session's long reply, as much as it may be sent now. False: there is more.
  bool WriteMore(Session& session);
  void RunRequests(Session& session);
  // Runs one request, or queues it: checks, command, commit, what follows.
  void Execute(Session& session, Arguments args);
  // The same while a script of another session is busy.
  void ExecuteWhileBusy(Session& session, Arguments args);
  // These run at once within MULTI, and are not queued.
  [[nodiscard]] static bool RunsWithinMulti(const Command& command);
  // Whether CLIENT PAUSE holds the command now.
  [[nodiscard]] bool IsHeld(const Session& session, const Command& command, Arguments args) const;
  // MayChange(), where a script's first line may say that it does not.
  [[nodiscard]] bool RequestMayChange(const Command& command, Arguments args) const;
  // Runs the command that the session waits in, for a key that is ready; false: it goes on waiting, and nothing was
  // sent.
  [[nodiscard]] bool Retry(Session& session, const KeyName& ready);
  // Why the command may not run now; empty: it may.
  [[nodiscard]] static std::string Refusal(const Session& session, const Command& command);
  // Counts the request and finds its command; `refusal` says why it may not run now. nullptr: there is no such command.
  [[nodiscard]] const Command* Admit(Session& session, Arguments args, std::string* refusal);
  [[nodiscard]] const Command* Find(Arguments args, std::string* refusal);
  void Run(Session& session, const Command& command, Arguments args, Reply& reply);
  // False: it was put aside, and has done nothing.
  [[nodiscard]] bool RunOrFetch(Session& session, const Command& command, Arguments args, Reply& reply);
  // Whether the command may be put aside and run again, so that it need not read the disk on the loop.
  [[nodiscard]] bool MayFetch(const Session& session, const Command& command) const;
  // Puts the session's request aside until what it has missed is read; false: it must read itself.
  [[nodiscard]] bool Fetch(Session& session, const Command& command, Arguments args);
  // A new command begins, of that database and now.
  void Begin(unsigned database);
  // Commits, at once or with the turn; the answer becomes an error where that fails.
  bool Finish(const Command& command, Reply& reply);
  // Whether its writes may wait for the turn's end, and whether it may run while those of others are pending.
  [[nodiscard]] bool MayCommitLater(const Command& command) const;
  // Pending writes are written, or are lost: then so are the answers that count on them.
  void FollowFlush(const Status& written);
  // Gives the answer to the session, to be sent at the end of the turn. What was published to it meanwhile is before
  // it.
  struct AnswerKind {
    bool is_message = false;
    bool is_of_run = true;  // False: the command was refused, or queued.
  };
  void Deliver(Session& session, AnswerKind kind);
  static void TakeAnswer(Session& session, std::string* answer, bool is_message);
  void AfterCommit();
  // What the command has changed and read, for those who keep keys in a cache.
  void Track(Session& session, const Command& command, Arguments args);
  void FollowSwap(const StoredSwap& swap);
  void ExpireDue();
  void ServeWaiters();
  void PublishEvent(const KeyEvent& event);
  void ShowMonitors(const Session& session, const Command& command, Arguments args);
  // Keys of a command that was drawn.
  void NoteKeys(const Command& command, Arguments args);
  void NoteLatency(std::string_view event, uint64_t microseconds);
  // Tells the log of what ails the server.
  void LookAtHealth();
  // Of a command that may not run, or nullptr: of one that there is not.
  void CountRefusal(const Command* command, std::string_view refusal);
  // Of an error's text, which begins with its code.
  void CountError(std::string_view text);

  Space& space_;
  Config& config_;
  net::Clock& clock_;
  const uint64_t started_us_;
  Access access_;
  TimeMs last_now_ms_ = 0;
  std::string answer_;  // Of the command that runs.
  struct Running {
    bool in_exec = false;
    ScriptRunner* script = nullptr;
    bool script_reads = false;
    bool error_is_counted = false;
    base::Random random{1};
  } running_;
  struct Loop {
    Fetcher* fetcher = nullptr;
    std::function<Status()> listen{};
    CallRemote call_remote{};
    DiskPace disk_pace{};
    bool commits_fail = false;  // Those that are pending would take others along.
    std::string stop_reason{};  // Empty: it goes on.
    // When the last command ended, or a turn's work began: one look at the clocks serves both neighbours.
    struct Moment {
      uint64_t us = 0;         // Monotonic.
      uint64_t looked_us = 0;  // When the wall clock was looked at,
      TimeMs wall_ms = 0;      // and what it said.
    } moment{};
  } loop_;

  uint64_t next_session_id_ = 1;
  std::map<uint64_t, std::unique_ptr<Session>> sessions_;
  Outbox outbox_;
  PubSub pubsub_;
  Watches watches_;
  Tracking tracking_{sessions_};
  Waiters waiters_;
  struct Pause {
    uint64_t ends_us = 0;
    bool writes_only = true;
    bool has_ended = false;  // In this turn.
  };
  Pause pause_;
  std::vector<KeyName> ready_;
  std::vector<uint64_t> resumed_;  // Ids of sessions whose waiting has ended in this turn.
  struct Diagnostics {
    SlowLog slow_log{};
    Latency latency{};
    Monitors monitors{};
    Health health{};
    HotKeys hot_keys{};
    Log* log = &Log::Nowhere();
  };
  Diagnostics diagnostics_;
  Upkeep upkeep_;
  Checkpoints checkpoints_;
  struct Scripting {
    Interpreter interpreter{};
    Libraries libraries{};
    std::function<void()> poll{};
  };
  Scripting scripting_;
  Counters counters_;
  std::map<std::string_view, CommandCounters> command_counters_;
};

}  // namespace amethyst::server
