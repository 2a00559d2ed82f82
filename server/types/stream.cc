#include "server/types/stream.h"

#include <algorithm>

#include "base/coding.h"
#include "base/error.h"

namespace amethyst::server {

namespace {

// Where stream-node-max-entries is 0. Redis then ends a node by its bytes, which are not counted here.
constexpr uint64_t kNodeEntriesWithoutLimit = 100;

bool DecodeFields(std::string_view value, EntryFields* fields) {
  if (!base::ReadVarint64(&value, &fields->node) || !base::ReadVarint64(&value, &fields->strings)) return false;
  fields->encoded = value;
  std::string_view string;
  uint64_t read = 0;
  while (!value.empty() && base::ReadLengthPrefixed(&value, &string)) ++read;
  return value.empty() && read == fields->strings;
}

void FailOnEntry(Access& access, std::string_view value) {
  access.Fail(base::Corruption("family data: the {} bytes of a stream's entry are none", value.size()).error());
}

bool ReadId(std::string_view* from, StreamId* id) {
  if (from->size() < kStreamIdBytes) return false;
  *id = ReadStreamId(*from, 0);
  from->remove_prefix(kStreamIdBytes);
  return true;
}

}  // namespace

Stream::Stream(Access& access, std::string_view user_key) : access_(access), key_(access, user_key) {
  if (!key_.Is(Type::kStream)) return;
  id_ = IdOf(key_.record());
  if (!Decode(key_.body())) {
    access_.Fail(base::Corruption("family keys: the {} bytes of a stream are none", key_.body().size()).error());
  }
}

bool Stream::Decode(std::string_view body) {
  body.remove_prefix(8);
  return base::ReadVarint64(&body, &state_.count) && ReadId(&body, &state_.last) && ReadId(&body, &state_.first) &&
         ReadId(&body, &state_.max_deleted) && base::ReadVarint64(&body, &state_.entries_added) &&
         base::ReadVarint64(&body, &state_.node) && base::ReadVarint64(&body, &state_.node_entries) &&
         base::ReadVarint64(&body, &state_.first_node_entries) && base::ReadVarint64(&body, &state_.groups) &&
         body.empty();
}

std::string Stream::Encode() const {
  std::string body = IdPrefix(id_);
  base::AppendVarint(&body, state_.count);
  AppendStreamId(&body, state_.last);
  AppendStreamId(&body, state_.first);
  AppendStreamId(&body, state_.max_deleted);
  base::AppendVarint(&body, state_.entries_added);
  base::AppendVarint(&body, state_.node);
  base::AppendVarint(&body, state_.node_entries);
  base::AppendVarint(&body, state_.first_node_entries);
  base::AppendVarint(&body, state_.groups);
  return body;
}

void Stream::Create() {
  if (id_ == 0) id_ = access_.NewId(key_.keys_key());
  is_changed_ = true;
}

void Stream::Append(const StreamId& id, std::span<const std::string_view> strings, uint64_t node_entries_max) {
  Create();
  if (node_entries_max == 0) node_entries_max = kNodeEntriesWithoutLimit;
  if (state_.count == 0 || state_.node_entries >= node_entries_max) {
    ++state_.node;
    state_.node_entries = 0;
  }
  ++state_.node_entries;
  std::string value;
  base::AppendVarint(&value, state_.node);
  base::AppendVarint(&value, strings.size());
  for (const std::string_view string : strings) base::AppendLengthPrefixed(&value, string);
  access_.Put(Part::kData, EntryKey(id_, id), value);
  if (state_.count == 0) state_.first = id;
  state_.last = id;
  ++state_.count;
  ++state_.entries_added;
}

bool Stream::Find(const StreamId& id, std::string* value, EntryFields* fields) const {
  if (state_.count == 0 || !access_.Get(Part::kData, EntryKey(id_, id), value)) return false;
  if (DecodeFields(*value, fields)) return true;
  FailOnEntry(access_, *value);
  return false;
}

bool Stream::Contains(const StreamId& id) const {
  std::string value;
  return state_.count > 0 && access_.Get(Part::kData, EntryKey(id_, id), &value);
}

bool Stream::Delete(const StreamId& id) {
  if (!Contains(id)) return false;
  access_.Delete(Part::kData, EntryKey(id_, id));
  --state_.count;
  state_.max_deleted = std::max(state_.max_deleted, id);
  state_.first_node_entries = 0;
  if (id == state_.first) first_is_gone_ = true;
  is_changed_ = true;
  return true;
}

// The first node is too large to go, which is known without a walk.
bool Stream::KeepsFirstNode(const StreamTrimming& trimming) const {
  return trimming.whole_nodes && trimming.count_max && state_.first_node_entries > 0 &&
         state_.count < *trimming.count_max + state_.first_node_entries;
}

// Without whole nodes each entry is trimmed as if it were one. With them the node that is kept is counted to its end,
// once, so that the next calls need not walk again: a client trims with each XADD.
uint64_t Stream::Trim(const StreamTrimming& trimming) {
  if (state_.count == 0 || KeepsFirstNode(trimming)) return 0;
  const auto may_go = [&](uint64_t removed, const StreamId& id) {
    if (trimming.removed_max > 0 && removed > trimming.removed_max) return false;
    return trimming.count_max ? state_.count >= removed && state_.count - removed >= *trimming.count_max
                              : id < trimming.first_kept;
  };
  uint64_t removed = 0;
  uint64_t run = 0;  // Entries of this node that were seen.
  uint64_t node = 0;
  StreamId kept = kStreamIdMin;  // The first entry of this node.
  bool is_kept = false;
  StreamWalk walk(*this, kStreamIdMin, kStreamIdMax);
  for (; walk.Valid(); walk.Next()) {
    if (run == 0 || !trimming.whole_nodes || walk.fields().node != node) {
      removed += run;
      run = 0;
      node = walk.fields().node;
      kept = walk.id();
    }
    if (!may_go(removed + run + 1, walk.id())) {
      is_kept = true;
      break;
    }
    ++run;
  }
  if (!is_kept) removed += run;
  state_.first_node_entries = 0;
  if (is_kept && trimming.whole_nodes && node != state_.node) {
    for (; walk.Valid() && walk.fields().node == node; walk.Next()) ++run;
    state_.first_node_entries = run;
  }
  if (removed == 0) return 0;
  const std::string begin = EntryKey(id_, state_.first);
  if (removed == 1) {
    access_.Delete(Part::kData, begin);
  } else {
    access_.DeleteRange(Part::kData, begin,
                        is_kept ? EntryKey(id_, kept) : EntryKey(id_, kStreamIdMax).append(1, '\0'));
  }
  state_.count -= removed;
  state_.first = is_kept ? kept : kStreamIdMin;
  is_changed_ = true;
  return removed;
}

StreamId Stream::LastEntry() const {
  const StreamWalk walk(*this, kStreamIdMin, kStreamIdMax, StreamWalk::Direction::kBackward);
  return walk.Valid() ? walk.id() : kStreamIdMin;
}

uint64_t Stream::CountNodes() const {
  const StreamWalk walk(*this, kStreamIdMin, kStreamIdMax);
  return walk.Valid() ? state_.node - walk.fields().node + 1 : 0;
}

void Stream::SetLast(const StreamId& last, std::optional<uint64_t> entries_added, const StreamId& max_deleted) {
  state_.last = last;
  if (entries_added) state_.entries_added = *entries_added;
  if (max_deleted != kStreamIdMin) state_.max_deleted = max_deleted;
  is_changed_ = true;
}

void Stream::SetGroups(uint64_t groups) {
  state_.groups = groups;
  is_changed_ = true;
}

void Stream::FindFirst() {
  const StreamWalk walk(*this, state_.first, kStreamIdMax);
  state_.first = walk.Valid() ? walk.id() : kStreamIdMin;
}

void Stream::Finish() {
  if (!is_changed_) return;
  if (first_is_gone_) FindFirst();
  key_.Put({.type = Type::kStream, .is_exploded = true, .expires_ms = key_.expires_ms(), .body = Encode()});
  is_changed_ = first_is_gone_ = false;
}

StreamWalk::StreamWalk(const Stream& stream, const StreamId& first, const StreamId& last, Direction direction)
    : access_(stream.access()),
      direction_(direction),
      begin_(EntryKey(stream.id(), std::max(first, stream.state().first))),
      end_(EntryKey(stream.id(), std::min(last, stream.state().last)).append(1, '\0')) {
  if (stream.state().count == 0 || begin_ >= end_) return;
  entries_.emplace(access_.NewIterator(Part::kData, begin_, end_));
  if (direction_ == Direction::kForward) {
    entries_->SeekToFirst();
  } else {
    entries_->SeekToLast();
  }
  Load();
}

void StreamWalk::Next() {
  if (--left_ == 0) return;  // A step more might be long.
  if (direction_ == Direction::kForward) {
    entries_->Next();
  } else {
    entries_->Prev();
  }
  Load();
}

void StreamWalk::Load() {
  is_valid_ = access_.Shows(*entries_);
  if (!is_valid_ || DecodeFields(entries_->value(), &fields_)) return;
  FailOnEntry(access_, entries_->value());
  is_valid_ = false;
}

}  // namespace amethyst::server
