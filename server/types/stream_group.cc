#include "server/types/stream_group.h"

#include "base/coding.h"
#include "base/error.h"

namespace amethyst::server {

namespace {

constexpr uint64_t kUnknownEntriesRead = UINT64_MAX;

std::string EncodeGroup(const GroupState& state) {
  std::string value;
  AppendStreamId(&value, state.last_delivered);
  AppendBigEndian(&value, state.entries_read.value_or(kUnknownEntriesRead), 8);
  base::AppendVarint(&value, state.pending);
  base::AppendVarint(&value, state.consumers);
  return value;
}

std::string EncodeConsumer(const ConsumerState& state) {
  std::string value;
  AppendBigEndian(&value, state.seen_ms, 8);
  base::AppendVarint(&value, state.pending);
  return value;
}

std::string EncodePending(const Pending& pending) {
  std::string value;
  AppendBigEndian(&value, pending.delivered_ms, 8);
  base::AppendVarint(&value, pending.deliveries);
  value.append(pending.consumer);
  return value;
}

// An entry behind `id` was deleted, as far as one can tell.
bool HasDeletedFrom(const StreamState& stream, const StreamId& id) {
  if (stream.count == 0 || stream.max_deleted == kStreamIdMin || stream.first > stream.max_deleted) return false;
  return id <= stream.max_deleted;
}

void FailOnGroup(Access& access, std::string_view value) {
  access.Fail(base::Corruption("family data: the {} bytes of a consumer group's entry are none", value.size()).error());
}

}  // namespace

std::optional<GroupState> DecodeGroup(std::string_view value) {
  if (value.size() < kStreamIdBytes + 8) return {};
  GroupState state{.last_delivered = ReadStreamId(value, 0), .entries_read = {}};
  if (const uint64_t read = ReadBigEndian(value, kStreamIdBytes, 8); read != kUnknownEntriesRead) {
    state.entries_read = read;
  }
  value.remove_prefix(kStreamIdBytes + 8);
  if (!base::ReadVarint64(&value, &state.pending) || !base::ReadVarint64(&value, &state.consumers)) return {};
  return value.empty() ? std::optional(state) : std::nullopt;
}

std::optional<ConsumerState> DecodeConsumer(std::string_view value) {
  if (value.size() < 8) return {};
  ConsumerState state{.seen_ms = ReadBigEndian(value, 0, 8)};
  value.remove_prefix(8);
  if (!base::ReadVarint64(&value, &state.pending) || !value.empty()) return {};
  return state;
}

std::optional<Pending> DecodePending(std::string_view value) {
  if (value.size() < 8) return {};
  Pending pending{.consumer = {}, .delivered_ms = ReadBigEndian(value, 0, 8)};
  value.remove_prefix(8);
  if (!base::ReadVarint64(&value, &pending.deliveries)) return {};
  pending.consumer = value;
  return pending;
}

std::optional<uint64_t> EntriesAddedUpTo(const StreamState& stream, const StreamId& id) {
  if (stream.entries_added == 0) return 0;
  if (stream.count == 0 && id <= stream.last) return stream.entries_added;
  if (id == stream.last) return stream.entries_added;
  if (id > stream.last) return {};
  if (stream.max_deleted == kStreamIdMin || stream.max_deleted < stream.first) {
    if (id < stream.first) return stream.entries_added - stream.count;
    if (id == stream.first) return stream.entries_added - stream.count + 1;
  }
  return {};
}

std::optional<int64_t> LagOf(const StreamState& stream, const GroupState& group) {
  if (stream.entries_added == 0) return 0;
  std::optional<uint64_t> read = group.entries_read;
  if (!read || HasDeletedFrom(stream, group.last_delivered)) read = EntriesAddedUpTo(stream, group.last_delivered);
  if (!read) return {};
  return static_cast<int64_t>(stream.entries_added - *read);
}

StreamGroup::StreamGroup(Stream& stream, std::string_view name) : stream_(stream), name_(name) {
  std::string value;
  if (!stream.exists() || stream.IsOtherType() || stream.state().groups == 0) return;
  if (!access().Get(Part::kData, GroupKey(this->name()), &value)) return;
  const auto state = DecodeGroup(value);
  if (!state) FailOnGroup(access(), value);
  state_ = state.value_or(GroupState{});
  exists_ = state.has_value();
}

std::string StreamGroup::ConsumerKey(std::string_view consumer) const {
  return ConsumersPrefix(name()).append(consumer);
}

std::string StreamGroup::PendingKey(const StreamId& id) const {
  std::string key = PendingPrefix(name());
  AppendStreamId(&key, id);
  return key;
}

std::string StreamGroup::ConsumerPendingKey(std::string_view consumer, const StreamId& id) const {
  std::string key = ConsumerPendingPrefix(name(), consumer);
  AppendStreamId(&key, id);
  return key;
}

void StreamGroup::DeleteAll(const std::string& prefix) {
  access().DeleteRange(Part::kData, prefix, EndOfPrefix(prefix));
}

void StreamGroup::Create(const StreamId& last_delivered, std::optional<uint64_t> entries_read) {
  stream_.SetGroups(stream_.state().groups + 1);
  exists_ = true;
  SetPosition(last_delivered, entries_read);
}

// All keys of pending entries of consumers begin with the one of an empty consumer, without its length.
void StreamGroup::Destroy() {
  access().Delete(Part::kData, GroupKey(name()));
  std::string pending_of_consumers = ConsumerPendingPrefix(name(), "");
  pending_of_consumers.resize(pending_of_consumers.size() - 2);
  for (const std::string& prefix : {ConsumersPrefix(name()), PendingPrefix(name()), pending_of_consumers}) {
    DeleteAll(prefix);
  }
  stream_.SetGroups(stream_.state().groups - 1);
  consumers_.clear();
  exists_ = is_changed_ = false;
}

void StreamGroup::SetPosition(const StreamId& last_delivered, std::optional<uint64_t> entries_read) {
  state_.last_delivered = last_delivered;
  state_.entries_read = entries_read;
  is_changed_ = true;
}

void StreamGroup::AdvanceTo(const StreamId& id) {
  if (id <= state_.last_delivered) return;
  const StreamState& stream = stream_.state();
  if (state_.entries_read && !HasDeletedFrom(stream, id)) {
    ++*state_.entries_read;
  } else if (stream.entries_added > 0) {
    state_.entries_read = EntriesAddedUpTo(stream, id);
  }
  state_.last_delivered = id;
  is_changed_ = true;
}

ConsumerState* StreamGroup::FindConsumer(std::string_view consumer) {
  if (const auto at = consumers_.find(consumer); at != consumers_.end()) return &at->second;
  std::string value;
  if (!access().Get(Part::kData, ConsumerKey(consumer), &value)) return nullptr;
  const auto state = DecodeConsumer(value);
  if (state) return &consumers_.emplace(consumer, *state).first->second;
  FailOnGroup(access(), value);
  return nullptr;
}

bool StreamGroup::HasConsumer(std::string_view consumer) { return FindConsumer(consumer) != nullptr; }

bool StreamGroup::SeeConsumer(std::string_view consumer) {
  is_changed_ = true;
  if (ConsumerState* const state = FindConsumer(consumer); state != nullptr) {
    state->seen_ms = access().now_ms();
    return false;
  }
  AddConsumer(consumer, access().now_ms());
  return true;
}

void StreamGroup::AddConsumer(std::string_view consumer, TimeMs seen_ms) {
  consumers_.emplace(consumer, ConsumerState{.seen_ms = seen_ms});
  ++state_.consumers;
  is_changed_ = true;
}

uint64_t StreamGroup::DeleteConsumer(std::string_view consumer) {
  const ConsumerState* const state = FindConsumer(consumer);
  if (state == nullptr) return 0;
  const uint64_t pending = state->pending;
  for (PendingWalk walk(*this, consumer); walk.Valid(); walk.Next()) {
    access().Delete(Part::kData, PendingKey(walk.id()));
  }
  DeleteAll(ConsumerPendingPrefix(name(), consumer));
  access().Delete(Part::kData, ConsumerKey(consumer));
  consumers_.erase(consumers_.find(consumer));
  state_.pending -= pending;
  --state_.consumers;
  is_changed_ = true;
  return pending;
}

std::optional<Pending> StreamGroup::FindPending(const StreamId& id) {
  std::string value;
  if (!access().Get(Part::kData, PendingKey(id), &value)) return {};
  auto pending = DecodePending(value);
  if (!pending) FailOnGroup(access(), value);
  return pending;
}

void StreamGroup::PutPending(const StreamId& id, const Pending& pending) {
  const auto before = FindPending(id);
  if (!before || before->consumer != pending.consumer) {
    if (before) DeletePending(id);
    ++state_.pending;
    if (ConsumerState* const consumer = FindConsumer(pending.consumer); consumer != nullptr) ++consumer->pending;
    access().Put(Part::kData, ConsumerPendingKey(pending.consumer, id), "");
    is_changed_ = true;
  }
  access().Put(Part::kData, PendingKey(id), EncodePending(pending));
}

bool StreamGroup::DeletePending(const StreamId& id) {
  const auto pending = FindPending(id);
  if (!pending) return false;
  access().Delete(Part::kData, PendingKey(id));
  access().Delete(Part::kData, ConsumerPendingKey(pending->consumer, id));
  --state_.pending;
  if (ConsumerState* const consumer = FindConsumer(pending->consumer); consumer != nullptr) --consumer->pending;
  is_changed_ = true;
  return true;
}

void StreamGroup::Finish() {
  if (!is_changed_) return;
  access().Put(Part::kData, GroupKey(name()), EncodeGroup(state_));
  for (const auto& [consumer, state] : consumers_) {
    access().Put(Part::kData, ConsumerKey(consumer), EncodeConsumer(state));
  }
  is_changed_ = false;
}

}  // namespace amethyst::server
