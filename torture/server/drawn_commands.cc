#include "torture/server/drawn_commands.h"

namespace amethyst::torture {

namespace {

// Calls the commands in ARGV, each behind the number of its words. An error of one ends it; what came before stays.
constexpr std::string_view kScript =
    "local at = 1; while at <= #ARGV do local n = tonumber(ARGV[at]); "
    "redis.call(unpack(ARGV, at + 1, at + n)); at = at + n + 1 end; return at";
constexpr std::string_view kLibrary =
    "#!lua name=drawn\n"
    "redis.register_function('drawn', function(keys, args) redis.call('set', keys[1], args[1]); "
    "redis.call('hincrby', keys[2], 'calls', 1); return redis.call('rpush', keys[3], args[1]) end)";

}  // namespace

std::string DrawnCommands::One(std::initializer_list<std::string_view> of) {
  return std::string(of.begin()[random_.Below(of.size())]);
}

std::string DrawnCommands::Key(char type) { return random_.OneIn(8) ? AnyKey() : std::string(1, type) + Number(3); }

std::string DrawnCommands::AnyKey() { return One({"s", "b", "h", "l", "t", "z", "x"}) + Number(3); }

std::string DrawnCommands::Number(uint64_t below) { return std::to_string(random_.Below(below)); }

std::string DrawnCommands::Member() { return "m" + Number(9); }

std::string DrawnCommands::Value() {
  const uint64_t bytes_max = random_.OneIn(12) ? 3000 : random_.OneIn(3) ? 200 : 12;
  return std::string(random_.Below(bytes_max), static_cast<char>('a' + random_.Below(26)));
}

DrawnCommands::Words DrawnCommands::Draw() {
  switch (random_.Below(24)) {
    case 0:
    case 1:
    case 2: return DrawString();
    case 3: return DrawBits();
    case 4:
    case 5:
    case 6: return DrawHash();
    case 7:
    case 8:
    case 9: return DrawList();
    case 10:
    case 11:
    case 12: return DrawSet();
    case 13:
    case 14:
    case 15: return DrawSortedSet();
    case 16:
    case 17:
    case 18: return DrawStream();
    case 19: return random_.OneIn(4) ? DrawWhole() : DrawAny();
    default: return DrawAny();
  }
}

DrawnCommands::Words DrawnCommands::LoadLibrary() { return {"function", "load", "replace", std::string(kLibrary)}; }

DrawnCommands::Words DrawnCommands::DrawScript() {
  if (random_.OneIn(4)) return {"fcall", "drawn", "3", Key('s'), Key('h'), Key('l'), Value()};
  Words words = {"eval", std::string(kScript), "0"};
  for (int i = 0; i < 2; ++i) {
    const Words called = random_.OneIn(10) ? Words{"no", "such"} : Draw();
    words.push_back(std::to_string(called.size()));
    words.insert(words.end(), called.begin(), called.end());
  }
  return words;
}

DrawnCommands::Words DrawnCommands::DrawString() {
  const std::string key = Key('s');
  switch (random_.Below(12)) {
    case 0: return {"set", key, Value()};
    case 1: return {"set", key, Number(100), "px", Number(1500) + "1"};
    case 2: return {"set", key, Value(), One({"nx", "xx", "keepttl", "get"})};
    case 3: return {"append", key, Value()};
    case 4: return {"incrby", key, Number(1000)};
    case 5: return {"incrbyfloat", key, "0.5"};
    case 6: return {"setrange", key, Number(300), Value()};
    case 7: return {"getdel", key};
    case 8: return {"getex", key, "px", Number(1500) + "1"};
    case 9: return {"mset", key, Value(), Key('s'), Value(), AnyKey(), Number(9)};
    case 10: return {"msetnx", key, Value(), Key('s'), Value()};
    default: return {"getset", key, Value()};
  }
}

DrawnCommands::Words DrawnCommands::DrawBits() {
  const std::string key = Key('b');
  switch (random_.Below(5)) {
    case 0: return {"setbit", key, Number(4000), Number(2)};
    case 1: return {"bitop", One({"and", "or", "xor"}), key, Key('b'), Key('s')};
    case 2: return {"bitfield", key, "incrby", "u7", Number(100), "3", "set", "i16", "#2", Number(100)};
    case 3: return {"pfadd", "p" + Number(2), Member(), Value()};
    default: return {"pfmerge", "p" + Number(2), "p0", "p1"};
  }
}

DrawnCommands::Words DrawnCommands::DrawHash() {
  const std::string key = Key('h');
  switch (random_.Below(8)) {
    case 0:
    case 1:
    case 2: return {"hset", key, Member(), Value(), Member(), Value(), Member(), Number(50)};
    case 3: return {"hdel", key, Member(), Member()};
    case 4: return {"hincrby", key, "n", Number(50)};
    case 5: return {"hincrbyfloat", key, "f", "1.25"};
    case 6: return {"hsetnx", key, Member(), Value()};
    default: return {"hset", key, Member(), Value()};
  }
}

DrawnCommands::Words DrawnCommands::DrawList() {
  const std::string key = Key('l');
  const std::string end = One({"left", "right"});
  switch (random_.Below(10)) {
    case 0:
    case 1: return {"rpush", key, Member(), Value(), Value()};
    case 2: return {"lpush", key, Member(), Value()};
    case 3: return {"lpop", key};
    case 4: return {"rpop", key, "2"};
    case 5: return {"linsert", key, One({"before", "after"}), Member(), Value()};
    case 6: return {"lrem", key, "0", Member()};
    case 7: return {"lset", key, Number(4), Value()};
    case 8: return {"ltrim", key, Number(2), Number(12)};
    default: return {"lmove", key, Key('l'), end, One({"left", "right"})};
  }
}

DrawnCommands::Words DrawnCommands::DrawSet() {
  const std::string key = Key('t');
  switch (random_.Below(8)) {
    case 0:
    case 1: return {"sadd", key, Member(), Member(), Value()};
    case 2: return {"sadd", key, Number(20), Number(20), Number(20)};
    case 3: return {"srem", key, Member(), Number(20)};
    case 4: return {"spop", key, Number(3)};
    case 5: return {"smove", key, Key('t'), Member()};
    case 6: return {One({"sunionstore", "sdiffstore", "sinterstore"}), key, Key('t'), Key('t')};
    default: return {"sort", key, "alpha", "store", Key('l')};
  }
}

DrawnCommands::Words DrawnCommands::DrawSortedSet() {
  const std::string key = Key('z');
  switch (random_.Below(9)) {
    case 0:
    case 1: return {"zadd", key, Number(50), Member(), Number(50), Member(), "-1.5", Value()};
    case 2: return {"zadd", key, One({"nx", "xx", "gt", "lt"}), Number(50), Member()};
    case 3: return {"zincrby", key, "2.5", Member()};
    case 4: return {"zrem", key, Member(), Member()};
    case 5: return {One({"zpopmin", "zpopmax"}), key, Number(3)};
    case 6: return {"zremrangebyscore", key, Number(10), Number(30)};
    case 7: return {One({"zunionstore", "zinterstore"}), key, "2", Key('z'), Key('t')};
    default: return {"geoadd", key, "13." + Number(99), "38." + Number(99), Member()};
  }
}

DrawnCommands::Words DrawnCommands::DrawStream() {
  const std::string key = Key('x');
  switch (random_.Below(9)) {
    case 0:
    case 1: return {"xadd", key, "*", Member(), Value()};
    case 2: return {"xadd", key, "maxlen", "5", "*", Member(), Value(), Member(), Number(9)};
    case 3: return {"xgroup", "create", key, "g", "0", "mkstream"};
    case 4: return {"xreadgroup", "group", "g", One({"c", "d"}), "count", "2", "streams", key, ">"};
    case 5: return {"xautoclaim", key, "g", One({"c", "d"}), "0", "0", "count", "1"};
    case 6: return {"xtrim", key, "maxlen", Number(6)};
    case 7: return {"xgroup", "delconsumer", key, "g", One({"c", "d"})};
    default: return {"xgroup", "destroy", key, "g"};
  }
}

DrawnCommands::Words DrawnCommands::DrawAny() {
  const std::string key = AnyKey();
  switch (random_.Below(9)) {
    case 0: return {One({"del", "unlink"}), key, AnyKey()};
    case 1: return {"rename", key, AnyKey()};
    case 2: return {"renamenx", key, AnyKey()};
    case 3: return {"copy", key, AnyKey(), "replace"};
    case 4: return {"move", key, "1"};
    case 5: return {"copy", key, AnyKey(), "db", "1", "replace"};
    case 6: return {"persist", key};
    default: return {"pexpire", key, Number(1500) + "1"};
  }
}

DrawnCommands::Words DrawnCommands::DrawWhole() {
  switch (random_.Below(6)) {
    case 0: return {"flushall"};
    case 1: return {"flushdb"};
    case 2: return {"function", "delete", "drawn"};
    case 3: return LoadLibrary();
    case 4: return {"select", Number(2)};
    default: return {"swapdb", "0", "1"};
  }
}

}  // namespace amethyst::torture
