#include <utility>

#include "base/error.h"
#include "server/types/stream_group.h"

namespace amethyst::server {

namespace {

std::string WithId(std::string prefix, const StreamId& id) {
  AppendStreamId(&prefix, id);
  return prefix;
}

std::string PrefixOfWalk(const StreamGroup& group, std::optional<std::string_view> consumer) {
  return consumer ? ConsumerPendingPrefix(group.name(), *consumer) : PendingPrefix(group.name());
}

void FailOnEntry(Access& access, std::string_view value) {
  access.Fail(base::Corruption("family data: the {} bytes of a consumer group's entry are none", value.size()).error());
}

}  // namespace

PendingWalk::PendingWalk(StreamGroup& group, std::optional<std::string_view> consumer, const StreamId& first,
                         const StreamId& last)
    : group_(group),
      is_of_consumer_(consumer.has_value()),
      begin_(WithId(PrefixOfWalk(group, consumer), first)),
      end_(WithId(PrefixOfWalk(group, consumer), last).append(1, '\0')),
      entries_(group.access().NewIterator(Part::kData, begin_, end_)) {
  if (begin_ >= end_) return;
  entries_.SeekToFirst();
  Load();
}

void PendingWalk::Next() {
  entries_.Next();
  Load();
}

void PendingWalk::SeekToLast() {
  entries_.SeekToLast();
  Load();
}

void PendingWalk::Load() {
  is_valid_ = group_.access().Shows(entries_);
  if (!is_valid_) return;
  id_ = StreamIdOfKey(entries_.key());
  auto pending = is_of_consumer_ ? group_.FindPending(id_) : DecodePending(entries_.value());
  if (pending) {
    pending_ = std::move(*pending);
    return;
  }
  FailOnEntry(group_.access(), entries_.value());
  is_valid_ = false;
}

template <typename State>
StateWalk<State>::StateWalk(Access& access, std::string prefix, Decode decode)
    : access_(access),
      begin_(std::move(prefix)),
      end_(EndOfPrefix(begin_)),
      decode_(decode),
      entries_(access_.NewIterator(Part::kData, begin_, end_)) {
  entries_.SeekToFirst();
  Load();
}

template <typename State>
void StateWalk<State>::Next() {
  entries_.Next();
  Load();
}

template <typename State>
void StateWalk<State>::Load() {
  is_valid_ = access_.Shows(entries_);
  if (!is_valid_) return;
  const std::optional<State> state = decode_(entries_.value());
  if (!state) FailOnEntry(access_, entries_.value());
  is_valid_ = state.has_value();
  if (state) state_ = *state;
}

template class StateWalk<GroupState>;
template class StateWalk<ConsumerState>;

GroupWalk::GroupWalk(const Stream& stream) : StateWalk(stream.access(), GroupsPrefix(stream.id()), DecodeGroup) {}

ConsumerWalk::ConsumerWalk(const StreamGroup& group)
    : StateWalk(group.access(), ConsumersPrefix(group.name()), DecodeConsumer) {}

}  // namespace amethyst::server
