// Random members of a hash or a set, for SRANDMEMBER, SPOP and HRANDFIELD.
//
// Each member of a collection that is inline or has at most kExactMax members is as likely as any other. In a larger
// one a pick seeks to a random hash and takes one of the 16 members from there on. Its chance is the mean width of 16
// gaps between hashes, so it is off from 1/n by a quarter as a rule (standard deviation), and no member is left out.
// Distinct members are exactly uniform again once a sixteenth of the collection or more is asked for, as it is then
// read whole.
// Thread safety: one thread at a time.
#pragma once

#include <cstdint>

#include "base/function_ref.h"
#include "base/random.h"
#include "server/types/members.h"

namespace amethyst::server {

class RandomMembers {
 public:
  static constexpr uint64_t kExactMax = 256;

  // `members` has at least one member, and does not change as long as this is used. Both outlive this.
  RandomMembers(const Members& members, base::Random& random) : members_(members), random_(random) {}

  using Take = base::FunctionRef<void(const Member&)>;
  // `count` picks, each on its own; the views are valid until `take` returns.
  void PickAny(uint64_t count, Take take) const;
  // `count` different members, or all if there are fewer.
  void PickDistinct(uint64_t count, Take take) const;

 private:
  [[nodiscard]] bool IsSmall() const { return !members_.is_exploded() || members_.count() <= kExactMax; }
  // False: there was an error.
  [[nodiscard]] bool SeekRandom(MemberWalk& walk) const;

  const Members& members_;
  base::Random& random_;
};

}  // namespace amethyst::server
