// Commands that wait, and the steps after a command: tell watchers, publish events, deliver the answer, serve waiters.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "server/server.h"

namespace amethyst::server {

namespace {

// EXEC, scripts and functions: once begun they go to their end, so what they read may hold up the others.
bool RunsOthers(const Command& command) {
  return command.name == "exec" || (command.flags & kNoMandatoryKeys) != 0;  // Which those have that name keys.
}

// It puts over whatever is there, which it does not read.
bool IsPlainPut(const Command& command, Arguments args) {
  return (command.name == "set" && args.size() == 3) || command.name == "setex" || command.name == "psetex" ||
         command.name == "mset";
}

// The keys that a request names, as they are stored; of EXEC those of its commands, found by `find`.
template <typename Find>
std::vector<std::string> NamedKeys(const Session& session, const Command& command, Arguments args, uint16_t stored,
                                   const Find& find) {
  std::vector<std::string> keys;
  const auto add = [&](const Command& named, Arguments words) {
    for (const int place : FindKeys(named, words)) keys.push_back(KeysKey(stored, words[static_cast<size_t>(place)]));
  };
  if (command.name != "exec") {
    add(command, args);
    return keys;
  }
  for (const KeptRequest& request : session.queue.requests) {
    std::string refusal;
    const Command* const queued = find(request.args(), &refusal);
    if (queued != nullptr && !IsPlainPut(*queued, request.args())) add(*queued, request.args());
  }
  return keys;
}

bool IsInMemory(Space& space, const std::string& key) {
  if (space.records().Find(key)) return true;
  const auto found = space.family(Part::kKeys).GetPinned(key, {.memory_only = true});
  return found || found.error().code() != ErrorCode::kBusy;
}

}  // namespace

void Server::PauseFor(uint64_t milliseconds, bool writes_only) {
  const bool is_new = pause_.ends_us == 0;
  pause_.ends_us = std::max(pause_.ends_us, MonotonicUs() + milliseconds * 1000);
  pause_.writes_only = writes_only && (is_new || pause_.writes_only);
}

void Server::EndPause() {
  pause_ = {.has_ended = true};
  for (const auto& [id, session] : sessions_) {
    if (session->held.request != nullptr) resumed_.push_back(id);
  }
}

size_t Server::BlockedCount() const {
  const auto held =
      std::ranges::count_if(sessions_, [](const auto& each) { return each.second->held.request != nullptr; });
  return waiters_.count() + static_cast<size_t>(held);
}

bool Server::IsHeld(const Session& session, const Command& command, Arguments args) const {
  if (pause_.ends_us == 0 || pause_.ends_us <= MonotonicUs()) return false;
  if (!pause_.writes_only || RequestMayChange(command, args)) return true;
  return command.name == "exec" && session.queue.has_writes;
}

bool Server::MayCommitLater(const Command& command) const {
  if ((command.flags & (kWrite | kReadonly)) == 0 || command.keys.first == 0) return false;
  if ((command.flags & (kNoScript | kBlocking | kAdmin | kRunsOnce)) != 0 || loop_.commits_fail) return false;
  return config_.values().notify_keyspace_events.empty();  // An event cannot be called back.
}

bool Server::MayFetch(const Session& session, const Command& command) const {
  constexpr uint8_t kFetchesMax = 3;  // What was read may be gone from the cache by the time that the command runs.
  return loop_.fetcher != nullptr && session.held.fetches < kFetchesMax &&
         (command.flags & (kReadonly | kWrite)) != 0 && (command.flags & (kNoScript | kBlocking | kRunsOnce)) == 0;
}

bool Server::RunOrFetch(Session& session, const Command& command, Arguments args, Reply& reply) {
  if (!MayCommitLater(command)) access_.Flush();
  Begin(session.database);
  if (RunsOthers(command) && loop_.fetcher != nullptr && session.held.fetches == 0 && !loop_.disk_pace.is_fast()) {
    // One try: what was read may be gone from the cache by the time that it runs.
    const auto find = [this](Arguments words, std::string* refusal) { return Find(words, refusal); };
    const auto keys = NamedKeys(session, command, args, access_.stored_database(), find);
    const auto missed = std::ranges::find_if_not(keys, [&](const auto& key) { return IsInMemory(space_, key); });
    if (missed != keys.end()) {
      access_.ReadMemoryOnly();
      std::string ignored;
      static_cast<void>(access_.Get(Part::kKeys, *missed, &ignored));  // For what miss() says.
      if (access_.miss() && Fetch(session, command, args)) return false;
      Begin(session.database);
    }
  }
  if (MayFetch(session, command)) {
    const Counters::Lookups before = counters_.lookups;
    access_.ReadMemoryOnly();
    Run(session, command, args, reply);
    if (!access_.miss()) {
      session.held.fetches = 0;
      return true;
    }
    counters_.lookups = before;
    if (Fetch(session, command, args)) return false;
    reply.RollBackTo(0);
    Begin(session.database);
  }
  Run(session, command, args, reply);
  session.held.fetches = 0;
  return true;
}

// With the record that was missed come those of the command's other keys.
bool Server::Fetch(Session& session, const Command& command, Arguments args) {
  const Access::Miss miss = *access_.miss();
  std::vector<std::string> keys = {miss.key};
  if (miss.part == Part::kKeys) {
    const auto find = [this](Arguments words, std::string* refusal) { return Find(words, refusal); };
    for (std::string& key : NamedKeys(session, command, args, access_.stored_database(), find)) {
      if (key != miss.key) keys.push_back(std::move(key));
    }
  }
  auto read = [this, family = space_.family(miss.part), keys = std::move(keys)] {
    const uint64_t begin_us = MonotonicUs();
    const std::vector<std::string_view> views(keys.begin(), keys.end());
    static_cast<void>(family.MultiGet(views));  // For the cache. An error comes again, to the command.
    return MonotonicUs() - begin_us;
  };
  if (loop_.disk_pace.is_fast()) {
    loop_.disk_pace.Note(read());
    return false;
  }
  session.held.request = std::make_unique<KeptRequest>(args);
  session.held.is_fetching = true;
  ++session.held.fetches;
  const auto took_us = std::make_shared<uint64_t>();
  loop_.fetcher->Fetch([read = std::move(read), took_us] { *took_us = read(); },
                       [this, id = session.id, took_us] {
                         loop_.disk_pace.Note(*took_us);
                         const auto at = sessions_.find(id);
                         if (at == sessions_.end()) return;
                         at->second->held.is_fetching = false;
                         resumed_.push_back(id);
                       });
  return true;
}

void Server::Deliver(Session& session, AnswerKind kind) {
  constexpr size_t kPendingAnswersMax = 4096;
  const size_t begin = session.output.size();
  TakeAnswer(session, &answer_, kind.is_message);
  if (kind.is_of_run && access_.HasPending()) outbox_.NotePending(session, begin);
  if (outbox_.pending_count() >= kPendingAnswersMax) {
    access_.Flush();
  } else if (access_.HandOver()) {
    outbox_.HandOverPending();
  }
  tracking_.SendOwn(session);
}

// CLIENT REPLY OFF and SKIP: nobody wants to read it, except what is a message rather than an answer.
void Server::TakeAnswer(Session& session, std::string* answer, bool is_message) {
  using Replies = Session::Replies;
  const bool is_wanted = session.replies == Replies::kOn || session.replies == Replies::kSkipNext;
  if (is_wanted || is_message) {
    if (session.output.empty()) {
      session.output.swap(*answer);
    } else {
      session.output.append(*answer);
    }
  }
  if (session.replies == Replies::kSkip) session.replies = Replies::kOn;
  if (session.replies == Replies::kSkipNext) session.replies = Replies::kSkip;
}

bool Server::Retry(Session& session, const KeyName& ready) {
  session.waiting->ready = ready;
  const Arguments args = session.waiting->request.args();
  std::string refusal;
  const Command* const command = Find(args, &refusal);
  answer_.clear();
  Reply reply(&answer_, session.protocol);
  Begin(session.database);
  Run(session, *command, args, reply);
  if (answer_.empty()) return false;  // It found nothing for itself.
  if (Finish(*command, reply)) AfterCommit();
  Deliver(session, {});
  return true;
}

// The requests behind it run at the end of the turn, as in Redis. The command that did this is through by then: they
// share one Access.
void Server::Unblock(Session& session, std::string_view reply) {
  waiters_.Remove(session, session.waiting->keys);
  session.waiting.reset();
  session.output.append(reply);
  session.WillFlush();
  resumed_.push_back(session.id);
}

// Who watches a key, or waits for one, means the key of a number. What the number shows now may be another key.
void Server::FollowSwap(const StoredSwap& swap) {
  const unsigned own = access_.database();
  watches_.MarkDirtyWhere([&](const KeyName& key) {
    if (key.stored != swap.one && key.stored != swap.other) return false;
    return std::ranges::any_of(std::array{swap.one, swap.other}, [&](uint16_t stored) {
      access_.SetDatabase(access_.DatabaseOf(stored));
      return StoredKey(access_, key.key).exists();
    });
  });
  access_.SetDatabase(own);
  watches_.Swap(swap);
  const std::vector<KeyName> awaited = waiters_.Swap(swap);
  ready_.insert(ready_.end(), awaited.begin(), awaited.end());
}

// Within EXEC each command does so in its turn: a key that is read behind a change of it is tracked from then on.
void Server::Track(Session& session, const Command& command, Arguments args) {
  tracking_.NoteChanges(access_.touched(), &session);
  if (!session.tracking.is_on) return;
  bool reads = (command.flags & (kReadonly | kPubSub)) == kReadonly;
  if (running_.script != nullptr) {
    running_.script_reads |= reads;
    return;
  }
  // A script that has read anything counts as a read of the keys that it was given.
  if (command.group == "scripting") reads = std::exchange(running_.script_reads, false);
  if (reads) {
    for (const int place : FindKeys(command, args)) tracking_.NoteRead(session, args[static_cast<size_t>(place)]);
  }
  // CLIENT CACHING is for the next command or transaction.
  const bool is_one_of_many = running_.in_exec || session.queue.is_open;
  if (!is_one_of_many && !command.name.starts_with("client|")) session.tracking.has_caching = false;
}

void Server::AfterCommit() {
  for (const StoredSwap& swap : access_.swaps()) FollowSwap(swap);
  watches_.MarkDirty(access_.touched());
  counters_.changes += access_.touched().size();
  for (const KeyEvent& event : access_.events()) PublishEvent(event);
  ready_.insert(ready_.end(), access_.ready().begin(), access_.ready().end());
}

// Serves who waits for keys that are ready. This may make other keys ready, whose turn comes behind.
void Server::ServeWaiters() {
  // They are served with what is written.
  const auto is_awaited = [this](const KeyName& key) { return !waiters_.Of(key).empty(); };
  if (access_.HasPending() && std::ranges::any_of(ready_, is_awaited) && !access_.Flush()) ready_.clear();
  while (!ready_.empty()) {
    for (const KeyName& key : std::exchange(ready_, {})) {
      for (Session* const session : waiters_.Of(key)) {
        if (session->waiting && Retry(*session, key)) Unblock(*session, "");
      }
    }
  }
}

void Server::PublishEvent(const KeyEvent& event) {
  const std::string& wanted = config_.values().notify_keyspace_events;
  const char kind = static_cast<char>(event.kind);
  const bool is_in_all = kind != 'n' && kind != 'm';
  if (wanted.find(kind) == std::string::npos && !(is_in_all && wanted.find('A') != std::string::npos)) return;
  if (wanted.find('K') != std::string::npos) {
    pubsub_.Publish(fmt::format("__keyspace@{}__:{}", event.database, event.key), event.name);
  }
  if (wanted.find('E') != std::string::npos) {
    pubsub_.Publish(fmt::format("__keyevent@{}__:{}", event.database, event.name), event.key);
  }
}

}  // namespace amethyst::server
