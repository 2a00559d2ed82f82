// The count of SRANDMEMBER and HRANDFIELD. A positive count asks for different members, a negative one for picks that
// may be the same. Thread safety: one thread, the server's loop.
#pragma once

#include <cstdint>

#include "server/commands/command.h"
#include "server/types/members.h"
#include "server/types/random_members.h"

namespace amethyst::server {

struct RandomCount {
  uint64_t picks = 1;
  bool may_repeat = false;

  // How many members there will be.
  [[nodiscard]] uint64_t PicksOf(const Members& members) const;
};

// Reads argument 2. False: the error has been said.
[[nodiscard]] bool ReadRandomCount(Call& call, RandomCount* count);
// Hands over the members; there may be none.
void Pick(Call& call, const Members& members, const RandomCount& count, RandomMembers::Take take);
// Replies with the name of one member, or null.
void ReplyWithRandomMember(Call& call, const Members& members);

}  // namespace amethyst::server
