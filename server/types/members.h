// The members of a hash or a set under one key, wherever they are stored.
//
// A small collection is inline, in its key's own value (inline_members.h). A larger one is exploded: its key's value is
//
//   [id u64][count varint]
//
// and each member is an entry of `data` under the id, in the order of MemberKey. A collection that outgrows its limits
// is exploded and stays so. Changes of members are made at once in the Access; the key's value is written by Finish,
// once for a command. One object at a time may change a key. Thread safety: one thread, the server's loop.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/config.h"
#include "server/keyspace/access.h"
#include "server/keyspace/stored_key.h"
#include "server/types/inline_members.h"

namespace amethyst::server {

class Members {
 public:
  Members(const Members&) = delete;
  Members& operator=(const Members&) = delete;

  // The key holds something else; this is empty then, and only BeginAnew may follow.
  [[nodiscard]] bool IsOtherType() const { return key_.exists() && key_.type() != type_; }
  // A key that does not exist has no members.
  [[nodiscard]] bool exists() const { return key_.exists(); }
  [[nodiscard]] uint64_t count() const { return is_exploded_ ? count_ : inline_.count(); }
  [[nodiscard]] bool is_exploded() const { return is_exploded_; }
  [[nodiscard]] uint64_t id() const { return id_; }  // Of an exploded collection.
  [[nodiscard]] const InlineMembers& inline_members() const { return inline_; }
  [[nodiscard]] Access& access() const { return access_; }

  [[nodiscard]] bool Contains(std::string_view name) const;
  // False: there was no such member.
  bool Delete(std::string_view name);
  // Whatever the key holds is replaced by an empty collection that does not expire.
  void BeginAnew();
  // Writes the key's value if anything has changed; erases a key that has no members left.
  void Finish();

 protected:
  Members(Access& access, std::string_view user_key, Type type);
  ~Members() = default;

  // False: there is no such member.
  [[nodiscard]] bool Find(std::string_view name, std::string* value) const;
  // True: the name is new. A collection beyond the limits is exploded.
  bool Put(const Member& member, const Config::InlineLimits& limits);

 private:
  void Explode();
  bool PutExploded(const Member& member);

  Access& access_;
  const Type type_;
  StoredKey key_;
  InlineMembers inline_;
  bool is_exploded_ = false;
  uint64_t id_ = 0;
  uint64_t count_ = 0;  // Of an exploded collection.
  bool is_changed_ = false;
  bool expires_no_more_ = false;
};

// A walk over the members: in the order in which they were added where they are inline, else in the order of MemberKey.
// An exploded collection may change meanwhile: the walk shows it as it was. An inline one must not.
class MemberWalk {
 public:
  // Exploded: from that hash on.
  explicit MemberWalk(const Members& members, uint64_t hash = 0);
  MemberWalk(const MemberWalk&) = delete;
  MemberWalk& operator=(const MemberWalk&) = delete;

  [[nodiscard]] bool Valid() const;
  void Next();
  // Exploded: to the first member from that hash on.
  void Seek(uint64_t hash);

  // It needs the collection no longer, which may go.
  [[nodiscard]] bool StandsAlone() const { return entries_.has_value(); }

  // While Valid; until the next step.
  [[nodiscard]] Member member() const;
  // Exploded: of the member's name.
  [[nodiscard]] uint64_t hash() const { return HashOfMemberKey(entries_->key()); }

 private:
  Access& access_;
  const InlineMembers& inline_;
  const uint64_t id_;
  const std::string begin_;
  const std::string end_;
  std::optional<Iterator> entries_;
  size_t offset_ = 0;
  std::optional<Member> inline_member_;
};

}  // namespace amethyst::server
