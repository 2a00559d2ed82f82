// CLIENT TRACKING: which clients may have which keys in a cache of their own, and who is told when one changes.
//
// A client that tracks is told of each key that it has read, once, when that changes; it reads the key again to be told
// again. With BCAST it is told of all keys of its prefixes instead, at the end of each turn. Keys are those of all
// databases together, as in Redis. A client that has gone stays in the table until its keys change or are evicted.
// Thread safety: one thread, the server's loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/keyspace/access.h"
#include "server/tracking_mode.h"

namespace amethyst::server {

class Session;

class Tracking {
 public:
  using Sessions = std::map<uint64_t, std::unique_ptr<Session>>;
  // The server's sessions, which outlive this.
  explicit Tracking(const Sessions& sessions) : sessions_(sessions) {}

  // The session has that mode from now on. Prefixes that it has already stay.
  void Enable(Session& session, TrackingMode mode);
  void Disable(Session& session);

  // The session has read the keys.
  void NoteRead(const Session& session, std::string_view key);
  // A new command begins: it has touched nothing so far.
  void BeginCommand() {
    touched_seen_ = 0;
    own_.clear();
  }
  // So much has been touched since BeginCommand; what is new behind the last call changes now. `writer`: whose command
  // that is, or nullptr.
  void NoteChanges(std::span<const KeyName> touched, const Session* writer);
  // All keys are gone.
  void NoteFlush(const Session& writer);
  // What the session must be told of its own command's changes, which comes behind the command's answer.
  void SendOwn(Session& session);
  // Sends what is broadcast, and drops keys of which there are more than `keys_max` (0: no limit), so many at a time.
  void EndTurn(uint64_t keys_max);

  [[nodiscard]] size_t key_count() const { return readers_.size(); }
  [[nodiscard]] size_t item_count() const { return items_; }
  [[nodiscard]] size_t prefix_count() const { return prefixes_.size(); }
  [[nodiscard]] size_t session_count() const { return session_count_; }

 private:
  using Readers = std::map<std::string, std::set<uint64_t>, std::less<>>;
  struct Prefix {
    std::set<Session*> sessions;
    std::map<std::string, uint64_t, std::less<>> changed;  // In this turn, and the id of the session that did it last.
  };
  // nullopt: all keys.
  using Keys = std::optional<std::vector<std::string_view>>;

  void Send(Session& session, const Keys& keys) const;
  // Tells those who have read the key, and forgets them.
  void Invalidate(Readers::iterator at, const Session* writer);
  void Broadcast();

  const Sessions& sessions_;
  size_t session_count_ = 0;
  Readers readers_;
  size_t items_ = 0;  // Of all the sets of readers.
  std::map<std::string, Prefix, std::less<>> prefixes_;
  size_t touched_seen_ = 0;
  std::vector<std::optional<std::string>> own_;  // What the session whose command runs must be told; nullopt: all keys.
  std::string last_evicted_;                     // Evicts in the order of keys, round and round.
};

}  // namespace amethyst::server
