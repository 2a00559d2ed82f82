// A consumer group of a stream: how far it has read, its consumers, and the entries that are pending.
//
//   [id]'g'[group]                   -> [last delivered id 16][entries read u64][pending varint][consumers varint]
//   [id]'c'[group][consumer]         -> [seen u64][pending varint]
//   [id]'p'[group][ms][seq]          -> [delivered u64][deliveries varint][consumer]
//   [id]'q'[group][consumer][ms][seq] -> nothing
//
// An entry is pending from its delivery to a consumer until that consumer acknowledges it. Times are milliseconds since
// 1970. Pending entries are changed at once in the Access; the counts of the group and of its consumers are written by
// Finish, once for a command. Thread safety: one thread, the server's loop.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "server/types/stream.h"

namespace amethyst::server {

struct Pending {
  std::string consumer;
  TimeMs delivered_ms = 0;
  uint64_t deliveries = 0;
};

struct GroupState {
  StreamId last_delivered;
  std::optional<uint64_t> entries_read;  // nullopt: it cannot be told.
  uint64_t pending = 0;
  uint64_t consumers = 0;
};

struct ConsumerState {
  TimeMs seen_ms = 0;
  uint64_t pending = 0;
};

[[nodiscard]] std::optional<GroupState> DecodeGroup(std::string_view value);
[[nodiscard]] std::optional<ConsumerState> DecodeConsumer(std::string_view value);
[[nodiscard]] std::optional<Pending> DecodePending(std::string_view value);

// How many entries the stream had been given when that one was added; nullopt: deleted entries hide it.
[[nodiscard]] std::optional<uint64_t> EntriesAddedUpTo(const StreamState& stream, const StreamId& id);
// How many entries the group has not read yet; nullopt: it cannot be told.
[[nodiscard]] std::optional<int64_t> LagOf(const StreamState& stream, const GroupState& group);

class StreamGroup {
 public:
  // Looks it up. The stream outlives this.
  StreamGroup(Stream& stream, std::string_view name);
  StreamGroup(const StreamGroup&) = delete;
  StreamGroup& operator=(const StreamGroup&) = delete;

  [[nodiscard]] bool exists() const { return exists_; }
  [[nodiscard]] const GroupState& state() const { return state_; }
  [[nodiscard]] Access& access() const { return stream_.access(); }
  [[nodiscard]] GroupName name() const { return {.collection = stream_.id(), .group = name_}; }

  // The caller finishes the stream as well, which counts its groups.
  void Create(const StreamId& last_delivered, std::optional<uint64_t> entries_read);
  void Destroy();
  void SetPosition(const StreamId& last_delivered, std::optional<uint64_t> entries_read);
  // It has read that entry, which is there.
  void AdvanceTo(const StreamId& id);

  [[nodiscard]] bool HasConsumer(std::string_view consumer);
  // The consumer has been seen now. True: it is new.
  bool SeeConsumer(std::string_view consumer);
  // A new one, which was seen then.
  void AddConsumer(std::string_view consumer, TimeMs seen_ms);
  // Its pending entries go with it. Returns how many they were.
  uint64_t DeleteConsumer(std::string_view consumer);

  [[nodiscard]] std::optional<Pending> FindPending(const StreamId& id);
  // The entry is pending of this consumer, which there is, whoever had it before.
  void PutPending(const StreamId& id, const Pending& pending);
  // False: it was not pending.
  bool DeletePending(const StreamId& id);
  void Finish();

 private:
  ConsumerState* FindConsumer(std::string_view consumer);
  [[nodiscard]] std::string ConsumerKey(std::string_view consumer) const;
  [[nodiscard]] std::string PendingKey(const StreamId& id) const;
  [[nodiscard]] std::string ConsumerPendingKey(std::string_view consumer, const StreamId& id) const;
  void DeleteAll(const std::string& prefix);

  Stream& stream_;
  const std::string name_;
  GroupState state_;
  bool exists_ = false;
  bool is_changed_ = false;
  std::map<std::string, ConsumerState, std::less<>> consumers_;  // Those that were looked up.
};

// A walk over pending entries, of a group or of one consumer, in the order of their ids. They may change meanwhile: the
// walk shows them as they were.
class PendingWalk {
 public:
  // With a consumer `pending` looks the entry up.
  PendingWalk(StreamGroup& group, std::optional<std::string_view> consumer, const StreamId& first = kStreamIdMin,
              const StreamId& last = kStreamIdMax);
  PendingWalk(const PendingWalk&) = delete;
  PendingWalk& operator=(const PendingWalk&) = delete;

  [[nodiscard]] bool Valid() const { return is_valid_; }
  void Next();
  // While Valid; until the next step.
  [[nodiscard]] const StreamId& id() const { return id_; }
  [[nodiscard]] const Pending& pending() const { return pending_; }
  // To the last one.
  void SeekToLast();

 private:
  void Load();

  StreamGroup& group_;
  const bool is_of_consumer_;
  const std::string begin_;
  const std::string end_;
  Iterator entries_;
  StreamId id_;
  Pending pending_;
  bool is_valid_ = false;
};

// The named entries behind a prefix, in order: a State for each name.
template <typename State>
class StateWalk {
 public:
  StateWalk(const StateWalk&) = delete;
  StateWalk& operator=(const StateWalk&) = delete;

  [[nodiscard]] bool Valid() const { return is_valid_; }
  void Next();
  // While Valid; until the next step.
  [[nodiscard]] std::string_view name() const { return entries_.key().substr(begin_.size()); }
  [[nodiscard]] const State& state() const { return state_; }

 protected:
  using Decode = std::optional<State> (*)(std::string_view value);
  StateWalk(Access& access, std::string prefix, Decode decode);
  ~StateWalk() = default;

 private:
  void Load();

  Access& access_;
  const std::string begin_;
  const std::string end_;
  const Decode decode_;
  Iterator entries_;
  State state_;
  bool is_valid_ = false;
};

// All groups of a stream, by name.
class GroupWalk : public StateWalk<GroupState> {
 public:
  explicit GroupWalk(const Stream& stream);
};

// All consumers of a group, by name, as they were when the group was finished.
class ConsumerWalk : public StateWalk<ConsumerState> {
 public:
  explicit ConsumerWalk(const StreamGroup& group);
};

}  // namespace amethyst::server
