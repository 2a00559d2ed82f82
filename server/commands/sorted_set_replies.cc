#include "server/commands/sorted_set_replies.h"

#include "server/config.h"

namespace amethyst::server {

SortedSet OpenSortedSet(Call& call, StoredKey& key) { return SortedSet(key, call.config().values().sorted_set); }

void BeginMembers(Reply& reply, size_t count, bool with_scores) {
  reply.Array(with_scores && !reply.is_resp3() ? 2 * count : count);
}

void ReplyWithMember(Reply& reply, std::string_view member, double score, bool with_scores) {
  if (with_scores && reply.is_resp3()) reply.Array(2);
  reply.Bulk(member);
  if (with_scores) reply.Double(score);
}

void ReplyWithMembers(Call& call, const std::vector<ScoredMember>& members, bool with_scores) {
  BeginMembers(call.reply, members.size(), with_scores);
  for (const auto& [member, score] : members) ReplyWithMember(call.reply, member, score, with_scores);
}

std::vector<ScoredMember> Collect(SortedSet::Walk&& walk) {
  std::vector<ScoredMember> members;
  for (; walk.Valid(); walk.Next()) members.push_back({.member = std::string(walk.member()), .score = walk.score()});
  return members;
}

void RemoveAll(Call& call, SortedSet& set, std::string_view key, const std::vector<ScoredMember>& members,
               std::string_view event) {
  if (members.empty()) return;
  if (members.size() == set.size()) {
    set.Clear();
  } else {
    for (const auto& [member, score] : members) set.Remove(member, score);
  }
  const bool is_gone = set.size() == 0;
  set.Save();
  call.access.Notify(EventKind::kSortedSet, event, key);
  if (is_gone) call.access.Notify(EventKind::kGeneric, "del", key);
}

void StoreMembers(Call& call, std::string_view key, const std::vector<ScoredMember>& members, std::string_view event) {
  StoredKey stored(call.access, key);
  const bool existed = stored.exists();
  SortedSet set(stored, call.config().values().sorted_set, SortedSet::Content::kNew);
  for (const auto& [member, score] : members) set.Put(member, score, {});
  set.Save();
  if (!members.empty()) {
    call.access.Notify(EventKind::kSortedSet, event, key);
    call.access.SignalReady(key);
  } else if (existed) {
    call.access.Notify(EventKind::kGeneric, "del", key);
  }
  call.reply.Integer(static_cast<int64_t>(members.size()));
}

}  // namespace amethyst::server
