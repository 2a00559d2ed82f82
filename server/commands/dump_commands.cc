// Values as bytes that another server takes: DUMP, RESTORE.
#include <algorithm>
#include <optional>
#include <string>

#include "server/commands/command.h"
#include "server/commands/expiry.h"
#include "server/commands/numbers.h"
#include "server/rdb/dump.h"
#include "server/rdb/dump_payload.h"
#include "server/rdb/rdb_object_reader.h"
#include "server/rdb/restore.h"

namespace amethyst::server {

namespace {

void Dump(Call& call) {
  StoredKey key(call.access, call[1]);
  if (!key.exists()) return call.reply.Null();
  std::string payload = rdb::DumpObject(key, call.config());
  rdb::SealPayload(&payload);
  call.reply.Bulk(payload);
}

struct RestoreOptions {
  bool replaces = false;
  bool is_absolute = false;
};

// How long a key was idle, or how often it was used, is checked as Redis does and not kept. nullopt: the error has been
// said.
std::optional<RestoreOptions> ReadRestoreOptions(Call& call) {
  RestoreOptions options;
  bool has_idle_time = false;
  bool has_frequency = false;
  const auto fails = [&](std::string_view error) {
    call.reply.Error(error);
    return std::nullopt;
  };
  for (size_t i = 4; i < call.size(); ++i) {
    const bool has_argument = i + 1 < call.size();
    if (call.Is(i, "replace")) {
      options.replaces = true;
    } else if (call.Is(i, "absttl")) {
      options.is_absolute = true;
    } else if (call.Is(i, "idletime") && has_argument && !has_frequency) {
      const auto seconds = ReadInteger(call[++i]);
      if (!seconds) return fails(kNotInteger);
      if (*seconds < 0) return fails("ERR Invalid IDLETIME value, must be >= 0");
      has_idle_time = true;
    } else if (call.Is(i, "freq") && has_argument && !has_idle_time) {
      const auto frequency = ReadInteger(call[++i]);
      if (!frequency) return fails(kNotInteger);
      if (*frequency < 0 || *frequency > 255) return fails("ERR Invalid FREQ value, must be >= 0 and <= 255");
      has_frequency = true;
    } else {
      return fails(kSyntax);
    }
  }
  return options;
}

void Restore(Call& call) {
  const auto options = ReadRestoreOptions(call);
  if (!options) return;
  StoredKey key(call.access, call[1]);
  if (key.exists() && !options->replaces) return call.reply.Error("BUSYKEY Target key name already exists.");
  const auto ttl = ReadInteger(call[2]);
  if (!ttl) return call.reply.Error(kNotInteger);
  if (*ttl < 0) return call.reply.Error("ERR Invalid TTL value, must be >= 0");
  const auto object = rdb::OpenPayload(call[3]);
  if (!object) return call.reply.Error("ERR DUMP payload version or checksum are wrong");
  const auto value = rdb::ReadObject(*object);
  if (!value) return call.reply.Error("ERR Bad data format");
  std::optional<TimeMs> expires_ms = kNoExpiry;
  if (*ttl > 0) expires_ms = MomentOf(*ttl, {.is_absolute = options->is_absolute}, call.now_ms());
  if (!expires_ms) return call.reply.Error("ERR invalid expire time in 'restore' command");
  const bool is_over = *expires_ms <= call.now_ms();
  if (key.exists() && is_over) call.access.Notify(EventKind::kGeneric, "del", call[1]);
  key.Erase();
  call.reply.Ok();
  if (is_over) return;
  rdb::RestoreValue(call.access, call[1], *value, call.config());
  if (*expires_ms != kNoExpiry) StoredKey(call.access, call[1]).PutExpiry(*expires_ms);
  call.access.Notify(EventKind::kGeneric, "restore", call[1]);
}

constexpr KeyPositions kOne = {1, 1, 1};
constexpr Command kCommands[] = {
    {"dump", 2, kReadonly, kOne, "generic", "2.6.0",
     "Return a serialized version of the value stored at the specified key.", Dump},
    {"restore", -4, kWrite | kDenyOom, kOne, "generic", "2.6.0",
     "Create a key using the provided serialized value, previously obtained using DUMP.", Restore},
};

}  // namespace

std::span<const Command> DumpCommands() { return kCommands; }

}  // namespace amethyst::server
