#include "server/types/members.h"

#include <algorithm>

#include "base/coding.h"
#include "base/error.h"

namespace amethyst::server {

namespace {

// An inline collection is read and written whole, so it stays small. A user who wants longer values inline gets as much
// as the longest of them, within reason.
constexpr uint64_t kInlineBytes = 2 << 10;
constexpr uint64_t kInlineBytesMax = 1 << 20;
uint64_t InlineBytesMax(const Config::InlineLimits& limits) {
  return std::clamp(limits.value_bytes_max, kInlineBytes, kInlineBytesMax);
}

}  // namespace

Members::Members(Access& access, std::string_view user_key, Type type)
    : access_(access), type_(type), key_(access, user_key), inline_(type == Type::kHash) {
  if (!key_.Is(type_)) return;
  is_exploded_ = key_.record().is_exploded;
  bool is_valid = true;
  if (is_exploded_) {
    id_ = IdOf(key_.record());
    std::string_view rest = key_.body().substr(sizeof id_);
    is_valid = base::ReadVarint64(&rest, &count_) && rest.empty();
  } else {
    is_valid = inline_.Decode(key_.body());
  }
  if (!is_valid) {
    access_.Fail(
        base::Corruption("family keys: the {} bytes of a {} are none", key_.body().size(), TypeName(type_)).error());
  }
}

bool Members::Contains(std::string_view name) const {
  if (!is_exploded_) return inline_.Find(name).has_value();
  std::string value;
  return Find(name, &value);
}

bool Members::Find(std::string_view name, std::string* value) const {
  if (is_exploded_) return name.size() <= kNameBytesMax && access_.Get(Part::kData, MemberKey(id_, name), value);
  const auto member = inline_.Find(name);
  if (member) *value = member->value;
  return member.has_value();
}

bool Members::Put(const Member& member, const Config::InlineLimits& limits) {
  if (member.name.size() > kNameBytesMax) {
    access_.Fail(Error(ErrorCode::kInvalidArgument, "field or member is longer than 65,472 bytes"));
    return false;
  }
  const size_t longest = std::max(member.name.size(), member.value.size());
  if (!is_exploded_ && longest > limits.value_bytes_max) Explode();
  if (is_exploded_) return PutExploded(member);
  const bool is_new = inline_.Put(member);
  if (inline_.count() > limits.entries_max || inline_.bytes() > InlineBytesMax(limits)) Explode();
  if (is_new || type_ != Type::kSet) is_changed_ = true;
  return is_new;
}

bool Members::PutExploded(const Member& member) {
  const std::string key = MemberKey(id_, member.name);
  std::string old;
  const bool is_new = !access_.Get(Part::kData, key, &old);
  if (!is_new && type_ == Type::kSet) return false;
  if (is_new) ++count_;
  access_.Put(Part::kData, key, member.value);
  is_changed_ = true;
  return is_new;
}

bool Members::Delete(std::string_view name) {
  if (!Contains(name)) return false;
  is_changed_ = true;
  if (!is_exploded_) return inline_.Delete(name);
  access_.Delete(Part::kData, MemberKey(id_, name));
  --count_;
  return true;
}

void Members::BeginAnew() {
  inline_.Clear();
  is_exploded_ = false;
  is_changed_ = true;
  expires_no_more_ = true;
}

void Members::Explode() {
  id_ = access_.NewId(key_.keys_key());
  size_t offset = 0;
  while (const auto member = inline_.TakeAt(&offset)) {
    access_.Put(Part::kData, MemberKey(id_, member->name), member->value);
  }
  count_ = inline_.count();
  inline_.Clear();
  is_exploded_ = true;
  is_changed_ = true;
}

void Members::Finish() {
  if (!is_changed_) return;
  is_changed_ = false;
  if (count() == 0) return key_.Erase();
  std::string body;
  if (is_exploded_) {
    body = IdPrefix(id_);
    base::AppendVarint(&body, count_);
  } else {
    body = inline_.Encode();
  }
  // New values of old fields leave the head as it is.
  const bool is_same = key_.Is(type_) && key_.record().is_exploded && is_exploded_ && body == key_.body();
  if (is_same) return access_.Touch(key_.name());
  key_.Put({.type = type_,
            .is_exploded = is_exploded_,
            .expires_ms = expires_no_more_ ? kNoExpiry : key_.expires_ms(),
            .body = body});
}

MemberWalk::MemberWalk(const Members& members, uint64_t hash)
    : access_(members.access()),
      inline_(members.inline_members()),
      id_(members.id()),
      begin_(IdPrefix(id_)),
      end_(IdPrefix(id_ + 1)) {
  if (members.is_exploded()) {
    entries_.emplace(access_.NewIterator(Part::kData, begin_, end_));
    Seek(hash);
  } else {
    inline_member_ = inline_.TakeAt(&offset_);
  }
}

bool MemberWalk::Valid() const { return entries_ ? access_.Shows(*entries_) : inline_member_.has_value(); }

void MemberWalk::Next() {
  if (entries_) {
    entries_->Next();
  } else {
    inline_member_ = inline_.TakeAt(&offset_);
  }
}

void MemberWalk::Seek(uint64_t hash) { entries_->Seek(MemberPlace(id_, hash)); }

Member MemberWalk::member() const {
  if (!entries_) return *inline_member_;
  return {.name = MemberOf(entries_->key()), .value = entries_->value()};
}

}  // namespace amethyst::server
