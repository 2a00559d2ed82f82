#include "server/commands/random_picks.h"

#include <algorithm>

#include "base/random.h"
#include "server/commands/numbers.h"
#include "server/server.h"

namespace amethyst::server {

uint64_t RandomCount::PicksOf(const Members& members) const {
  if (members.count() == 0) return 0;
  return may_repeat ? picks : std::min(picks, members.count());
}

bool ReadRandomCount(Call& call, RandomCount* count) {
  const auto number = ReadInteger(call[2]);
  if (!number) return call.reply.Error(kNotInteger), false;
  if (*number == INT64_MIN) {
    call.reply.Error("ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807");
    return false;
  }
  count->may_repeat = *number < 0;
  count->picks = static_cast<uint64_t>(*number < 0 ? -*number : *number);
  return true;
}

void Pick(Call& call, const Members& members, const RandomCount& count, RandomMembers::Take take) {
  if (members.count() == 0) return;
  const RandomMembers picks(members, call.server.random());
  if (count.may_repeat) {
    picks.PickAny(count.picks, take);
  } else {
    picks.PickDistinct(count.picks, take);
  }
}

void ReplyWithRandomMember(Call& call, const Members& members) {
  if (members.count() == 0) return call.reply.Null();
  Pick(call, members, {}, [&](const Member& member) { call.reply.Bulk(member.name); });
}

}  // namespace amethyst::server
