// What the files of sorted set commands have in common: opening the set of a key, and replying with members.
// Thread safety: one thread, the server's loop.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/commands/command.h"
#include "server/types/sorted_set.h"

namespace amethyst::server {

struct ScoredMember {
  std::string member;
  double score = 0;
};

[[nodiscard]] SortedSet OpenSortedSet(Call& call, StoredKey& key);

// Replies with members, with their scores where they are wanted: in RESP3 each is then an array of two. The array is
// begun with how many members there are.
void BeginMembers(Reply& reply, size_t count, bool with_scores);
void ReplyWithMember(Reply& reply, std::string_view member, double score, bool with_scores);
void ReplyWithMembers(Call& call, const std::vector<ScoredMember>& members, bool with_scores);

[[nodiscard]] std::vector<ScoredMember> Collect(SortedSet::Walk&& walk);
// Removes members and saves, and tells of it where there was one.
void RemoveAll(Call& call, SortedSet& set, std::string_view key, const std::vector<ScoredMember>& members,
               std::string_view event);
// The key gets these members and no others, and the reply is how many they are.
void StoreMembers(Call& call, std::string_view key, const std::vector<ScoredMember>& members, std::string_view event);

}  // namespace amethyst::server
