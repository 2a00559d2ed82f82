// A stream: entries under ids that grow, each a list of fields and values. It is always exploded.
//
// Its key's value is
//
//   [id u64][count varint][last id 16][first id 16][max deleted id 16][entries added varint]
//   [node varint][entries of the node varint][entries of the first node varint][groups varint]
//
// and each entry is one of `data`:
//
//   [id u64]'e'[ms u64][seq u64] -> [node varint][strings varint]([length varint][bytes])*
//
// A node is a run of entries that approximate trimming removes together, as Redis does: it is a number in each entry,
// so nothing else has to be stored for it. The first id lets every walk begin behind the entries that were trimmed.
// Changes of entries are made at once in the Access; the key's value is written by Finish, once for a command.
// Consumer groups are in stream_group.h. Thread safety: one thread, the server's loop.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "server/keyspace/access.h"
#include "server/keyspace/stored_key.h"
#include "server/keyspace/stream_layout.h"

namespace amethyst::server {

struct StreamState {
  uint64_t count = 0;
  StreamId last;   // The greatest id that was ever given; entries have smaller ones, or this.
  StreamId first;  // Of the first entry; 0-0 where there is none.
  StreamId max_deleted;
  uint64_t entries_added = 0;
  uint64_t node = 0;  // Of the last entry.
  uint64_t node_entries = 0;
  uint64_t first_node_entries = 0;  // 0: not known.
  uint64_t groups = 0;
};

// What an entry holds: fields and values by turns.
struct EntryFields {
  uint64_t node = 0;
  uint64_t strings = 0;
  std::string_view encoded;  // Each with its length before it.
};

// Removes entries from the front, until one of the bounds holds.
struct StreamTrimming {
  std::optional<uint64_t> count_max;  // Without: up to the id.
  StreamId first_kept;
  bool whole_nodes = false;
  uint64_t removed_max = 0;  // 0: all that there are.
};

class Stream {
 public:
  Stream(Access& access, std::string_view user_key);
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // The key holds something else; this is empty then, and must not be changed.
  [[nodiscard]] bool IsOtherType() const { return key_.exists() && !key_.Is(Type::kStream); }
  [[nodiscard]] bool exists() const { return key_.exists(); }
  [[nodiscard]] const StreamState& state() const { return state_; }
  [[nodiscard]] uint64_t id() const { return id_; }
  [[nodiscard]] Access& access() const { return access_; }
  [[nodiscard]] std::string_view name() const { return key_.name(); }

  // Finish writes the key, though the stream may have no entries.
  void Create();
  // `id` is greater than the last one. `node_entries_max` entries are a node.
  void Append(const StreamId& id, std::span<const std::string_view> strings, uint64_t node_entries_max);
  // False: there is no such entry. `value` holds the fields.
  [[nodiscard]] bool Find(const StreamId& id, std::string* value, EntryFields* fields) const;
  [[nodiscard]] bool Contains(const StreamId& id) const;
  // False: there was no such entry.
  bool Delete(const StreamId& id);
  // Returns how many entries were removed.
  uint64_t Trim(const StreamTrimming& trimming);
  // The id of the last entry that there is.
  [[nodiscard]] StreamId LastEntry() const;
  // How many nodes there are about: those of removed entries in the middle count as well.
  [[nodiscard]] uint64_t CountNodes() const;
  // What XSETID sets, and the number of groups.
  void SetLast(const StreamId& last, std::optional<uint64_t> entries_added, const StreamId& max_deleted);
  void SetGroups(uint64_t groups);
  void Finish();

 private:
  [[nodiscard]] std::string Encode() const;
  [[nodiscard]] bool Decode(std::string_view body);
  void FindFirst();
  [[nodiscard]] bool KeepsFirstNode(const StreamTrimming& trimming) const;

  Access& access_;
  StoredKey key_;
  StreamState state_;
  uint64_t id_ = 0;
  bool is_changed_ = false;
  bool first_is_gone_ = false;
};

// A walk over the entries from one id to another, both included. The stream may change meanwhile: the walk shows it as
// it was.
class StreamWalk {
 public:
  enum class Direction : uint8_t { kForward, kBackward };
  StreamWalk(const Stream& stream, const StreamId& first, const StreamId& last,
             Direction direction = Direction::kForward);
  StreamWalk(const StreamWalk&) = delete;
  StreamWalk& operator=(const StreamWalk&) = delete;

  // Ends it after that many entries from here on, if not before.
  void Limit(uint64_t count) { left_ = count; }
  [[nodiscard]] bool Valid() const { return is_valid_ && left_ > 0; }
  void Next();
  // It needs the stream no longer, which may go.
  [[nodiscard]] static bool StandsAlone() { return true; }
  // While Valid; until the next step.
  [[nodiscard]] StreamId id() const { return StreamIdOfKey(entries_->key()); }
  [[nodiscard]] const EntryFields& fields() const { return fields_; }

 private:
  void Load();

  Access& access_;
  const Direction direction_;
  const std::string begin_;
  const std::string end_;
  std::optional<Iterator> entries_;
  EntryFields fields_;
  bool is_valid_ = false;
  uint64_t left_ = UINT64_MAX;
};

}  // namespace amethyst::server
