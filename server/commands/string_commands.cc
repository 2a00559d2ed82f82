// Strings: GET, SET and what follows from them.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include "server/commands/command.h"
#include "server/commands/expiry.h"
#include "server/commands/longest_common.h"
#include "server/commands/lookup.h"
#include "server/commands/numbers.h"
#include "server/config.h"

namespace amethyst::server {

namespace {

constexpr std::string_view kTooLong = "ERR string exceeds maximum allowed size (proto-max-bulk-len)";

void InvalidExpiry(Call& call) {
  call.reply.Error(fmt::format("ERR invalid expire time in '{}' command", call.command.name));
}

// Replies with the string; false if there is none, which has been said as well.
bool ReplyWithString(Call& call, const StoredKey& key) {
  CountLookup(call, key.exists());
  if (!IsStringOrNothing(call, key)) return false;
  if (!key.exists()) return call.reply.Null(), false;
  call.reply.Bulk(key.body());
  return true;
}

void PutString(StoredKey& key, std::string_view value, TimeMs expires_ms = kNoExpiry) {
  key.Put({.type = Type::kString, .expires_ms = expires_ms, .body = value});
}

void Get(Call& call) {
  const StoredKey key(call.access, call[1]);
  (void)ReplyWithString(call, key);
}

// What SET and GETEX are told behind their value.
struct SetOptions {
  std::optional<ExpiryUnit> unit{};
  size_t number_at = 0;  // Of the argument that says when it expires, if there is a unit.
  std::optional<TimeMs> expires_ms{};
  bool keeps_ttl = false;
  bool only_if_absent = false;
  bool only_if_there = false;
  bool returns_old = false;
  bool persists = false;
};

// False: the error has been said.
bool ReadExpiryOption(Call& call, size_t* i, SetOptions* options) {
  const auto unit = ReadExpiryUnit(call[*i]);
  if (!unit || *i + 1 >= call.size() || options->unit || options->keeps_ttl || options->persists) {
    return call.reply.Error(kSyntax), false;
  }
  options->unit = unit;
  options->number_at = ++*i;
  return true;
}

// Reads the number that ReadExpiryOption has found, if it has: what is no syntax is told before what is no time.
bool ReadExpiry(Call& call, SetOptions* options) {
  if (!options->unit) return true;
  const auto number = ReadInteger(call[options->number_at]);
  if (!number) return call.reply.Error(kNotInteger), false;
  if (*number <= 0) return InvalidExpiry(call), false;
  options->expires_ms = MomentOf(*number, *options->unit, call.now_ms());
  if (!options->expires_ms) return InvalidExpiry(call), false;
  return true;
}

bool ReadSetOptions(Call& call, SetOptions* options) {
  for (size_t i = 3; i < call.size(); ++i) {
    if (call.Is(i, "nx") && !options->only_if_there) {
      options->only_if_absent = true;
    } else if (call.Is(i, "xx") && !options->only_if_absent) {
      options->only_if_there = true;
    } else if (call.Is(i, "get")) {
      options->returns_old = true;
    } else if (call.Is(i, "keepttl") && !options->unit) {
      options->keeps_ttl = true;
    } else if (!ReadExpiryOption(call, &i, options)) {
      return false;
    }
  }
  return ReadExpiry(call, options);
}

void SetTo(Call& call, StoredKey& key, std::string_view value, const SetOptions& options) {
  const TimeMs kept = options.keeps_ttl ? key.expires_ms() : kNoExpiry;
  PutString(key, value, options.expires_ms.value_or(kept));
  call.access.Notify(EventKind::kString, "set", call[1]);
  if (options.expires_ms) call.access.Notify(EventKind::kGeneric, "expire", call[1]);
}

void Set(Call& call) {
  SetOptions options;
  if (!ReadSetOptions(call, &options)) return;
  const bool is_plain = !options.returns_old && !options.only_if_absent && !options.only_if_there && !options.keeps_ttl;
  using Lookup = StoredKey::Lookup;
  StoredKey key(call.access, call[1], is_plain ? Lookup::kToOverwrite : Lookup::kWhole);
  if (options.returns_old && !IsStringOrNothing(call, key)) return;
  const bool sets = !(options.only_if_absent && key.exists()) && !(options.only_if_there && !key.exists());
  if (options.returns_old) {
    (void)ReplyWithString(call, key);
  } else if (sets) {
    call.reply.Ok();
  } else {
    call.reply.Null();
  }
  if (sets) SetTo(call, key, call[2], options);
}

void SetNx(Call& call) {
  StoredKey key(call.access, call[1]);
  const bool sets = !key.exists();
  if (sets) SetTo(call, key, call[2], {});
  call.reply.Integer(sets ? 1 : 0);
}

void SetWithExpiry(Call& call, ExpiryUnit unit) {
  const auto number = ReadInteger(call[2]);
  if (!number) return call.reply.Error(kNotInteger);
  const auto moment = *number > 0 ? MomentOf(*number, unit, call.now_ms()) : std::nullopt;
  if (!moment) return InvalidExpiry(call);
  StoredKey key(call.access, call[1], StoredKey::Lookup::kToOverwrite);
  SetTo(call, key, call[3], {.expires_ms = moment});
  call.reply.Ok();
}
void SetEx(Call& call) { SetWithExpiry(call, {.is_seconds = true}); }
void PSetEx(Call& call) { SetWithExpiry(call, {}); }

void GetSet(Call& call) {
  StoredKey key(call.access, call[1]);
  if (!IsStringOrNothing(call, key)) return;
  (void)ReplyWithString(call, key);
  SetTo(call, key, call[2], {});
}

void GetDel(Call& call) {
  StoredKey key(call.access, call[1]);
  if (!ReplyWithString(call, key)) return;
  key.Erase();
  call.access.Notify(EventKind::kGeneric, "del", call[1]);
}

void GetEx(Call& call) {
  SetOptions options;
  for (size_t i = 2; i < call.size(); ++i) {
    if (call.Is(i, "persist") && !options.unit) {
      options.persists = true;
    } else if (!ReadExpiryOption(call, &i, &options)) {
      return;
    }
  }
  StoredKey key(call.access, call[1]);
  if (key.Is(Type::kString) && !ReadExpiry(call, &options)) return;
  if (!ReplyWithString(call, key)) return;
  if (options.expires_ms && *options.expires_ms <= call.now_ms()) {
    key.Erase();
    call.access.Notify(EventKind::kGeneric, "del", call[1]);
  } else if (options.expires_ms) {
    key.PutExpiry(*options.expires_ms);
    call.access.Notify(EventKind::kGeneric, "expire", call[1]);
  } else if (options.persists && key.expires_ms() != kNoExpiry) {
    key.PutExpiry(kNoExpiry);
    call.access.Notify(EventKind::kGeneric, "persist", call[1]);
  }
}

void MGet(Call& call) {
  call.reply.Array(call.size() - 1);
  for (const std::string_view name : call.args.subspan(1)) {
    const StoredKey key(call.access, name);
    CountLookup(call, key.exists());
    if (key.Is(Type::kString)) {
      call.reply.Bulk(key.body());
    } else {
      call.reply.Null();
    }
  }
}

void SetAll(Call& call) {
  for (size_t i = 1; i < call.size(); i += 2) {
    StoredKey key(call.access, call[i], StoredKey::Lookup::kToOverwrite);
    PutString(key, call[i + 1]);
    call.access.Notify(EventKind::kString, "set", call[i]);
  }
}

void MSet(Call& call) {
  if (call.size() % 2 == 0) return call.WrongArity();
  SetAll(call);
  call.reply.Ok();
}

void MSetNx(Call& call) {
  if (call.size() % 2 == 0) return call.WrongArity();
  for (size_t i = 1; i < call.size(); i += 2) {
    if (StoredKey(call.access, call[i]).exists()) return call.reply.Integer(0);
  }
  SetAll(call);
  call.reply.Integer(1);
}

void StrLen(Call& call) {
  const StoredKey key(call.access, call[1]);
  if (!IsStringOrNothing(call, key)) return;
  call.reply.Integer(static_cast<int64_t>(StringOrNothing(key).size()));
}

void Append(Call& call) {
  StoredKey key(call.access, call[1]);
  if (!IsStringOrNothing(call, key)) return;
  std::string value(StringOrNothing(key));
  if (value.size() + call[2].size() > call.config().values().proto_max_bulk_len) return call.reply.Error(kTooLong);
  value.append(call[2]);
  PutString(key, value, key.expires_ms());
  call.access.Notify(EventKind::kString, "append", call[1]);
  call.reply.Integer(static_cast<int64_t>(value.size()));
}

void SetRange(Call& call) {
  const auto offset = ReadInteger(call[2]);
  if (!offset) return call.reply.Error(kNotInteger);
  if (*offset < 0) return call.reply.Error("ERR offset is out of range");
  StoredKey key(call.access, call[1]);
  if (!IsStringOrNothing(call, key)) return;
  std::string value(StringOrNothing(key));
  const std::string_view patch = call[3];
  if (patch.empty()) return call.reply.Integer(static_cast<int64_t>(value.size()));
  const auto begin = static_cast<uint64_t>(*offset);
  const uint64_t longest = call.config().values().proto_max_bulk_len;
  if (begin > longest || patch.size() > longest - begin) return call.reply.Error(kTooLong);
  value.resize(std::max<size_t>(value.size(), begin + patch.size()));
  std::ranges::copy(patch, value.begin() + static_cast<std::ptrdiff_t>(begin));
  PutString(key, value, key.expires_ms());
  call.access.Notify(EventKind::kString, "setrange", call[1]);
  call.reply.Integer(static_cast<int64_t>(value.size()));
}

void GetRange(Call& call) {
  auto first = ReadInteger(call[2]);
  auto last = ReadInteger(call[3]);
  if (!first || !last) return call.reply.Error(kNotInteger);
  const StoredKey key(call.access, call[1]);
  if (!IsStringOrNothing(call, key)) return;
  const std::string_view value = StringOrNothing(key);
  const auto size = static_cast<int64_t>(value.size());
  if (*first < 0 && *last < 0 && *first > *last) return call.reply.Bulk("");
  if (*first < 0) first = std::max<int64_t>(size + *first, 0);
  if (*last < 0) last = std::max<int64_t>(size + *last, 0);
  last = std::min(*last, size - 1);
  if (*first > *last || size == 0) return call.reply.Bulk("");
  call.reply.Bulk(value.substr(static_cast<size_t>(*first), static_cast<size_t>(*last - *first + 1)));
}

void AddInteger(Call& call, int64_t delta) {
  StoredKey key(call.access, call[1]);
  if (!IsStringOrNothing(call, key)) return;
  const auto value = key.exists() ? ReadInteger(key.body()) : 0;
  if (!value) return call.reply.Error(kNotInteger);
  int64_t sum = 0;
  if (AddOverflows(*value, delta, &sum)) return call.reply.Error("ERR increment or decrement would overflow");
  PutString(key, fmt::format_int(sum).c_str(), key.expires_ms());
  call.access.Notify(EventKind::kString, "incrby", call[1]);
  call.reply.Integer(sum);
}
void Incr(Call& call) { AddInteger(call, 1); }
void Decr(Call& call) { AddInteger(call, -1); }
void IncrBy(Call& call) {
  const auto delta = ReadInteger(call[2]);
  if (!delta) return call.reply.Error(kNotInteger);
  AddInteger(call, *delta);
}
void DecrBy(Call& call) {
  const auto delta = ReadInteger(call[2]);
  if (!delta) return call.reply.Error(kNotInteger);
  if (*delta == INT64_MIN) return call.reply.Error("ERR decrement would overflow");
  AddInteger(call, -*delta);
}

void IncrByFloat(Call& call) {
  StoredKey key(call.access, call[1]);
  if (!IsStringOrNothing(call, key)) return;
  const auto value = key.exists() ? ReadLongDouble(key.body()) : 0;
  const auto delta = ReadLongDouble(call[2]);
  if (!value || !delta) return call.reply.Error(kNotFloat);
  const long double sum = *value + *delta;
  if (!std::isfinite(sum)) return call.reply.Error("ERR increment would produce NaN or Infinity");
  const std::string text = FormatLongDouble(sum);
  PutString(key, text, key.expires_ms());
  call.access.Notify(EventKind::kString, "incrbyfloat", call[1]);
  call.reply.Bulk(text);
}

void Lcs(Call& call) {
  const StoredKey one(call.access, call[1]);
  const StoredKey other(call.access, call[2]);
  if ((one.exists() && one.type() != Type::kString) || (other.exists() && other.type() != Type::kString)) {
    return call.reply.Error("ERR The specified keys must contain string values");
  }
  LcsOptions options;
  for (size_t i = 3; i < call.size(); ++i) {
    if (call.Is(i, "len")) {
      options.only_length = true;
    } else if (call.Is(i, "idx")) {
      options.wants_ranges = true;
    } else if (call.Is(i, "withmatchlen")) {
      options.with_lengths = true;
    } else if (call.Is(i, "minmatchlen") && i + 1 < call.size()) {
      const auto length = ReadInteger(call[++i]);
      if (!length) return call.reply.Error(kNotInteger);
      options.shortest = std::max<int64_t>(*length, 0);
    } else {
      return call.reply.Error(kSyntax);
    }
  }
  if (options.only_length && options.wants_ranges) {
    return call.reply.Error("ERR If you want both the length and indexes, please just use IDX.");
  }
  ReplyWithLongestCommon(call.reply, StringOrNothing(one), StringOrNothing(other), options);
}

constexpr uint32_t kChange = kWrite | kDenyOom;
constexpr uint32_t kLook = kReadonly | kFast;
constexpr KeyPositions kOne = {1, 1, 1};
constexpr KeyPositions kAll = {1, -1, 1};
constexpr KeyPositions kPairs = {1, -1, 2};
constexpr Command kCommands[] = {
    {"append", 3, kChange | kFast, kOne, "string", "2.0.0", "Appends a string to the value of a key.", Append},
    {"decr", 2, kChange | kFast, kOne, "string", "1.0.0", "Decrements the integer value of a key by one.", Decr},
    {"decrby", 3, kChange | kFast, kOne, "string", "1.0.0", "Decrements a number from the integer value of a key.",
     DecrBy},
    {"get", 2, kLook, kOne, "string", "1.0.0", "Returns the string value of a key.", Get},
    {"getdel", 2, kWrite | kFast, kOne, "string", "6.2.0", "Returns the string value of a key after deleting it.",
     GetDel},
    {"getex", -2, kWrite | kFast, kOne, "string", "6.2.0",
     "Returns the string value of a key after setting its expiration time.", GetEx},
    {"getrange", 4, kReadonly, kOne, "string", "2.4.0", "Returns a substring of the string stored at a key.", GetRange},
    {"getset", 3, kChange | kFast, kOne, "string", "1.0.0",
     "Returns the previous string value of a key after setting it to a new value.", GetSet},
    {"incr", 2, kChange | kFast, kOne, "string", "1.0.0", "Increments the integer value of a key by one.", Incr},
    {"incrby", 3, kChange | kFast, kOne, "string", "1.0.0", "Increments the integer value of a key by a number.",
     IncrBy},
    {"incrbyfloat", 3, kChange | kFast, kOne, "string", "2.6.0",
     "Increments the floating point value of a key by a number.", IncrByFloat},
    {"lcs", -3, kReadonly, {1, 2, 1}, "string", "7.0.0", "Finds the longest common substring.", Lcs},
    {"mget", -2, kLook, kAll, "string", "1.0.0", "Returns the string values of one or more keys.", MGet},
    {"mset", -3, kChange, kPairs, "string", "1.0.1", "Sets the string values of one or more keys.", MSet},
    {"msetnx", -3, kChange, kPairs, "string", "1.0.1",
     "Sets the string values of one or more keys, if none of them exists.", MSetNx},
    {"psetex", 4, kChange, kOne, "string", "2.6.0", "Sets the string value and expiration time in milliseconds.",
     PSetEx},
    {"set", -3, kChange, kOne, "string", "1.0.0", "Sets the string value of a key.", Set},
    {"setex", 4, kChange, kOne, "string", "2.0.0", "Sets the string value and expiration time of a key.", SetEx},
    {"setnx", 3, kChange | kFast, kOne, "string", "1.0.0", "Sets the string value of a key if it does not exist.",
     SetNx},
    {"setrange", 4, kChange, kOne, "string", "2.2.0", "Overwrites a part of a string value with another by an offset.",
     SetRange},
    {"strlen", 2, kLook, kOne, "string", "2.2.0", "Returns the length of a string value.", StrLen},
    {"substr", 4, kReadonly, kOne, "string", "1.0.0", "Returns a substring from a string value.", GetRange},
};

}  // namespace

std::span<const Command> StringCommands() { return kCommands; }

}  // namespace amethyst::server
