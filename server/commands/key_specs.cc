#include "server/commands/key_specs.h"

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_map>

#include "server/commands/numbers.h"

namespace amethyst::server {

namespace {

constexpr KeySpec At(std::string_view flags, int begin, int last = 0, int step = 1) {
  return {.flags = flags, .begin = begin, .last = last, .step = step};
}
struct Keyword {
  std::string_view word;
  int from;
};
constexpr KeySpec Behind(std::string_view flags, Keyword keyword, int last = 0, int step = 1, int limit = 0) {
  return {.flags = flags, .begin = keyword.from, .keyword = keyword.word, .last = last, .step = step, .limit = limit};
}
// The number of keys stands at `begin`, and the keys behind it.
constexpr KeySpec Counted(std::string_view flags, int begin) {
  return {.flags = flags, .begin = begin, .is_counted = true};
}
constexpr KeySpec Unknown(std::string_view flags) { return {.flags = flags}; }

struct Row {
  std::string_view commands;
  std::array<KeySpec, 3> specs;  // Those without flags are none.
};
// As COMMAND INFO of Redis 7.0.15 says it.
constexpr Row kRows[] = {
    {"setnx", {At("OW insert", 1)}},
    {"msetnx", {At("OW insert", 1, -1, 2)}},
    {"psetex restore setex", {At("OW update", 1)}},
    {"geosearchstore zrangestore", {At("OW update", 1), At("RO access", 2)}},
    {"sdiffstore sunionstore", {At("OW update", 1), At("RO access", 2, -1)}},
    {"zdiffstore zinterstore zunionstore", {At("OW update", 1), Counted("RO access", 2)}},
    {"mset", {At("OW update", 1, -1, 2)}},
    {"bitop", {At("OW update", 2), At("RO access", 3, -1)}},
    {"del unlink", {At("RM delete", 1, -1)}},
    {"bitcount bitfield_ro bitpos dump expiretime geodist geohash geopos georadius_ro "
     "georadiusbymember_ro geosearch get getbit getrange hget hgetall hkeys hmget hrandfield "
     "hscan hvals lindex lpos lrange pexpiretime pttl smembers smismember srandmember sscan "
     "substr ttl xpending xrange xrevrange zcount zlexcount zmscore zrandmember zrange "
     "zrangebylex zrangebyscore zrank zrevrange zrevrangebylex zrevrangebyscore zrevrank zscan "
     "zscore",
     {At("RO access", 1)}},
    {"copy", {At("RO access", 1), At("OW update", 2)}},
    {"georadiusbymember",
     {At("RO access", 1), Behind("OW update", {"store", 5}), Behind("OW update", {"storedist", 5})}},
    {"georadius", {At("RO access", 1), Behind("OW update", {"store", 6}), Behind("OW update", {"storedist", 6})}},
    {"sort_ro", {At("RO access", 1), Unknown("RO access")}},
    {"sort", {At("RO access", 1), Unknown("RO access"), Unknown("OW update")}},
    {"mget sdiff sinter sunion", {At("RO access", 1, -1)}},
    {"lcs", {At("RO access", 1, 1)}},
    {"xinfo|consumers xinfo|groups xinfo|stream", {At("RO access", 2)}},
    {"hexists hlen hstrlen llen scard sismember strlen type xlen zcard", {At("RO", 1)}},
    {"exists touch watch", {At("RO", 1, -1)}},
    {"memory|usage object|encoding object|freq object|idletime object|refcount", {At("RO", 2)}},
    {"getdel lpop rpop spop zpopmax zpopmin", {At("RW access delete", 1)}},
    {"renamenx", {At("RW access delete", 1), At("OW insert", 2)}},
    {"rename", {At("RW access delete", 1), At("OW update", 2)}},
    {"blmove brpoplpush lmove rpoplpush smove", {At("RW access delete", 1), At("RW insert", 2)}},
    {"blpop brpop bzpopmax bzpopmin", {At("RW access delete", 1, -2)}},
    {"migrate", {At("RW access delete", 3), Behind("RW access delete incomplete", {"keys", -2}, -1)}},
    {"pfmerge", {At("RW access insert", 1), At("RO access", 2, -1)}},
    {"bitfield set", {At("RW access update variable_flags", 1)}},
    {"decr decrby getex getset hincrby hincrbyfloat incr incrby incrbyfloat move setbit zincrby",
     {At("RW access update", 1)}},
    {"pfcount", {At("RW access", 1, -1)}},
    {"hdel lrem ltrim srem xautoclaim xdel xtrim zrem zremrangebylex zremrangebyrank "
     "zremrangebyscore",
     {At("RW delete", 1)}},
    {"xgroup|delconsumer xgroup|destroy", {At("RW delete", 2)}},
    {"append hsetnx linsert lpush lpushx pfadd rpush rpushx sadd", {At("RW insert", 1)}},
    {"xgroup|create xgroup|createconsumer", {At("RW insert", 2)}},
    {"expire expireat geoadd hmset hset lset persist pexpire pexpireat setrange xack xadd xclaim "
     "xsetid zadd",
     {At("RW update", 1)}},
    {"sinterstore", {At("RW update", 1), At("RO access", 2, -1)}},
    {"xgroup|setid", {At("RW update", 2)}},
    {"spublish", {At("not_key", 1)}},
    {"ssubscribe sunsubscribe", {At("not_key", 1, -1)}},
    {"xread", {Behind("RO access", {"streams", 1}, -1, 1, 2)}},
    {"xreadgroup", {Behind("RO access", {"streams", 4}, -1, 1, 2)}},
    {"sintercard zdiff zinter zintercard zunion", {Counted("RO access", 1)}},
    {"eval_ro evalsha_ro fcall_ro", {Counted("RO access", 2)}},
    {"lmpop zmpop", {Counted("RW access delete", 1)}},
    {"blmpop bzmpop", {Counted("RW access delete", 2)}},
    {"eval evalsha fcall", {Counted("RW access update", 2)}},
};

const Row* FindRow(std::string_view name) {
  static const auto* const rows = [] {
    auto* const made = new std::unordered_map<std::string_view, const Row*>;
    for (const Row& row : kRows) {
      for (std::string_view names = row.commands; !names.empty();) {
        const size_t end = std::min(names.find(' '), names.size());
        made->emplace(names.substr(0, end), &row);
        names.remove_prefix(std::min(end + 1, names.size()));
      }
    }
    return made;
  }();
  const auto at = rows->find(name);
  return at == rows->end() ? nullptr : at->second;
}

// Where the search for keys begins; nullopt: the keyword is not there.
std::optional<int> BeginOf(const KeySpec& spec, Arguments args) {
  if (spec.keyword.empty()) return spec.begin;
  const int count = static_cast<int>(args.size());
  const bool is_forward = spec.begin > 0;
  for (int i = is_forward ? spec.begin : count + spec.begin; i > 0 && i < count; i += is_forward ? 1 : -1) {
    if (EqualsIgnoringCase(args[static_cast<size_t>(i)], spec.keyword)) return i + 1;
  }
  return {};
}

// False: the arguments are wrong.
bool AddKeys(const KeySpec& spec, Arguments args, std::vector<FlaggedKey>* keys) {
  const std::optional<int> begin = BeginOf(spec, args);
  if (!begin) return true;
  const int count = static_cast<int>(args.size());
  int first = *begin;
  int last = first + spec.last;
  if (spec.is_counted) {
    if (first >= count) return false;
    const auto number = ReadInteger(args[static_cast<size_t>(first)]);
    if (!number || *number < 0 || *number >= count) return false;
    ++first;
    last = first + static_cast<int>(*number) - 1;
  } else if (spec.last < 0) {
    last = spec.limit == 0 ? count + spec.last : first + (count - first) / spec.limit + spec.last;
  }
  if (last >= count) return false;
  for (int place = first; place <= last; place += spec.step) keys->push_back({.place = place, .flags = spec.flags});
  return true;
}

// What SET and BITFIELD do to their key depends on the words behind it.
std::string_view FlagsFrom(const Command& command, Arguments args, std::string_view flags) {
  const auto has = [&](std::string_view word) {
    return std::ranges::any_of(args.subspan(2), [&](std::string_view arg) { return EqualsIgnoringCase(arg, word); });
  };
  if (command.name == "set") return has("get") ? "RW access update" : "OW update";
  if (command.name == "bitfield") return has("set") || has("incrby") ? "RW access update" : "RO access";
  return flags;
}

}  // namespace

std::vector<KeySpec> KeySpecsOf(const Command& command) {
  std::vector<KeySpec> specs;
  if (const Row* const row = FindRow(command.name)) {
    std::ranges::copy_if(row->specs, std::back_inserter(specs),
                         [](const KeySpec& spec) { return !spec.flags.empty(); });
  } else if (const KeyPositions& keys = command.keys; keys.first != 0) {
    const bool writes = (command.flags & kWrite) != 0;
    specs.push_back(At(writes ? "RW update" : "RO access", keys.first,
                       keys.last < 0 ? keys.last : keys.last - keys.first, keys.step));
  }
  return specs;
}

std::vector<FlaggedKey> FlaggedKeys(const Command& command, Arguments args) {
  const std::vector<KeySpec> specs = KeySpecsOf(command);
  std::vector<FlaggedKey> keys;
  if (std::ranges::any_of(specs, &KeySpec::is_unknown)) {  // SORT: its own key, and the one of STORE.
    for (const int place : FindKeys(command, args)) {
      keys.push_back({.place = place, .flags = place == specs[0].begin ? specs.front().flags : specs.back().flags});
    }
    return keys;
  }
  for (const KeySpec& spec : specs) {
    if (!AddKeys(spec, args, &keys)) return {};
  }
  for (FlaggedKey& key : keys) key.flags = FlagsFrom(command, args, key.flags);
  return keys;
}

}  // namespace amethyst::server
