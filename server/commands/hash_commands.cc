// Hashes: HSET, HGET and what follows from them.
#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <optional>
#include <string>

#include "server/commands/command.h"
#include "server/commands/long_reply.h"
#include "server/commands/lookup.h"
#include "server/commands/numbers.h"
#include "server/commands/random_picks.h"
#include "server/commands/scan_options.h"
#include "server/config.h"
#include "server/types/hash.h"

namespace amethyst::server {

namespace {

constexpr std::string_view kFieldNotInteger = "ERR hash value is not an integer";
constexpr std::string_view kFieldNotFloat = "ERR hash value is not a float";

// The hash of the first argument.
Hash HashOf(Call& call) { return Hash(call.access, call[1], call.config().values()); }

// The end of a command that has set fields.
void FinishSet(Call& call, Hash& hash, std::string_view event) {
  hash.Finish();
  call.access.Notify(EventKind::kHash, event, call[1]);
}

// Returns how many fields are new. nullopt: the error has been said.
std::optional<int64_t> SetFields(Call& call) {
  if (call.size() % 2 != 0) return call.WrongArity(), std::nullopt;
  Hash hash = HashOf(call);
  if (!MayWrite(call, hash)) return {};
  int64_t added = 0;
  for (size_t i = 2; i < call.size(); i += 2) added += hash.Set(call[i], call[i + 1]) ? 1 : 0;
  FinishSet(call, hash, "hset");
  return added;
}
void HSet(Call& call) {
  if (const auto added = SetFields(call)) call.reply.Integer(*added);
}
void HMSet(Call& call) {
  if (SetFields(call)) call.reply.Ok();
}

void HSetNx(Call& call) {
  Hash hash = HashOf(call);
  if (!MayWrite(call, hash)) return;
  const bool sets = !hash.Contains(call[2]);
  if (sets) {
    hash.Set(call[2], call[3]);
    FinishSet(call, hash, "hset");
  }
  call.reply.Integer(sets ? 1 : 0);
}

void ReplyWithField(Call& call, const Hash& hash, std::string_view field) {
  std::string value;
  if (hash.Get(field, &value)) {
    call.reply.Bulk(value);
  } else {
    call.reply.Null();
  }
}

void HGet(Call& call) {
  const Hash hash = HashOf(call);
  if (MayRead(call, hash)) ReplyWithField(call, hash, call[2]);
}

void HMGet(Call& call) {
  const Hash hash = HashOf(call);
  if (!MayRead(call, hash)) return;
  call.reply.Array(call.size() - 2);
  for (const std::string_view field : call.args.subspan(2)) ReplyWithField(call, hash, field);
}

void HGetAll(Call& call) {
  const Hash hash = HashOf(call);
  if (!MayRead(call, hash)) return;
  call.reply.Map(hash.count());
  ReplyWithAll(call, std::make_unique<MemberWalk>(hash), [](Reply& reply, const MemberWalk& walk) {
    reply.Bulk(walk.member().name);
    reply.Bulk(walk.member().value);
  });
}

void HKeys(Call& call) {
  const Hash hash = HashOf(call);
  if (!MayRead(call, hash)) return;
  call.reply.Array(hash.count());
  ReplyWithAll(call, std::make_unique<MemberWalk>(hash),
               [](Reply& reply, const MemberWalk& walk) { reply.Bulk(walk.member().name); });
}

void HVals(Call& call) {
  const Hash hash = HashOf(call);
  if (!MayRead(call, hash)) return;
  call.reply.Array(hash.count());
  ReplyWithAll(call, std::make_unique<MemberWalk>(hash),
               [](Reply& reply, const MemberWalk& walk) { reply.Bulk(walk.member().value); });
}

void HDel(Call& call) {
  Hash hash = HashOf(call);
  if (!MayWrite(call, hash)) return;
  int64_t deleted = 0;
  for (const std::string_view field : call.args.subspan(2)) deleted += hash.Delete(field) ? 1 : 0;
  hash.Finish();
  if (deleted > 0) {
    call.access.Notify(EventKind::kHash, "hdel", call[1]);
    if (hash.count() == 0) call.access.Notify(EventKind::kGeneric, "del", call[1]);
  }
  call.reply.Integer(deleted);
}

void HLen(Call& call) {
  const Hash hash = HashOf(call);
  if (MayRead(call, hash)) call.reply.Integer(static_cast<int64_t>(hash.count()));
}

void HExists(Call& call) {
  const Hash hash = HashOf(call);
  if (MayRead(call, hash)) call.reply.Integer(hash.Contains(call[2]) ? 1 : 0);
}

void HStrLen(Call& call) {
  const Hash hash = HashOf(call);
  if (!MayRead(call, hash)) return;
  std::string value;
  call.reply.Integer(hash.Get(call[2], &value) ? static_cast<int64_t>(value.size()) : 0);
}

void HIncrBy(Call& call) {
  const auto delta = ReadInteger(call[3]);
  if (!delta) return call.reply.Error(kNotInteger);
  Hash hash = HashOf(call);
  if (!MayWrite(call, hash)) return;
  std::string text;
  const auto value = hash.Get(call[2], &text) ? ReadInteger(text) : 0;
  if (!value) return call.reply.Error(kFieldNotInteger);
  int64_t sum = 0;
  if (AddOverflows(*value, *delta, &sum)) return call.reply.Error("ERR increment or decrement would overflow");
  hash.Set(call[2], fmt::format_int(sum).c_str());
  FinishSet(call, hash, "hincrby");
  call.reply.Integer(sum);
}

void HIncrByFloat(Call& call) {
  const auto delta = ReadLongDouble(call[3]);
  if (!delta) return call.reply.Error(kNotFloat);
  if (!std::isfinite(*delta)) return call.reply.Error("ERR value is NaN or Infinity");
  Hash hash = HashOf(call);
  if (!MayWrite(call, hash)) return;
  std::string text;
  const auto value = hash.Get(call[2], &text) ? ReadLongDouble(text) : 0;
  if (!value) return call.reply.Error(kFieldNotFloat);
  const long double sum = *value + *delta;
  if (!std::isfinite(sum)) return call.reply.Error("ERR increment would produce NaN or Infinity");
  text = FormatLongDouble(sum);
  hash.Set(call[2], text);
  FinishSet(call, hash, "hincrbyfloat");
  call.reply.Bulk(text);
}

void HRandField(Call& call) {
  RandomCount count;
  if (call.size() > 2 && !ReadRandomCount(call, &count)) return;
  const bool with_values = call.size() == 4 && call.Is(3, "withvalues");
  if (call.size() > 4 || (call.size() == 4 && !with_values)) return call.reply.Error(kSyntax);
  if (with_values && count.picks > INT64_MAX / 2) return call.reply.Error("ERR value is out of range");
  const Hash hash = HashOf(call);
  if (!MayRead(call, hash)) return;
  if (call.size() == 2) return ReplyWithRandomMember(call, hash);
  const bool has_pairs = with_values && call.reply.is_resp3();
  const uint64_t picks = count.PicksOf(hash);
  call.reply.Array(with_values && !has_pairs ? 2 * picks : picks);
  Pick(call, hash, count, [&](const Member& field) {
    if (has_pairs) call.reply.Array(2);
    call.reply.Bulk(field.name);
    if (with_values) call.reply.Bulk(field.value);
  });
}

void HScan(Call& call) {
  const auto cursor = ReadCursor(call[2]);
  if (!cursor) return call.reply.Error("ERR invalid cursor");
  const Hash hash = HashOf(call);
  if (MayRead(call, hash)) ReplyWithScan(call, hash, *cursor, true);
}

constexpr uint32_t kChange = kWrite | kDenyOom | kFast;
constexpr uint32_t kLook = kReadonly | kFast;
constexpr KeyPositions kOne = {1, 1, 1};
constexpr Command kCommands[] = {
    {"hdel", -3, kWrite | kFast, kOne, "hash", "2.0.0", "Delete one or more hash fields", HDel},
    {"hexists", 3, kLook, kOne, "hash", "2.0.0", "Determine if a hash field exists", HExists},
    {"hget", 3, kLook, kOne, "hash", "2.0.0", "Get the value of a hash field", HGet},
    {"hgetall", 2, kReadonly, kOne, "hash", "2.0.0", "Get all the fields and values in a hash", HGetAll},
    {"hincrby", 4, kChange, kOne, "hash", "2.0.0", "Increment the integer value of a hash field by the given number",
     HIncrBy},
    {"hincrbyfloat", 4, kChange, kOne, "hash", "2.6.0", "Increment the float value of a hash field by the given amount",
     HIncrByFloat},
    {"hkeys", 2, kReadonly, kOne, "hash", "2.0.0", "Get all the fields in a hash", HKeys},
    {"hlen", 2, kLook, kOne, "hash", "2.0.0", "Get the number of fields in a hash", HLen},
    {"hmget", -3, kLook, kOne, "hash", "2.0.0", "Get the values of all the given hash fields", HMGet},
    {"hmset", -4, kChange, kOne, "hash", "2.0.0", "Set multiple hash fields to multiple values", HMSet},
    {"hrandfield", -2, kReadonly, kOne, "hash", "6.2.0", "Get one or multiple random fields from a hash", HRandField},
    {"hscan", -3, kReadonly, kOne, "hash", "2.8.0", "Incrementally iterate hash fields and associated values", HScan},
    {"hset", -4, kChange, kOne, "hash", "2.0.0", "Set the string value of a hash field", HSet},
    {"hsetnx", 4, kChange, kOne, "hash", "2.0.0", "Set the value of a hash field, only if the field does not exist",
     HSetNx},
    {"hstrlen", 3, kLook, kOne, "hash", "3.2.0", "Get the length of the value of a hash field", HStrLen},
    {"hvals", 2, kReadonly, kOne, "hash", "2.0.0", "Get all the values in a hash", HVals},
};

}  // namespace

std::span<const Command> HashCommands() { return kCommands; }

}  // namespace amethyst::server
