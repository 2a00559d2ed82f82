// How amethyst/cpp17.h, which includes it, reads: snapshots, options, pinned values and iterators.
//
// Lifetime. Each may outlive its database; an iterator then fails with AMETHYST_CLOSED at its next move. Thread safety:
// a Snapshot or PinnedValue may be used from any thread at once; an Iterator belongs to one thread at a time.
#pragma once

#include <amethyst/c.h>
#include <amethyst/cpp17_call.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace amethyst::cpp17 {

// A view of the database as of one moment. While it lives, compaction keeps what it can see.
class Snapshot {
 public:
  explicit Snapshot(amethyst_snapshot* handle) : handle_(handle) {}
  [[nodiscard]] amethyst_snapshot* handle() const { return handle_.get(); }

 private:
  internal::Owner<amethyst_snapshot, amethyst_snapshot_free> handle_;
};

// How to read. The bounds hold for iterators; their bytes and the snapshot are needed during the call only.
struct ReadOptions {
  const Snapshot* snapshot = nullptr;           // Null: now.
  std::optional<std::string_view> lower_bound;  // At or after it.
  std::optional<std::string_view> upper_bound;  // Before it.
  bool fill_cache = true;                       // False for a scan that is made once.

  // The options as the C interface wants them; they hold only as long as this object and what it names.
  [[nodiscard]] amethyst_read_options InC() const {
    amethyst_read_options options = AMETHYST_READ_OPTIONS_DEFAULT;
    options.snapshot = snapshot != nullptr ? snapshot->handle() : nullptr;
    const internal::Bound lower(lower_bound), upper(upper_bound);
    options.lower_bound = lower.data, options.lower_bound_bytes = lower.bytes;
    options.upper_bound = upper.data, options.upper_bound_bytes = upper.bytes;
    options.fill_cache = fill_cache ? 1 : 0;
    return options;
  }
};

// A value where it lies, without a copy. It costs memory of the database's budget while it lives.
class PinnedValue {
 public:
  explicit PinnedValue(amethyst_pinned* handle) : handle_(handle) {
    size_t bytes = 0;
    const char* const begin = amethyst_pinned_value(handle, &bytes);
    if (begin != nullptr) value_ = {begin, bytes};
  }
  // Valid as long as this object.
  [[nodiscard]] std::string_view value() const { return value_; }

 private:
  internal::Owner<amethyst_pinned, amethyst_pinned_free> handle_;
  std::string_view value_;
};

// An entry where it lies.
struct EntryView : amethyst_entry {
  [[nodiscard]] std::string_view key() const { return {amethyst_entry::key, key_bytes}; }
  [[nodiscard]] std::string_view value() const { return {amethyst_entry::value, value_bytes}; }
};
static_assert(sizeof(EntryView) == sizeof(amethyst_entry), "an array of one is an array of the other");

// An ordered walk as of one moment, both ways. Not yet positioned when it is made. A move that fails leaves the
// iterator not valid, and status() tells why: look at it after a loop. To step beyond the end is no failure.
class Iterator {
 public:
  explicit Iterator(amethyst_iterator* handle) : handle_(handle) {}

  void SeekToFirst() { Move(amethyst_iterator_seek_to_first); }
  void SeekToLast() { Move(amethyst_iterator_seek_to_last); }
  // To the first key at or after the target, and to the last one at or before it.
  void Seek(std::string_view target) { Move(amethyst_iterator_seek, target.data(), target.size()); }
  void SeekForPrev(std::string_view target) { Move(amethyst_iterator_seek_for_prev, target.data(), target.size()); }
  // One step; AMETHYST_INVALID_ARGUMENT where the iterator is not valid.
  void Next() { Move(amethyst_iterator_next); }
  void Prev() { Move(amethyst_iterator_prev); }
  // The entry that is shown and those behind it (before it, in descending order), as many as lie ready and `room` has
  // place for; then the iterator is on the last of them, and Next (Prev) goes on from there. Returns how many it
  // stored, 0 where the iterator is not valid. They are valid until the next move. Keys and values together are at most
  // `bytes_max`, unless the first entry alone is greater.
  size_t NextBatch(EntryView* room, size_t room_entries, size_t bytes_max = SIZE_MAX) {
    return Batch(0, room, room_entries, bytes_max);
  }
  size_t PrevBatch(EntryView* room, size_t room_entries, size_t bytes_max = SIZE_MAX) {
    return Batch(1, room, room_entries, bytes_max);
  }

  [[nodiscard]] bool Valid() const { return amethyst_iterator_valid(handle_.get()) != 0; }
  // The entry's parts, valid until the next move; empty where the iterator is not valid.
  [[nodiscard]] std::string_view key() const { return Part(&amethyst_iterator_key); }
  [[nodiscard]] std::string_view value() const { return Part(&amethyst_iterator_value); }
  [[nodiscard]] const Status& status() const { return status_; }

 private:
  size_t Batch(int backward, EntryView* room, size_t room_entries, size_t bytes_max) {
    size_t stored = 0;
    Move(amethyst_iterator_batch, backward, room, room_entries, bytes_max, &stored);
    return stored;
  }
  template <class Call, class... Arguments>
  void Move(Call call, Arguments... arguments) {
    status_ = internal::StatusOf(call, handle_.get(), arguments...);
  }
  [[nodiscard]] std::string_view Part(const char* (*part)(amethyst_iterator*, size_t*)) const {
    size_t bytes = 0;
    const char* const begin = part(handle_.get(), &bytes);
    return begin != nullptr ? std::string_view(begin, bytes) : std::string_view();
  }

  internal::Owner<amethyst_iterator, amethyst_iterator_free> handle_;
  Status status_;
};

namespace internal {

// The values of several keys, by a call that takes these arguments, then options, keys, and where to store values.
template <class Call, class... Arguments>
std::vector<std::optional<std::string>> GetMany(const std::vector<std::string_view>& keys, const ReadOptions& options,
                                                Status* status, Call call, Arguments... arguments) {
  const amethyst_read_options c_options = options.InC();
  std::vector<const void*> begins(keys.size());
  std::vector<size_t> bytes(keys.size()), value_bytes(keys.size());
  std::vector<char*> values(keys.size());
  for (size_t i = 0; i < keys.size(); ++i) begins[i] = keys[i].data(), bytes[i] = keys[i].size();
  Status result = StatusOf(call, arguments..., &c_options, keys.size(), begins.data(), bytes.data(), values.data(),
                           value_bytes.data(), nullptr);
  const std::vector<Bytes> owned(values.begin(), values.end());  // Before a failure is thrown.
  Report(std::move(result), status);
  std::vector<std::optional<std::string>> found(keys.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    if (values[i] != nullptr) found[i].emplace(values[i], value_bytes[i]);
  }
  return found;
}

}  // namespace internal

}  // namespace amethyst::cpp17
