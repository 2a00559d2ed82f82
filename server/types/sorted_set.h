// A sorted set: the value of one key, while it is small, or else two entries for each member.
//
//   inline body    [varint count] ([score u64][varint length][member])*, in order
//   exploded body  [id u64][varint count]
//   data           [id u64][hash u48][member] -> [score u64]
//   order          [id u64][score u64][member] -> nothing
//
// Scores are sortable integers (layout.h), so that bytewise order is the order of score and member; -0 is 0. A set that
// has become exploded stays so. A set that has lost its last member is erased by Save.
//
//   SortedSet set(key, call.config().values().sorted_set);
//   set.Put("ada", 36, set.Score("ada"));
//   set.Save();
//
// Thread safety: one thread, the server's loop.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/config.h"
#include "server/keyspace/stored_key.h"

namespace amethyst::server {

class SortedSet {
 public:
  struct Entry {
    uint64_t sortable = 0;
    std::string_view member;
    friend auto operator<=>(const Entry&, const Entry&) = default;
  };
  // A place between entries: those that are less lie below it.
  struct Cut {
    uint64_t sortable = 0;
    std::string member;
    [[nodiscard]] Entry entry() const { return {.sortable = sortable, .member = member}; }
  };
  // What lies between two cuts; at first everything.
  struct Range {
    Cut low{};
    Cut high{.sortable = UINT64_MAX, .member = {}};
  };
  enum class Content : uint8_t { kStored, kNew };

  // Of a key that holds a sorted set or does not exist; it outlives this. kNew: whatever the key holds is replaced, its
  // expiry too.
  SortedSet(StoredKey& key, const Config::InlineLimits& limits, Content content = Content::kStored);

  [[nodiscard]] uint64_t size() const { return is_exploded_ ? count_ : inline_.size(); }
  [[nodiscard]] bool is_exploded() const { return is_exploded_; }

  [[nodiscard]] std::optional<double> Score(std::string_view member) const;
  // `old` is what Score says of the member, which must live until Save.
  void Put(std::string_view member, double score, std::optional<double> old);
  // Of a member with that score.
  void Remove(std::string_view member, double score);
  // This and all on that side of it have been removed: later walks begin behind it.
  void NoteTaken(std::string_view member, double score, OrderEnd end);
  void Clear();
  // Writes what has become of the set into its key. Nothing is to be called afterwards.
  void Save();

  [[nodiscard]] uint64_t CountIn(const Range& range) const;
  // Members on the other side of a member: below it, or above it.
  [[nodiscard]] uint64_t Rank(std::string_view member, double score, bool from_above) const;

  // A walk in order, or backwards. The set may not be changed meanwhile.
  class Walk {
   public:
    Walk(const SortedSet& set, Range range, bool backwards = false);
    // From a rank on, counted from where the walk comes from, up to `count` entries.
    Walk(const SortedSet& set, uint64_t rank, uint64_t count, bool backwards = false);
    // Ends it after that many entries from here on, if not before.
    void Limit(uint64_t count) { left_ = std::min(left_, count); }
    [[nodiscard]] bool Valid();
    void Next();
    // It needs the set no longer, which may go.
    [[nodiscard]] bool StandsAlone() const { return entries_.has_value(); }
    // Valid until the next move.
    [[nodiscard]] std::string_view member() const;
    [[nodiscard]] double score() const;

   private:
    void Open(const SortedSet& set, const Range& range);
    void SeekToRank(uint64_t rank, uint64_t count);

    Access& access_;
    const bool backwards_;
    uint64_t left_ = UINT64_MAX;
    std::span<const Entry> inline_;
    std::string lower_;
    std::string upper_;
    std::optional<Iterator> entries_;  // Of an exploded set.
  };

  // A walk over an exploded set in the order of its members' hashes.
  class HashWalk {
   public:
    HashWalk(const SortedSet& set, uint64_t hash);
    [[nodiscard]] bool Valid() { return access_.Shows(members_); }
    void Next() { members_.Next(); }
    [[nodiscard]] std::string_view member() const { return MemberOf(members_.key()); }
    [[nodiscard]] uint64_t hash() const { return HashOfMemberKey(members_.key()); }
    [[nodiscard]] double score() const;

   private:
    Access& access_;
    const std::string lower_;
    const std::string upper_;
    Iterator members_;
  };

 private:
  void Decode();
  [[nodiscard]] bool DecodeInline(std::string_view body);
  void ExplodeIfLarge(std::string_view added);
  void PutExploded(const Entry& entry);
  [[nodiscard]] std::span<const Entry> InlineIn(const Range& range) const;

  StoredKey& key_;
  const Config::InlineLimits limits_;
  const TimeMs expires_ms_;
  std::vector<Entry> inline_;
  size_t inline_bytes_ = 0;
  bool is_exploded_ = false;
  uint64_t id_ = 0;
  uint64_t count_ = 0;
};

}  // namespace amethyst::server
