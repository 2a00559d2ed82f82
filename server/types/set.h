// A set: members without values under one key. See members.h for where they are. Thread safety: one thread, the
// server's loop.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "server/config.h"
#include "server/types/members.h"

namespace amethyst::server {

class Set : public Members {
 public:
  static constexpr Type kType = Type::kSet;

  Set(Access& access, std::string_view user_key, const Config::Values& limits)
      : Members(access, user_key, kType), limits_(limits.set), integers_max_(limits.set_integers_max) {}

  // True: the member is new. The view must not come from this set.
  bool Add(std::string_view member) { return Put({.name = member, .value = {}}, LimitsWith(member)); }

 private:
  // The limits of the set once it has that member: a set of integers alone has its own, as in Redis.
  [[nodiscard]] Config::InlineLimits LimitsWith(std::string_view member);

  const Config::InlineLimits limits_;
  const uint64_t integers_max_;
  std::optional<bool> has_only_integers_;  // Not looked at yet: nullopt.
};

// Whether an inline set has integers alone: then Redis would store it as an intset.
[[nodiscard]] bool HasOnlyIntegers(const InlineMembers& members);

}  // namespace amethyst::server
