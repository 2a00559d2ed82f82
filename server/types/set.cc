#include "server/types/set.h"

#include "server/commands/numbers.h"

namespace amethyst::server {

namespace {
constexpr uint64_t kIntegerDigitsMax = 20;
}  // namespace

bool HasOnlyIntegers(const InlineMembers& members) {
  size_t offset = 0;
  while (const auto member = members.TakeAt(&offset)) {
    if (!ReadInteger(member->name)) return false;
  }
  return true;
}

Config::InlineLimits Set::LimitsWith(std::string_view member) {
  if (is_exploded()) return limits_;
  if (!has_only_integers_) has_only_integers_ = HasOnlyIntegers(inline_members());
  has_only_integers_ = *has_only_integers_ && ReadInteger(member).has_value();
  if (!*has_only_integers_) return limits_;
  return {.entries_max = integers_max_, .value_bytes_max = kIntegerDigitsMax};
}

}  // namespace amethyst::server
