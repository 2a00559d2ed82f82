// Keys, no matter what they hold: DEL, TYPE, RENAME, MOVE, COPY, OBJECT.
#include <optional>
#include <string>

#include "server/commands/command.h"
#include "server/commands/encoding_name.h"
#include "server/commands/numbers.h"
#include "server/server.h"

namespace amethyst::server {

namespace {

void Del(Call& call) {
  int64_t deleted = 0;
  for (const std::string_view name : call.args.subspan(1)) {
    StoredKey key(call.access, name);
    if (!key.exists()) continue;
    key.Erase();
    call.access.Notify(EventKind::kGeneric, "del", name);
    ++deleted;
  }
  call.reply.Integer(deleted);
}

void Exists(Call& call) {
  int64_t count = 0;
  for (const std::string_view name : call.args.subspan(1)) count += StoredKey(call.access, name).exists() ? 1 : 0;
  call.reply.Integer(count);
}

void TypeOf(Call& call) {
  const StoredKey key(call.access, call[1]);
  call.reply.Simple(key.exists() ? TypeName(key.type()) : "none");
}

// Clients may wait for keys of the type.
bool IsAwaited(Type type) { return type == Type::kList || type == Type::kSortedSet || type == Type::kStream; }

// The value goes from one key to another, collections in constant time. `to` may be in another database.
void MoveValue(StoredKey& from, StoredKey& to) {
  Access& access = to.access();
  const std::string body(from.body());
  Record record = from.record();
  record.body = body;
  if (record.is_exploded) {
    from.EraseButKeepCollection();
    access.PutInRegistry(IdOf(record), to.keys_key());
  } else {
    from.Erase();
  }
  to.Put(record);
  if (IsAwaited(to.type())) access.SignalReady(to.name());
}

void RenameTo(Call& call, bool only_if_absent) {
  StoredKey from(call.access, call[1]);
  if (!from.exists()) return call.reply.Error(kNoSuchKey);
  const bool is_same = call[1] == call[2];
  StoredKey to(call.access, call[2]);
  if (only_if_absent && to.exists()) return call.reply.Integer(0);
  if (!is_same) {
    MoveValue(from, to);
    call.access.Notify(EventKind::kGeneric, "rename_from", call[1]);
    call.access.Notify(EventKind::kGeneric, "rename_to", call[2]);
  }
  if (only_if_absent) return call.reply.Integer(1);
  call.reply.Ok();
}
void Rename(Call& call) { RenameTo(call, false); }
void RenameNx(Call& call) { RenameTo(call, true); }

void Move(Call& call) {
  std::string_view error;
  const auto database = ReadDatabase(call[2], &error);
  if (!database) return call.reply.Error(error);
  const unsigned own = call.access.database();
  if (*database == own) return call.reply.Error("ERR source and destination objects are the same");
  StoredKey from(call.access, call[1]);
  call.access.SetDatabase(*database);
  StoredKey to(call.access, call[1]);
  const bool moves = from.exists() && !to.exists();
  if (moves) MoveValue(from, to);
  call.access.SetDatabase(own);
  call.reply.Integer(moves ? 1 : 0);
  if (!moves) return;
  call.access.Notify(EventKind::kGeneric, "move_from", call[1]);
  call.access.SetDatabase(*database);
  call.access.Notify(EventKind::kGeneric, "move_to", call[1]);
  call.access.SetDatabase(own);
}

// Copies all entries of a collection under another id.
void CopyPart(Access& access, Part part, uint64_t from, uint64_t to) {
  const std::string begin = IdPrefix(from);
  const std::string end = IdPrefix(from + 1);
  Iterator entries = access.NewIterator(part, begin, end);
  for (entries.SeekToFirst(); access.Shows(entries) && access.status(); entries.Next()) {
    access.Put(part, IdPrefix(to) + std::string(entries.key().substr(begin.size())), entries.value());
  }
}

void CopyValue(const StoredKey& from, StoredKey& to) {
  Access& access = to.access();
  std::string body(from.body());
  Record record = from.record();
  if (record.is_exploded) {
    const uint64_t id = access.NewId(to.keys_key());
    CopyPart(access, Part::kData, IdOf(record), id);
    if (record.type == Type::kSortedSet) CopyPart(access, Part::kOrder, IdOf(record), id);
    body.replace(0, 8, IdPrefix(id));
  }
  record.body = body;
  to.Put(record);
  if (IsAwaited(to.type())) access.SignalReady(to.name());
}

void Copy(Call& call) {
  const unsigned own = call.access.database();
  unsigned database = own;
  bool replaces = false;
  for (size_t i = 3; i < call.size(); ++i) {
    if (call.Is(i, "replace")) {
      replaces = true;
    } else if (call.Is(i, "db") && i + 1 < call.size()) {
      std::string_view error;
      const auto given = ReadDatabase(call[++i], &error);
      if (!given) return call.reply.Error(error);
      database = *given;
    } else {
      return call.reply.Error(kSyntax);
    }
  }
  if (database == own && call[1] == call[2]) {
    return call.reply.Error("ERR source and destination objects are the same");
  }
  const StoredKey from(call.access, call[1]);
  call.access.SetDatabase(database);
  StoredKey to(call.access, call[2]);
  const bool copies = from.exists() && (replaces || !to.exists());
  if (copies) {
    CopyValue(from, to);
    call.access.Notify(EventKind::kGeneric, "copy_to", call[2]);
  }
  call.access.SetDatabase(own);
  call.reply.Integer(copies ? 1 : 0);
}

// False: OBJECT is asked of a key that does not exist, and null is the reply.
bool IsThere(Call& call, const StoredKey& key) {
  if (!key.exists()) call.reply.Null();
  return key.exists();
}

void ObjectEncoding(Call& call) {
  const StoredKey key(call.access, call[2]);
  if (IsThere(call, key)) call.reply.Bulk(EncodingName(key.record()));
}
void ObjectIdleTime(Call& call) {
  if (IsThere(call, StoredKey(call.access, call[2]))) call.reply.Integer(0);
}
void ObjectRefCount(Call& call) {
  if (IsThere(call, StoredKey(call.access, call[2]))) call.reply.Integer(1);
}
// Redis counts accesses only where a policy needs them to choose what to evict. Here they are always counted, so that
// `redis-cli --hotkeys` works.
void ObjectFreq(Call& call) {
  if (!IsThere(call, StoredKey(call.access, call[2]))) return;
  const KeyName key{.stored = call.access.stored_database(), .key = std::string(call[2])};
  call.reply.Integer(call.server.hot_keys().FrequencyOf(key));
}

constexpr KeyPositions kOne = {1, 1, 1};
constexpr KeyPositions kTwo = {1, 2, 1};
constexpr KeyPositions kAll = {1, -1, 1};
constexpr KeyPositions kSecond = {2, 2, 1};
constexpr uint32_t kLook = kReadonly | kFast;
constexpr Command kObjectCommands[] = {
    {"object|encoding", 3, kReadonly, kSecond, "generic", "2.2.3", "Returns the internal encoding of an object.",
     ObjectEncoding},
    {"object|freq", 3, kReadonly, kSecond, "generic", "4.0.0", "Returns the access frequency of an object.",
     ObjectFreq},
    {"object|idletime", 3, kReadonly, kSecond, "generic", "2.2.3",
     "Returns the time since the last access to an object.", ObjectIdleTime},
    {"object|refcount", 3, kReadonly, kSecond, "generic", "2.2.3", "Returns the reference count of a value of a key.",
     ObjectRefCount},
};
constexpr Command kCommands[] = {
    {"copy", -3, kWrite | kDenyOom, kTwo, "generic", "6.2.0", "Copies the value of a key to a new key.", Copy},
    {"del", -2, kWrite, kAll, "generic", "1.0.0", "Deletes one or more keys.", Del},
    {"exists", -2, kLook, kAll, "generic", "1.0.0", "Determines whether one or more keys exist.", Exists},
    {"move", 3, kWrite | kFast, kOne, "generic", "1.0.0", "Moves a key to another database.", Move},
    {"object",
     -2,
     0,
     {},
     "generic",
     "2.2.3",
     "A container for object introspection commands.",
     nullptr,
     nullptr,
     kObjectCommands},
    {"rename", 3, kWrite, kTwo, "generic", "1.0.0", "Renames a key and overwrites the destination.", Rename},
    {"renamenx", 3, kWrite | kFast, kTwo, "generic", "1.0.0",
     "Renames a key only when the target key name does not exist.", RenameNx},
    {"touch", -2, kLook, kAll, "generic", "3.2.1", "Returns the number of existing keys out of those specified.",
     Exists},
    {"type", 2, kLook, kOne, "generic", "1.0.0", "Determines the type of value stored at a key.", TypeOf},
    {"unlink", -2, kWrite | kFast, kAll, "generic", "4.0.0", "Deletes one or more keys.", Del},
};

}  // namespace

std::span<const Command> KeyCommands() { return kCommands; }

}  // namespace amethyst::server
