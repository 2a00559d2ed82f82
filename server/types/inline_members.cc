#include "server/types/inline_members.h"

#include "base/coding.h"

namespace amethyst::server {

namespace {

// False: the front of the bytes is no member.
bool TakeMember(std::string_view* from, bool has_values, Member* member) {
  if (!base::ReadLengthPrefixed(from, &member->name)) return false;
  return !has_values || base::ReadLengthPrefixed(from, &member->value);
}

}  // namespace

bool InlineMembers::Decode(std::string_view body) {
  Clear();
  uint64_t count = 0;
  if (!base::ReadVarint64(&body, &count)) return false;
  std::string_view rest = body;
  Member member;
  uint64_t read = 0;
  while (!rest.empty() && TakeMember(&rest, has_values_, &member)) ++read;
  if (!rest.empty() || read != count) return false;
  entries_ = body;
  count_ = count;
  return true;
}

std::string InlineMembers::Encode() const {
  std::string body;
  body.reserve(base::kVarint64BytesMax + entries_.size());
  base::AppendVarint(&body, count_);
  body.append(entries_);
  return body;
}

std::optional<Member> InlineMembers::TakeAt(size_t* offset) const {
  std::string_view rest = entries_.substr(*offset);
  Member member;
  if (rest.empty() || !TakeMember(&rest, has_values_, &member)) return {};
  *offset = entries_.size() - rest.size();
  return member;
}

std::optional<InlineMembers::Place> InlineMembers::PlaceOf(std::string_view name) const {
  size_t end = 0;
  for (;;) {
    const size_t begin = end;
    const auto member = TakeAt(&end);
    if (!member) return {};
    if (member->name == name) return Place{.begin = begin, .end = end, .member = *member};
  }
}

std::optional<Member> InlineMembers::Find(std::string_view name) const {
  const auto place = PlaceOf(name);
  return place ? std::optional(place->member) : std::nullopt;
}

bool InlineMembers::Put(const Member& member) {
  const auto place = PlaceOf(member.name);
  std::string entry;
  base::AppendLengthPrefixed(&entry, member.name);
  if (has_values_) base::AppendLengthPrefixed(&entry, member.value);
  if (place) {
    Replace(place->begin, place->end, entry);
    return false;
  }
  Replace(entries_.size(), entries_.size(), entry);
  ++count_;
  return true;
}

bool InlineMembers::Delete(std::string_view name) {
  const auto place = PlaceOf(name);
  if (!place) return false;
  Replace(place->begin, place->end, "");
  --count_;
  return true;
}

void InlineMembers::Clear() {
  entries_ = {};
  count_ = 0;
}

void InlineMembers::Replace(size_t begin, size_t end, std::string_view bytes) {
  if (entries_.data() != changed_.data()) changed_ = entries_;
  changed_.replace(begin, end - begin, bytes);
  entries_ = changed_;
}

}  // namespace amethyst::server
