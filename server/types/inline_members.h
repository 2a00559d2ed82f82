// The members of a small hash or set, in the value of their key.
//
//   body  [count varint], then for each member: [bytes varint][name], and in a hash [bytes varint][value]
//
// Members keep the order in which they were added. A look-up compares one name after the other, so this is for a few
// KiB at most. Thread safety: one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace amethyst::server {

// A field and its value, or a member of a set, whose value is empty.
struct Member {
  std::string_view name;
  std::string_view value;
};

class InlineMembers {
 public:
  explicit InlineMembers(bool has_values) : has_values_(has_values) {}
  InlineMembers(const InlineMembers&) = delete;
  InlineMembers& operator=(const InlineMembers&) = delete;

  // Reads a body, which must outlive this. False: the bytes are no body, and this is empty.
  [[nodiscard]] bool Decode(std::string_view body);
  [[nodiscard]] std::string Encode() const;

  [[nodiscard]] uint64_t count() const { return count_; }
  // The size of the body, within a few bytes.
  [[nodiscard]] size_t bytes() const { return entries_.size(); }

  // The views in a Member are valid until the next change.
  [[nodiscard]] std::optional<Member> Find(std::string_view name) const;
  // True: the name is new. The views must not point into this.
  bool Put(const Member& member);
  // False: there is no such name.
  bool Delete(std::string_view name);
  void Clear();

  // Takes the member at `*offset`, which starts at 0, and moves the offset behind it. nullopt: that was the last one.
  [[nodiscard]] std::optional<Member> TakeAt(size_t* offset) const;

 private:
  struct Place {
    size_t begin;
    size_t end;
    Member member;
  };
  [[nodiscard]] std::optional<Place> PlaceOf(std::string_view name) const;
  // Replaces those bytes of the entries.
  void Replace(size_t begin, size_t end, std::string_view bytes);

  const bool has_values_;
  uint64_t count_ = 0;
  std::string_view entries_;  // Of the body that was read, or of `changed_`.
  std::string changed_;
};

}  // namespace amethyst::server
