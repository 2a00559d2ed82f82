// A database as a whole: KEYS, SCAN, DBSIZE, FLUSHALL, SWAPDB and the like.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/commands/command.h"
#include "server/commands/long_reply.h"
#include "server/commands/numbers.h"
#include "server/commands/pattern.h"
#include "server/commands/random_picks.h"
#include "server/commands/scan_options.h"
#include "server/server.h"

namespace amethyst::server {

namespace {

// The keys of a database from a place on, in the order of their places.
class KeyWalk {
 public:
  KeyWalk(Access& access, uint64_t place)
      : access_(access),
        now_ms_(access.now_ms()),
        begin_(KeysPlace(access.stored_database(), place)),
        end_(KeysEnd(access.stored_database())),
        keys_(access.NewIterator(Part::kKeys, begin_, end_)) {
    keys_.SeekToFirst();
  }
  [[nodiscard]] bool Valid() { return access_.Shows(keys_); }
  void Next() { keys_.Next(); }
  [[nodiscard]] static bool StandsAlone() { return true; }
  [[nodiscard]] std::string_view name() const { return UserKeyOf(keys_.key()); }
  [[nodiscard]] uint64_t place() const { return PlaceOfKeysKey(keys_.key()); }
  // nullopt: it has expired.
  [[nodiscard]] std::optional<Record> record() const {
    auto record = DecodeRecord(keys_.value());
    if (record && record->expires_ms <= now_ms_) record.reset();
    return record;
  }

 private:
  Access& access_;
  const TimeMs now_ms_;
  std::string begin_;
  std::string end_;
  Iterator keys_;
};

// Those of all keys whose names match.
class MatchingKeyWalk : public KeyWalk {
 public:
  MatchingKeyWalk(Access& access, std::string_view pattern) : KeyWalk(access, 0), pattern_(pattern) { SkipOthers(); }
  void Next() {
    KeyWalk::Next();
    SkipOthers();
  }

 private:
  void SkipOthers() {
    while (Valid() && (!record() || !Matches(pattern_, name()))) KeyWalk::Next();
  }

  const std::string pattern_;
};

void Keys(Call& call) {
  CountAndReplyWithAll(
      call, [&] { return std::make_unique<MatchingKeyWalk>(call.access, call[1]); },
      [&](size_t count) { call.reply.Array(count); },
      [](Reply& reply, const MatchingKeyWalk& walk) { reply.Bulk(walk.name()); });
}

// The cursor is the place of the next key.
void Scan(Call& call) {
  const auto cursor = ReadCursor(call[1]);
  if (!cursor) return call.reply.Error("ERR invalid cursor");
  ScanOptions options;
  if (!ReadScanOptions(call, 2, true, &options)) return;
  std::vector<std::string> names;
  KeyWalk walk(call.access, *cursor);
  const uint64_t next = ShowFromCursor(walk, options.count, &KeyWalk::place, [&] {
    const auto record = walk.record();
    if (!record || !Matches(options.pattern, walk.name())) return;
    if (options.type && !EqualsIgnoringCase(*options.type, TypeName(record->type))) return;
    names.emplace_back(walk.name());
  });
  ReplyWithCursor(call.reply, next, names.size());
  for (const std::string& name : names) call.reply.Bulk(name);
}

void RandomKey(Call& call) {
  const uint64_t start = call.server.random()() >> 2;  // Places have 62 bits.
  for (const uint64_t place : {start, uint64_t{0}}) {
    for (KeyWalk walk(call.access, place); walk.Valid(); walk.Next()) {
      if (walk.record()) return call.reply.Bulk(walk.name());
    }
  }
  call.reply.Null();
}

void DbSize(Call& call) { call.reply.Integer(call.access.KeyCount(call.access.database())); }

bool ReadFlushOptions(Call& call) {
  if (call.size() == 1 || (call.size() == 2 && (call.Is(1, "sync") || call.Is(1, "async")))) return true;
  call.reply.Error(kSyntax);
  return false;
}

// Who watches a key that is there, of that database or of all, will not run its transaction.
void WarnWatchers(Call& call, std::optional<uint16_t> stored) {
  const unsigned own = call.access.database();
  call.server.watches().MarkDirtyWhere([&](const KeyName& key) {
    if (stored && key.stored != *stored) return false;
    call.access.SetDatabase(call.access.DatabaseOf(key.stored));
    return StoredKey(call.access, key.key).exists();
  });
  call.access.SetDatabase(own);
}

// Clients that wait for keys of that database or of all look at them again: a stream that they read may be gone.
void WakeWaiters(Call& call, std::optional<uint16_t> stored) {
  for (const Session* const session : call.server.waiters().All()) {
    for (const KeyName& key : session->waiting->keys) {
      if (!stored || key.stored == *stored) call.access.SignalReady(key.stored, key.key);
    }
  }
}

void FlushDb(Call& call) {
  if (!ReadFlushOptions(call)) return;
  WarnWatchers(call, call.access.stored_database());
  call.access.FlushDatabase(call.access.database());
  if (call.access.status()) call.server.tracking().NoteFlush(call.session);
  WakeWaiters(call, call.access.stored_database());
  call.reply.Ok();
}

void FlushAll(Call& call) {
  if (!ReadFlushOptions(call)) return;
  WarnWatchers(call, {});
  call.access.FlushAll();
  if (call.access.status()) call.server.tracking().NoteFlush(call.session);
  WakeWaiters(call, {});
  call.reply.Ok();
}

void SwapDb(Call& call) {
  const auto one = ReadInteger(call[1]);
  if (!one) return call.reply.Error("ERR invalid first DB index");
  const auto other = ReadInteger(call[2]);
  if (!other) return call.reply.Error("ERR invalid second DB index");
  const auto a = ReadDatabase(call[1]);
  const auto b = ReadDatabase(call[2]);
  if (!a || !b) return call.reply.Error("ERR DB index is out of range");
  call.access.SwapDatabases(*a, *b);
  call.reply.Ok();
}

constexpr uint32_t kLook = kReadonly | kFast;
constexpr Command kCommands[] = {
    {"dbsize", 1, kLook, {}, "server", "1.0.0", "Returns the number of keys in the database.", DbSize},
    {"flushall", -1, kWrite, {}, "server", "1.0.0", "Removes all keys from all databases.", FlushAll},
    {"flushdb", -1, kWrite, {}, "server", "1.0.0", "Removes all keys from the current database.", FlushDb},
    {"keys", 2, kReadonly, {}, "generic", "1.0.0", "Returns all key names that match a pattern.", Keys},
    {"randomkey", 1, kReadonly, {}, "generic", "1.0.0", "Returns a random key name from the database.", RandomKey},
    {"scan", -2, kReadonly, {}, "generic", "2.8.0", "Iterates over the key names in the database.", Scan},
    {"swapdb", 3, kWrite | kFast, {}, "server", "4.0.0", "Swaps two databases.", SwapDb},
};

}  // namespace

std::span<const Command> DatabaseCommands() { return kCommands; }

}  // namespace amethyst::server
