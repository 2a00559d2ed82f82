#include "server/commands/key_checks.h"

#include <algorithm>
#include <string>
#include <utility>

#include "server/commands/lookup.h"
#include "server/commands/numbers.h"

namespace amethyst::server {

bool HoldsOrNothing(Call& call, const StoredKey& key, Type type) {
  if ((call.command.flags & kReadonly) != 0) CountLookup(call, key.exists());
  return IsTypeOrNothing(call, key, type);
}

std::optional<Arguments> ReadKeysToPop(Call& call, size_t count_at) {
  const auto count = ReadInteger(call[count_at]);
  if (!count || *count <= 0) return call.reply.Error("ERR numkeys should be greater than 0"), std::nullopt;
  const size_t behind = call.size() - count_at - 1;
  if (static_cast<uint64_t>(*count) >= behind) return call.reply.Error(kSyntax), std::nullopt;
  return call.args.subspan(count_at + 1, static_cast<size_t>(*count));
}

std::vector<int> PlacesBehindCount(Arguments args, size_t count_at) {
  if (args.size() <= count_at) return {};
  const auto count = ReadInteger(args[count_at]);
  if (!count || *count <= 0 || static_cast<uint64_t>(*count) > args.size() - count_at - 1) return {};
  std::vector<int> places(static_cast<size_t>(*count));
  for (size_t i = 0; i < places.size(); ++i) places[i] = static_cast<int>(count_at + 1 + i);
  return places;
}

std::optional<uint64_t> ReadPopCount(Call& call, size_t i) {
  if (i == call.size()) return 1;
  if (i + 2 != call.size() || !call.Is(i, "count")) return call.reply.Error(kSyntax), std::nullopt;
  const auto count = ReadInteger(call[i + 1]);
  if (!count || *count <= 0) return call.reply.Error("ERR count should be greater than 0"), std::nullopt;
  return static_cast<uint64_t>(*count);
}

std::optional<uint64_t> ReadTimeoutAt(Call& call, size_t i) {
  std::string_view error;
  const auto timeout = ReadTimeout(call[i], &error);
  if (!timeout) call.reply.Error(error);
  return timeout;
}

void WaitForKeys(Call& call, Arguments keys, uint64_t timeout_ms, void (Reply::*within_multi)()) {
  std::string timeout_reply;
  Reply(&timeout_reply, call.reply.protocol()).NullArray();
  if (!call.Block({keys.begin(), keys.end()}, timeout_ms, std::move(timeout_reply))) (call.reply.*within_multi)();
}

void PopFromFirst(Call& call, Arguments keys, Type type, std::optional<uint64_t> timeout_ms,
                  base::FunctionRef<void(StoredKey& key)> take) {
  for (const std::string_view name : keys) {
    if (!call.MayTakeFrom(name)) continue;
    StoredKey key(call.access, name);
    if (key.Is(type)) return take(key);
    if (key.exists() && !call.is_retry()) return call.reply.Error(kWrongType);
  }
  if (timeout_ms) return WaitForKeys(call, keys, *timeout_ms);
  call.reply.NullArray();
}

IndexRange ResolveRange(int64_t first, int64_t last, uint64_t size) {
  const auto count = static_cast<int64_t>(size);
  if (first < 0) first = std::max<int64_t>(first + count, 0);
  if (last < 0) last += count;
  last = std::min(last, count - 1);
  if (first > last) return {};
  return {.first = static_cast<uint64_t>(first), .count = static_cast<uint64_t>(last - first + 1)};
}

}  // namespace amethyst::server
