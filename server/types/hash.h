// A hash: fields with values under one key. See members.h for where they are. Thread safety: one thread, the server's
// loop.
#pragma once

#include <string>
#include <string_view>

#include "server/config.h"
#include "server/types/members.h"

namespace amethyst::server {

class Hash : public Members {
 public:
  static constexpr Type kType = Type::kHash;

  Hash(Access& access, std::string_view user_key, const Config::Values& limits)
      : Members(access, user_key, kType), limits_(limits.hash) {}

  // False: there is no such field.
  [[nodiscard]] bool Get(std::string_view field, std::string* value) const { return Find(field, value); }
  // True: the field is new. Neither view may come from this hash.
  bool Set(std::string_view field, std::string_view value) { return Put({.name = field, .value = value}, limits_); }

 private:
  const Config::InlineLimits limits_;
};

}  // namespace amethyst::server
