// When keys expire: EXPIRE, TTL, PERSIST and their kin.
#include <fmt/format.h>

#include "server/commands/command.h"
#include "server/commands/expiry.h"
#include "server/commands/numbers.h"

namespace amethyst::server {

namespace {

// NX, XX, GT, LT of EXPIRE.
struct ExpireConditions {
  bool only_without = false;
  bool only_with = false;
  bool only_later = false;
  bool only_sooner = false;

  [[nodiscard]] bool Allow(TimeMs old_ms, TimeMs new_ms) const {
    const bool has_old = old_ms != kNoExpiry;
    if ((only_without && has_old) || (only_with && !has_old)) return false;
    if (only_later && new_ms <= old_ms) return false;  // What never expires is later than all.
    return !(only_sooner && new_ms >= old_ms);
  }
};

bool ReadConditions(Call& call, ExpireConditions* conditions) {
  for (size_t i = 3; i < call.size(); ++i) {
    if (call.Is(i, "nx")) {
      conditions->only_without = true;
    } else if (call.Is(i, "xx")) {
      conditions->only_with = true;
    } else if (call.Is(i, "gt")) {
      conditions->only_later = true;
    } else if (call.Is(i, "lt")) {
      conditions->only_sooner = true;
    } else {
      return call.reply.Error(fmt::format("ERR Unsupported option {}", call[i])), false;
    }
  }
  if (conditions->only_without && (conditions->only_with || conditions->only_later || conditions->only_sooner)) {
    return call.reply.Error("ERR NX and XX, GT or LT options at the same time are not compatible"), false;
  }
  if (conditions->only_later && conditions->only_sooner) {
    return call.reply.Error("ERR GT and LT options at the same time are not compatible"), false;
  }
  return true;
}

void ExpireAtMoment(Call& call, ExpiryUnit unit) {
  ExpireConditions conditions;
  if (!ReadConditions(call, &conditions)) return;
  const auto number = ReadInteger(call[2]);
  if (!number) return call.reply.Error(kNotInteger);
  const auto moment = MomentOf(*number, unit, call.now_ms());
  if (!moment) return call.reply.Error(fmt::format("ERR invalid expire time in '{}' command", call.command.name));
  StoredKey key(call.access, call[1]);
  if (!key.exists() || !conditions.Allow(key.expires_ms(), *moment)) return call.reply.Integer(0);
  if (*moment <= call.now_ms()) {
    key.Erase();
    call.access.Notify(EventKind::kGeneric, "del", call[1]);
  } else {
    key.PutExpiry(*moment);
    call.access.Notify(EventKind::kGeneric, "expire", call[1]);
  }
  call.reply.Integer(1);
}
void Expire(Call& call) { ExpireAtMoment(call, {.is_seconds = true}); }
void PExpire(Call& call) { ExpireAtMoment(call, {}); }
void ExpireAt(Call& call) { ExpireAtMoment(call, {.is_seconds = true, .is_absolute = true}); }
void PExpireAt(Call& call) { ExpireAtMoment(call, {.is_absolute = true}); }

void ReplyWithExpiry(Call& call, ExpiryUnit unit) {
  const StoredKey key(call.access, call[1]);
  if (!key.exists()) return call.reply.Integer(-2);
  if (key.expires_ms() == kNoExpiry) return call.reply.Integer(-1);
  const auto expires = static_cast<int64_t>(key.expires_ms());
  const int64_t milliseconds = unit.is_absolute ? expires : expires - static_cast<int64_t>(call.now_ms());
  if (!unit.is_seconds) return call.reply.Integer(milliseconds);
  call.reply.Integer(unit.is_absolute ? milliseconds / 1000 : (milliseconds + 500) / 1000);
}
void Ttl(Call& call) { ReplyWithExpiry(call, {.is_seconds = true}); }
void PTtl(Call& call) { ReplyWithExpiry(call, {}); }
void ExpireTime(Call& call) { ReplyWithExpiry(call, {.is_seconds = true, .is_absolute = true}); }
void PExpireTime(Call& call) { ReplyWithExpiry(call, {.is_absolute = true}); }

void Persist(Call& call) {
  StoredKey key(call.access, call[1]);
  if (key.expires_ms() == kNoExpiry) return call.reply.Integer(0);
  key.PutExpiry(kNoExpiry);
  call.access.Notify(EventKind::kGeneric, "persist", call[1]);
  call.reply.Integer(1);
}

constexpr KeyPositions kOne = {1, 1, 1};
constexpr uint32_t kLook = kReadonly | kFast;
constexpr Command kCommands[] = {
    {"expire", -3, kWrite | kFast, kOne, "generic", "1.0.0", "Sets the expiration time of a key in seconds.", Expire},
    {"expireat", -3, kWrite | kFast, kOne, "generic", "1.2.0", "Sets the expiration time of a key to a Unix timestamp.",
     ExpireAt},
    {"expiretime", 2, kLook, kOne, "generic", "7.0.0", "Returns the expiration time of a key as a Unix timestamp.",
     ExpireTime},
    {"persist", 2, kWrite | kFast, kOne, "generic", "2.2.0", "Removes the expiration time of a key.", Persist},
    {"pexpire", -3, kWrite | kFast, kOne, "generic", "2.6.0", "Sets the expiration time of a key in milliseconds.",
     PExpire},
    {"pexpireat", -3, kWrite | kFast, kOne, "generic", "2.6.0",
     "Sets the expiration time of a key to a Unix milliseconds timestamp.", PExpireAt},
    {"pexpiretime", 2, kLook, kOne, "generic", "7.0.0",
     "Returns the expiration time of a key as a Unix milliseconds timestamp.", PExpireTime},
    {"pttl", 2, kLook, kOne, "generic", "2.6.0", "Returns the expiration time in milliseconds of a key.", PTtl},
    {"ttl", 2, kLook, kOne, "generic", "1.0.0", "Returns the expiration time in seconds of a key.", Ttl},
};

}  // namespace

std::span<const Command> ExpireCommands() { return kCommands; }

}  // namespace amethyst::server
