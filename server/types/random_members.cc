#include "server/types/random_members.h"

#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

namespace amethyst::server {

namespace {

constexpr uint64_t kNeighbours = 16;
// Below this share of a large collection, single picks cost less than a walk over all.
constexpr uint64_t kWalkShare = 16;
constexpr int kHashShift = 16;  // Hashes have 48 bits.

}  // namespace

bool RandomMembers::SeekRandom(MemberWalk& walk) const {
  walk.Seek(random_() >> kHashShift);
  for (uint64_t steps = random_.Below(kNeighbours);; --steps) {
    if (!walk.Valid()) walk.Seek(0);  // Behind the last member comes the first.
    if (!walk.Valid() || steps == 0) return walk.Valid();
    walk.Next();
  }
}

void RandomMembers::PickAny(uint64_t count, Take take) const {
  if (!IsSmall()) {
    MemberWalk walk(members_);
    for (; count > 0 && SeekRandom(walk); --count) take(walk.member());
    return;
  }
  std::vector<std::pair<std::string, std::string>> all;
  for (MemberWalk walk(members_); walk.Valid(); walk.Next()) {
    const Member member = walk.member();
    all.emplace_back(member.name, member.value);
  }
  for (; count > 0 && !all.empty(); --count) {
    const auto& [name, value] = all[random_.Below(all.size())];
    take({.name = name, .value = value});
  }
}

void RandomMembers::PickDistinct(uint64_t count, Take take) const {
  if (!IsSmall() && count < members_.count() / kWalkShare) {
    std::unordered_set<std::string> taken;
    for (MemberWalk walk(members_); taken.size() < count && SeekRandom(walk);) {
      if (taken.emplace(walk.member().name).second) take(walk.member());
    }
    return;
  }
  // Selection sampling: each member is taken with the chance that the picks that are left have among those behind.
  uint64_t behind = members_.count();
  for (MemberWalk walk(members_); walk.Valid() && count > 0; walk.Next(), --behind) {
    if (random_.Below(behind) >= count) continue;
    take(walk.member());
    --count;
  }
}

}  // namespace amethyst::server
