// One client: what it has asked for and not been answered, and what it has set.
//
// Requests of one session run in their order, one at a time. While a session waits in a blocking command, its further
// requests wait behind it. Its members are for the server and the commands, which run one after the other.
// Thread safety: one thread, the server's loop.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "net/connection.h"
#include "server/commands/command.h"
#include "server/output_limits.h"
#include "server/resp/reply.h"
#include "server/resp/request_parser.h"
#include "server/tracking_mode.h"

namespace amethyst::server {

// A request that must outlive the bytes that it came in.
class KeptRequest {
 public:
  explicit KeptRequest(Arguments args) : words_(args.begin(), args.end()), views_(words_.begin(), words_.end()) {}
  KeptRequest(const KeptRequest&) = delete;
  KeptRequest& operator=(const KeptRequest&) = delete;
  [[nodiscard]] Arguments args() const { return views_; }

 private:
  const std::vector<std::string> words_;
  const std::vector<std::string_view> views_;
};

// MULTI: what is queued, and whether EXEC may still run it.
struct Queue {
  bool is_open = false;
  bool has_errors = false;  // A command was refused when it was queued.
  bool has_writes = false;
  std::deque<KeptRequest> requests;
};

// A blocking command that waits.
struct Waiting {
  explicit Waiting(Arguments args) : request(args) {}
  KeptRequest request;
  std::vector<KeyName> keys;
  KeyName ready;         // Of these the one that the command is tried again for.
  uint64_t ends_us = 0;  // By the monotonic clock; 0: never.
  std::string timeout_reply;
};

// A request that has not run yet.
struct Held {
  std::unique_ptr<KeptRequest> request;  // By CLIENT PAUSE, until that ends; or while what it needs is read.
  bool is_fetching = false;              // The latter.
  uint8_t fetches = 0;                   // For this request, so far.
};

// What is left of a long reply.
struct Rest {
  WritePart write;        // Empty: nothing is left.
  std::string behind{};   // Messages that have come meanwhile.
  bool is_begun = false;  // The client has been sent a part.
};

struct Subscriptions {
  std::set<std::string, std::less<>> channels;
  std::set<std::string, std::less<>> patterns;
  std::set<std::string, std::less<>> shard_channels;
  [[nodiscard]] size_t count() const { return channels.size() + patterns.size(); }
  [[nodiscard]] bool any() const { return count() + shard_channels.size() > 0; }
};

class Session;

// The sessions that have something to send at the end of the turn, and those that must send it before they go on.
class Outbox {
 public:
  // A client that has so much to read gets no more answers before it does.
  static constexpr size_t kAnswersBytesMax = size_t{1} << 20;

  void Add(Session& session) { sessions_.insert(&session); }
  void Remove(Session& session);
  // The session's further requests run in a later turn.
  void Postpone(Session& session);
  // Some of them may run now.
  [[nodiscard]] bool HasBacklog() const;
  // Those that may run now are postponed no longer.
  [[nodiscard]] std::vector<uint64_t> TakeBacklog();
  // The session's answer from byte `begin` of its output on is true only if the pending writes succeed.
  void NotePending(Session& session, size_t begin);
  // Another thread writes what is pending, and nothing else.
  void HandOverPending() { std::swap(handed_over_, pending_); }
  // That was written, and holds.
  void ForgetHandedOver() { handed_over_.clear(); }
  // So was what is pending since.
  void ForgetPending() {
    handed_over_.clear();
    pending_.clear();
  }
  // Each answer that was noted becomes this error; how many these were.
  size_t ReplacePending(std::string_view error);
  [[nodiscard]] size_t pending_count() const { return pending_.size(); }
  // Sends, and closes what is to be closed afterwards, or does not read; how many bytes that were.
  uint64_t Flush(const OutputLimits& limits, uint64_t now_us);
  // All that the sessions would have been sent becomes this error, behind which they close. Flush sends it.
  void ReplaceAll(std::string_view error);

 private:
  // A client that does not read must not fill the memory.
  [[nodiscard]] bool IsTooSlow(Session& session, const OutputLimits& limits, uint64_t now_us);
  [[nodiscard]] static bool MaySendMore(const Session& session);

  std::unordered_set<Session*> sessions_;
  std::map<uint64_t, Session*> postponed_;  // By id.
  std::unordered_map<Session*, uint64_t> above_soft_since_us_;
  struct PendingAnswer {
    Session* session;
    size_t begin;  // In its output.
    size_t bytes;
  };
  std::vector<PendingAnswer> pending_;      // In the order of their commands.
  std::vector<PendingAnswer> handed_over_;  // Those before.
};

class Session {
 public:
  struct Start {
    uint64_t id;
    uint64_t now_us;
    bool is_authenticated;
  };
  Session(net::Connection& connection, Outbox& outbox, const Start& start);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Encodes behind all that is to be sent.
  [[nodiscard]] Reply NewReply() { return Reply(rest.write ? &rest.behind : &output, protocol); }
  // What the client was answered or told, and has not read.
  [[nodiscard]] size_t unread_bytes() const { return connection.unsent_bytes() + output.size() + rest.behind.size(); }
  // There is something to send, or to close.
  void WillFlush() { outbox.Add(*this); }
  // For a message that no request asked for: a published one.
  [[nodiscard]] bool takes_push() const { return protocol == Reply::Protocol::kResp3; }

  net::Connection& connection;
  Outbox& outbox;
  const uint64_t id;
  const uint64_t created_us;

  std::string name;
  unsigned database = 0;
  Reply::Protocol protocol = Reply::Protocol::kResp2;
  bool is_authenticated = false;
  bool closes = false;  // After what is to be sent.
  enum class Replies : uint8_t { kOn, kOff, kSkipNext, kSkip } replies = Replies::kOn;
  bool no_evict = false;
  bool is_monitor = false;

  Queue queue;
  std::map<KeyName, bool> watched;  // And whether it had expired by then.
  bool is_dirty = false;            // Something watched has changed.
  std::optional<Waiting> waiting;
  Held held;
  Rest rest;
  Subscriptions subscriptions;
  TrackingMode tracking;

  uint64_t last_active_us;
  std::string_view last_command = "NULL";
  RequestParser parser;
  std::string output;
};

}  // namespace amethyst::server
