// A list: the value of one key, while it is small, or else elements of their own in `data`.
//
//   inline body    [varint count] ([varint length][bytes])*
//   exploded body  [id u64][varint count][head u64][tail u64][dense u8]
//   data           [id u64][position u64] -> element
//
// Positions start at 2^63 and are 2^20 apart, so that an element can be put between two others. While the list is
// dense, no element is missing and none lies between: the element of an index is found by arithmetic, else by a walk
// from the nearer end. Pushes and pops are exact puts and gets at head and tail, so they never step over the tombstones
// of earlier pops. A list that has become exploded stays so. A list that has lost its last element is erased by Save.
//
//   List list(key, call.config());
//   list.Push(ListEnd::kTail, "job");
//   list.Save();
//
// Thread safety: one thread, the server's loop.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/config.h"
#include "server/keyspace/stored_key.h"

namespace amethyst::server {

enum class ListEnd : uint8_t { kHead, kTail };

class List {
 public:
  // Of a key that holds a list or does not exist; it outlives this. list-max-listpack-size is a count where it is
  // positive, else a size that is larger than what is kept inline anyway.
  List(StoredKey& key, const Config& config);

  [[nodiscard]] uint64_t size() const { return is_exploded_ ? count_ : inline_.size(); }

  // What is pushed, set or inserted must live until Save.
  void Push(ListEnd end, std::string_view element);
  // nullopt: it is empty.
  [[nodiscard]] std::optional<std::string> Pop(ListEnd end);
  // Of an index below size().
  [[nodiscard]] std::optional<std::string> At(uint64_t index);
  void SetAt(uint64_t index, std::string_view element);
  // Beside the first element that equals the pivot. False: there is none.
  [[nodiscard]] bool Insert(std::string_view pivot, bool before, std::string_view element);
  // Removes equal elements, at most that many, those nearest to `from` first. Returns how many there were.
  [[nodiscard]] uint64_t Remove(std::string_view element, uint64_t count_max, ListEnd from);
  // Keeps `count` elements from `first` on.
  void Trim(uint64_t first, uint64_t count);
  // Writes what has become of the list into its key. Nothing is to be called afterwards.
  void Save();

  // A walk over neighbours. The list may not be changed meanwhile.
  class Walk {
   public:
    // From that index, up to `count` elements, towards the tail or towards the head.
    Walk(const List& list, uint64_t first, uint64_t count, ListEnd towards = ListEnd::kTail);
    [[nodiscard]] bool Valid();
    void Next();
    // It needs the list no longer, which may go.
    [[nodiscard]] bool StandsAlone() const { return elements_.has_value(); }
    [[nodiscard]] std::string_view element() const;
    // Of an exploded list.
    [[nodiscard]] uint64_t position() const { return PositionOf(elements_->key()); }

   private:
    void Seek(const List& list, uint64_t index);

    Access& access_;
    const List& list_;  // While it is inline.
    uint64_t index_;
    uint64_t left_;
    const ListEnd towards_;
    std::string lower_;
    std::string upper_;
    std::optional<Iterator> elements_;  // Of an exploded list.
  };

 private:
  void Decode();
  [[nodiscard]] bool FitsInline() const;
  void ExplodeIfLarge();
  // Writes an element behind the others of a list that is being made.
  void AppendDense(std::string_view element);
  // Goes on under a new id, with positions as of a new list.
  void Renumber();
  void PutBetween(uint64_t before, uint64_t after, uint64_t index_after, std::string_view element);
  [[nodiscard]] uint64_t PositionAt(uint64_t index);
  void FindEnds(bool head_is_gone, bool tail_is_gone);
  void DeletePositions(uint64_t first, uint64_t last);

  StoredKey& key_;
  const int64_t inline_limit_;
  std::vector<std::string_view> inline_;
  size_t inline_bytes_ = 0;

  bool is_exploded_ = false;
  bool is_dense_ = true;
  uint64_t id_ = 0;
  uint64_t count_ = 0;
  uint64_t head_ = 0;
  uint64_t tail_ = 0;
};

}  // namespace amethyst::server
