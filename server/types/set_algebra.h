// Unions, intersections and differences of sets, handed over one member after the other without a copy of the result.
// Thread safety: one thread, the server's loop.
#pragma once

#include <deque>
#include <string_view>

#include "base/function_ref.h"
#include "server/types/set.h"

namespace amethyst::server {

// False ends the walk. The view is valid until it returns.
using TakeMember = base::FunctionRef<bool(std::string_view)>;

// Each member comes once. At least one set; a key that does not exist is an empty one. Sets that are handed over must
// not change meanwhile.
void WalkIntersection(const std::deque<Set>& sets, TakeMember take);
// Of the first set, what none of the others has.
void WalkDifference(const std::deque<Set>& sets, TakeMember take);
// In the order of MemberKey.
void WalkUnion(const std::deque<Set>& sets, TakeMember take);

}  // namespace amethyst::server
