// Lists as they are read and changed in place: LPUSH, LRANGE, LSET and their kin. What takes elements off their ends is
// in list_pop_commands.cc.
#include <algorithm>
#include <memory>
#include <optional>

#include "server/commands/command.h"
#include "server/commands/key_checks.h"
#include "server/commands/long_reply.h"
#include "server/commands/numbers.h"
#include "server/config.h"
#include "server/types/list.h"

namespace amethyst::server {

namespace {

constexpr std::string_view kRankIsZero =
    "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from "
    "the end of the list";

// The index counted from the head; nullopt: there is no such element.
std::optional<uint64_t> ResolveIndex(int64_t index, uint64_t size) {
  if (index < 0) index += static_cast<int64_t>(size);
  if (index < 0 || static_cast<uint64_t>(index) >= size) return {};
  return static_cast<uint64_t>(index);
}

// Saves a list that has lost elements, and says so.
void SaveShrunk(Call& call, List& list, std::string_view event) {
  const bool is_gone = list.size() == 0;
  list.Save();
  call.access.Notify(EventKind::kList, event, call[1]);
  if (is_gone) call.access.Notify(EventKind::kGeneric, "del", call[1]);
}

void Push(Call& call, ListEnd end, bool only_if_there) {
  StoredKey key(call.access, call[1]);
  if (!HoldsOrNothing(call, key, Type::kList)) return;
  if (only_if_there && !key.exists()) return call.reply.Integer(0);
  List list(key, call.config());
  for (const std::string_view element : call.args.subspan(2)) list.Push(end, element);
  call.reply.Integer(static_cast<int64_t>(list.size()));
  list.Save();
  call.access.Notify(EventKind::kList, end == ListEnd::kHead ? "lpush" : "rpush", call[1]);
  call.access.SignalReady(call[1]);
}
void LPush(Call& call) { Push(call, ListEnd::kHead, false); }
void RPush(Call& call) { Push(call, ListEnd::kTail, false); }
void LPushX(Call& call) { Push(call, ListEnd::kHead, true); }
void RPushX(Call& call) { Push(call, ListEnd::kTail, true); }

void LLen(Call& call) {
  StoredKey key(call.access, call[1]);
  if (HoldsOrNothing(call, key, Type::kList)) call.reply.Integer(static_cast<int64_t>(List(key, call.config()).size()));
}

void LRange(Call& call) {
  const auto first = ReadInteger(call[2]);
  const auto last = ReadInteger(call[3]);
  if (!first || !last) return call.reply.Error(kNotInteger);
  StoredKey key(call.access, call[1]);
  if (!HoldsOrNothing(call, key, Type::kList)) return;
  const List list(key, call.config());
  const IndexRange range = ResolveRange(*first, *last, list.size());
  call.reply.Array(range.count);
  ReplyWithAll(call, std::make_unique<List::Walk>(list, range.first, range.count),
               [](Reply& reply, const List::Walk& walk) { reply.Bulk(walk.element()); });
}

void LIndex(Call& call) {
  StoredKey key(call.access, call[1]);
  if (!HoldsOrNothing(call, key, Type::kList)) return;
  if (!key.exists()) return call.reply.Null();
  const auto given = ReadInteger(call[2]);
  if (!given) return call.reply.Error(kNotInteger);
  List list(key, call.config());
  const auto index = ResolveIndex(*given, list.size());
  if (const auto element = index ? list.At(*index) : std::nullopt) return call.reply.Bulk(*element);
  call.reply.Null();
}

void LSet(Call& call) {
  StoredKey key(call.access, call[1]);
  if (!key.exists()) return call.reply.Error(kNoSuchKey);
  if (!HoldsOrNothing(call, key, Type::kList)) return;
  const auto given = ReadInteger(call[2]);
  if (!given) return call.reply.Error(kNotInteger);
  List list(key, call.config());
  const auto index = ResolveIndex(*given, list.size());
  if (!index) return call.reply.Error("ERR index out of range");
  list.SetAt(*index, call[3]);
  list.Save();
  call.access.Notify(EventKind::kList, "lset", call[1]);
  call.reply.Ok();
}

void LInsert(Call& call) {
  const bool before = call.Is(2, "before");
  if (!before && !call.Is(2, "after")) return call.reply.Error(kSyntax);
  StoredKey key(call.access, call[1]);
  if (!HoldsOrNothing(call, key, Type::kList)) return;
  if (!key.exists()) return call.reply.Integer(0);
  List list(key, call.config());
  if (!list.Insert(call[3], before, call[4])) return call.reply.Integer(-1);
  call.reply.Integer(static_cast<int64_t>(list.size()));
  list.Save();
  call.access.Notify(EventKind::kList, "linsert", call[1]);
}

void LRem(Call& call) {
  const auto count = ReadInteger(call[2]);
  if (!count) return call.reply.Error(kNotInteger);
  StoredKey key(call.access, call[1]);
  if (!HoldsOrNothing(call, key, Type::kList)) return;
  if (!key.exists()) return call.reply.Integer(0);
  List list(key, call.config());
  const uint64_t most = *count < 0 ? uint64_t{0} - static_cast<uint64_t>(*count) : static_cast<uint64_t>(*count);
  const uint64_t removed =
      list.Remove(call[3], most == 0 ? UINT64_MAX : most, *count < 0 ? ListEnd::kTail : ListEnd::kHead);
  if (removed > 0) SaveShrunk(call, list, "lrem");
  call.reply.Integer(static_cast<int64_t>(removed));
}

void LTrim(Call& call) {
  const auto first = ReadInteger(call[2]);
  const auto last = ReadInteger(call[3]);
  if (!first || !last) return call.reply.Error(kNotInteger);
  StoredKey key(call.access, call[1]);
  if (!HoldsOrNothing(call, key, Type::kList)) return;
  call.reply.Ok();
  if (!key.exists()) return;
  List list(key, call.config());
  const IndexRange range = ResolveRange(*first, *last, list.size());
  if (range.count == list.size()) {
    call.access.Touch(call[1]);  // As in Redis, though nothing has changed.
    return call.access.Notify(EventKind::kList, "ltrim", call[1]);
  }
  list.Trim(range.first, range.count);
  SaveShrunk(call, list, "ltrim");
}

struct PosOptions {
  int64_t rank = 1;
  std::optional<int64_t> count{};
  int64_t compared_max = 0;  // 0: all.
};

bool ReadPosOptions(Call& call, PosOptions* options) {
  for (size_t i = 3; i < call.size(); i += 2) {
    if (i + 1 == call.size() || !(call.Is(i, "rank") || call.Is(i, "count") || call.Is(i, "maxlen"))) {
      return call.reply.Error(kSyntax), false;
    }
    const auto number = ReadInteger(call[i + 1]);
    const bool is_negative = !number || *number < 0;
    if (call.Is(i, "count")) {
      if (is_negative) return call.reply.Error("ERR COUNT can't be negative"), false;
      options->count = *number;
    } else if (call.Is(i, "maxlen")) {
      if (is_negative) return call.reply.Error("ERR MAXLEN can't be negative"), false;
      options->compared_max = *number;
    } else if (!number) {
      return call.reply.Error(kNotInteger), false;
    } else if (*number == 0) {
      return call.reply.Error(kRankIsZero), false;
    } else {
      options->rank = *number;
    }
  }
  return true;
}

std::vector<uint64_t> FindMatches(const List& list, std::string_view element, const PosOptions& options) {
  std::vector<uint64_t> found;
  const bool forwards = options.rank > 0;
  const uint64_t size = list.size();
  const uint64_t compared = options.compared_max == 0 ? size : std::min<uint64_t>(options.compared_max, size);
  const uint64_t wanted = options.count ? static_cast<uint64_t>(*options.count) : 1;
  uint64_t skipped = forwards ? static_cast<uint64_t>(options.rank) : uint64_t{0} - static_cast<uint64_t>(options.rank);
  if (size == 0) return found;
  uint64_t index = forwards ? 0 : size - 1;
  for (List::Walk walk(list, index, compared, forwards ? ListEnd::kTail : ListEnd::kHead); walk.Valid(); walk.Next()) {
    if (walk.element() == element && --skipped == 0) {
      found.push_back(index);
      if (found.size() == wanted) break;
      skipped = 1;  // All that follow.
    }
    index += forwards ? 1 : -1;
  }
  return found;
}

void LPos(Call& call) {
  PosOptions options;
  if (!ReadPosOptions(call, &options)) return;
  StoredKey key(call.access, call[1]);
  if (!HoldsOrNothing(call, key, Type::kList)) return;
  const List list(key, call.config());
  const std::vector<uint64_t> found = FindMatches(list, call[2], options);
  if (options.count) {
    call.reply.Array(found.size());
    for (const uint64_t index : found) call.reply.Integer(static_cast<int64_t>(index));
  } else if (!found.empty()) {
    call.reply.Integer(static_cast<int64_t>(found.front()));
  } else {
    call.reply.Null();
  }
}

constexpr KeyPositions kOne = {1, 1, 1};
constexpr uint32_t kGrows = kWrite | kDenyOom;
constexpr Command kCommands[] = {
    {"lindex", 3, kReadonly, kOne, "list", "1.0.0", "Get an element from a list by its index", LIndex},
    {"linsert", 5, kGrows, kOne, "list", "2.2.0", "Insert an element before or after another element in a list",
     LInsert},
    {"llen", 2, kReadonly | kFast, kOne, "list", "1.0.0", "Get the length of a list", LLen},
    {"lpos", -3, kReadonly, kOne, "list", "6.0.6", "Return the index of matching elements on a list", LPos},
    {"lpush", -3, kGrows | kFast, kOne, "list", "1.0.0", "Prepend one or multiple elements to a list", LPush},
    {"lpushx", -3, kGrows | kFast, kOne, "list", "2.2.0", "Prepend an element to a list, only if the list exists",
     LPushX},
    {"lrange", 4, kReadonly, kOne, "list", "1.0.0", "Get a range of elements from a list", LRange},
    {"lrem", 4, kWrite, kOne, "list", "1.0.0", "Remove elements from a list", LRem},
    {"lset", 4, kGrows, kOne, "list", "1.0.0", "Set the value of an element in a list by its index", LSet},
    {"ltrim", 4, kWrite, kOne, "list", "1.0.0", "Trim a list to the specified range", LTrim},
    {"rpush", -3, kGrows | kFast, kOne, "list", "1.0.0", "Append one or multiple elements to a list", RPush},
    {"rpushx", -3, kGrows | kFast, kOne, "list", "2.2.0", "Append an element to a list, only if the list exists",
     RPushX},
};

}  // namespace

std::span<const Command> ListCommands() { return kCommands; }

}  // namespace amethyst::server
