// SORT and SORT_RO: the elements of a list, a set or a sorted set in order, or what other keys hold for each of them.
#include <algorithm>
#include <cerrno>
#include <cmath>
#include <compare>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "server/commands/command.h"
#include "server/commands/key_checks.h"
#include "server/commands/lookup.h"
#include "server/commands/numbers.h"
#include "server/commands/sorted_set_replies.h"
#include "server/config.h"
#include "server/server.h"
#include "server/types/hash.h"
#include "server/types/list.h"
#include "server/types/set.h"

namespace amethyst::server {

namespace {

// Says where to look a value up for an element: "weight_*", "user_*->name", or "#" for the element itself.
struct Pattern {
  enum class Kind : uint8_t { kElement, kKey, kNothing };
  Kind kind = Kind::kNothing;  // Without a star it names nothing.
  std::string_view prefix{};
  std::string_view suffix{};
  std::string_view field{};  // Empty: the key holds a string.
};

Pattern ReadPattern(std::string_view text) {
  if (text == "#") return {.kind = Pattern::Kind::kElement};
  const size_t star = text.find('*');
  if (star == std::string_view::npos) return {};
  Pattern pattern{.kind = Pattern::Kind::kKey, .prefix = text.substr(0, star), .suffix = text.substr(star + 1)};
  const size_t arrow = pattern.suffix.find("->");
  if (arrow == std::string_view::npos || arrow + 2 == pattern.suffix.size()) return pattern;
  pattern.field = pattern.suffix.substr(arrow + 2);
  pattern.suffix = pattern.suffix.substr(0, arrow);
  return pattern;
}

struct Query {
  bool is_sorted = true;
  bool is_descending = false;
  bool compares_bytes = false;
  int64_t limit_first = 0;
  int64_t limit_count = -1;
  std::optional<Pattern> by{};
  std::vector<Pattern> gets{};
  std::optional<std::string_view> store{};
};

// The option at argument i; the last argument that it took, or nullopt: the error has been said.
std::optional<size_t> ReadOption(Call& call, size_t i, Query* query) {
  const size_t behind = call.size() - i - 1;
  if (call.Is(i, "asc") || call.Is(i, "desc")) {
    query->is_descending = call.Is(i, "desc");
    return i;
  }
  if (call.Is(i, "alpha")) {
    query->compares_bytes = true;
    return i;
  }
  if (call.Is(i, "limit") && behind >= 2) {
    const auto first = ReadInteger(call[i + 1]);
    const auto count = ReadInteger(call[i + 2]);
    if (!first || !count) return call.reply.Error(kNotInteger), std::nullopt;
    query->limit_first = *first;
    query->limit_count = *count;
    return i + 2;
  }
  if (call.Is(i, "store") && behind >= 1 && (call.command.flags & kWrite) != 0) {
    query->store = call[i + 1];
    return i + 1;
  }
  if (call.Is(i, "by") && behind >= 1) {
    query->by = ReadPattern(call[i + 1]);
    // A constant BY asks for no order, and a later BY with a star does not ask for one again, as in Redis.
    if (query->by->kind != Pattern::Kind::kKey) query->is_sorted = false;
    return i + 1;
  }
  if (call.Is(i, "get") && behind >= 1) {
    query->gets.push_back(ReadPattern(call[i + 1]));
    return i + 1;
  }
  return call.reply.Error(kSyntax), std::nullopt;
}

bool ReadQuery(Call& call, Query* query) {
  for (size_t i = 2; i < call.size(); ++i) {
    const auto last = ReadOption(call, i, query);
    if (!last) return false;
    i = *last;
  }
  return true;
}

struct Element {
  std::string value;
  size_t place = 0;  // Before the elements are put in order.
  double score = 0;
  std::optional<std::string> weight{};  // For ALPHA with BY.
};

// The elements that LIMIT leaves of that many.
IndexRange LimitedRange(const Query& query, uint64_t size) {
  const uint64_t first = query.limit_first < 0 ? 0 : std::min(static_cast<uint64_t>(query.limit_first), size);
  const uint64_t left = size - first;
  return {.first = first,
          .count = query.limit_count < 0 ? left : std::min(static_cast<uint64_t>(query.limit_count), left)};
}

struct Loaded {
  std::vector<Element> elements;
  IndexRange shown;  // Of the elements, once they are in order.
};

// Prepares for a collection of that size and says which of its elements to load: those that are shown, where the order
// stays as it is, else all.
IndexRange Prepare(const Query& query, uint64_t size, Loaded* loaded) {
  const IndexRange range = LimitedRange(query, size);
  loaded->shown = query.is_sorted ? range : IndexRange{.first = 0, .count = range.count};
  const IndexRange loads = query.is_sorted ? IndexRange{.first = 0, .count = size} : range;
  loaded->elements.reserve(loads.count);
  return loads;
}

void LoadList(Call& call, StoredKey& key, const Query& query, Loaded* loaded) {
  const List list(key, call.config());
  const IndexRange range = Prepare(query, list.size(), loaded);
  if (range.count == 0) return;
  const bool backwards = !query.is_sorted && query.is_descending;
  List::Walk walk(list, backwards ? list.size() - 1 - range.first : range.first, range.count,
                  backwards ? ListEnd::kHead : ListEnd::kTail);
  for (; walk.Valid(); walk.Next()) loaded->elements.push_back({.value = std::string(walk.element())});
}

void LoadSortedSet(Call& call, StoredKey& key, const Query& query, Loaded* loaded) {
  const SortedSet set = OpenSortedSet(call, key);
  const IndexRange range = Prepare(query, set.size(), loaded);
  SortedSet::Walk walk(set, range.first, range.count, !query.is_sorted && query.is_descending);
  for (; walk.Valid(); walk.Next()) loaded->elements.push_back({.value = std::string(walk.member())});
}

void LoadSet(Call& call, const Query& query, Loaded* loaded) {
  const Set set(call.access, call[1], call.config().values());
  const IndexRange range = Prepare(query, set.count(), loaded);
  uint64_t index = 0;
  for (MemberWalk walk(set); walk.Valid() && loaded->elements.size() < range.count; walk.Next()) {
    if (index++ >= range.first) loaded->elements.push_back({.value = std::string(walk.member().name)});
  }
}

// What the pattern finds for an element; nullopt: nothing, or a value of another type.
std::optional<std::string> LookUp(Call& call, const Pattern& pattern, const std::string& element) {
  if (pattern.kind == Pattern::Kind::kElement) return element;
  if (pattern.kind == Pattern::Kind::kNothing) return {};
  std::string name(pattern.prefix);
  name.append(element).append(pattern.suffix);
  if (name.size() > kNameBytesMax || pattern.field.size() > kNameBytesMax) return {};
  if (pattern.field.empty()) {
    const StoredKey key(call.access, name);
    CountLookup(call, key.exists());
    if (!key.Is(Type::kString)) return {};
    return std::string(key.body());
  }
  const Hash hash(call.access, name, call.config().values());
  CountLookup(call, hash.exists());
  std::string value;
  if (hash.IsOtherType() || !hash.Get(pattern.field, &value)) return {};
  return value;
}

// As strtod has it, so spaces in front are no error, and nothing at all is 0.
std::optional<double> ReadScore(const std::string& text) {
  char* end = nullptr;
  errno = 0;
  const double score = std::strtod(text.c_str(), &end);
  if (*end != '\0' || errno == ERANGE || std::isnan(score)) return {};
  return score;
}

// Looks up the elements' weights. False: one is no number, and numbers are compared.
bool Weigh(Call& call, const Query& query, std::vector<Element>& elements) {
  bool is_valid = true;
  for (Element& element : elements) {
    if (!call.access.status()) return true;  // The error ends the command.
    std::optional<std::string> weight;
    if (query.by) {
      weight = LookUp(call, *query.by, element.value);
      if (!weight) continue;
    }
    if (query.compares_bytes) {
      element.weight = std::move(weight);
      continue;
    }
    const auto score = ReadScore(weight ? *weight : element.value);
    is_valid = is_valid && score;
    element.score = score.value_or(0);
  }
  return is_valid;
}

std::weak_ordering Compare(const Query& query, const Element& one, const Element& other) {
  if (query.compares_bytes) return query.by ? one.weight <=> other.weight : one.value <=> other.value;
  if (one.score < other.score) return std::weak_ordering::less;
  if (one.score > other.score) return std::weak_ordering::greater;
  return one.value <=> other.value;
}

// Equal elements keep their order, also where it is descending.
void Order(const Query& query, std::vector<Element>& elements) {
  for (size_t i = 0; i < elements.size(); ++i) elements[i].place = i;
  std::ranges::sort(elements, [&](const Element& one, const Element& other) {
    const std::weak_ordering order = Compare(query, one, other);
    if (order == 0) return one.place < other.place;
    return query.is_descending ? order > 0 : order < 0;
  });
}

void ReplyWith(Call& call, const Query& query, std::span<const Element> shown) {
  call.reply.Array(shown.size() * std::max<size_t>(query.gets.size(), 1));
  for (const Element& element : shown) {
    if (query.gets.empty()) call.reply.Bulk(element.value);
    for (const Pattern& get : query.gets) {
      if (const auto value = LookUp(call, get, element.value)) {
        call.reply.Bulk(*value);
      } else {
        call.reply.Null();
      }
    }
  }
}

// The key becomes a list of what would have been the reply, with "" for nothing.
void Store(Call& call, const Query& query, std::span<const Element> shown) {
  std::vector<std::string> values;
  values.reserve(shown.size() * query.gets.size());
  for (const Element& element : shown) {
    for (const Pattern& get : query.gets) values.push_back(LookUp(call, get, element.value).value_or(""));
  }
  StoredKey old(call.access, *query.store);
  const bool existed = old.exists();
  old.Erase();
  StoredKey key(call.access, *query.store);
  List list(key, call.config());
  for (const std::string& value : values) list.Push(ListEnd::kTail, value);
  if (query.gets.empty()) {
    for (const Element& element : shown) list.Push(ListEnd::kTail, element.value);
  }
  const auto count = static_cast<int64_t>(list.size());
  if (count > 0) {
    list.Save();
    call.access.Notify(EventKind::kList, "sortstore", *query.store);
    call.access.SignalReady(*query.store);
  } else if (existed) {
    call.access.Notify(EventKind::kGeneric, "del", *query.store);
  }
  call.reply.Integer(count);
}

bool CanBeSorted(const StoredKey& key) {
  return !key.exists() || key.Is(Type::kList) || key.Is(Type::kSet) || key.Is(Type::kSortedSet);
}

// False: the key is of another type, which has been said.
bool Load(Call& call, Query* query, Loaded* loaded) {
  StoredKey key(call.access, call[1]);
  CountLookup(call, key.exists());
  if (!CanBeSorted(key)) return call.reply.Error(kWrongType), false;
  if (key.Is(Type::kSet)) {
    // What is stored does not depend on the order in which a set happens to lie.
    if (!query->is_sorted && (query->store || call.server.in_script())) {
      query->is_sorted = query->compares_bytes = true;
      query->by.reset();
    }
    LoadSet(call, *query, loaded);
  } else if (key.Is(Type::kSortedSet)) {
    LoadSortedSet(call, key, *query, loaded);
  } else {
    LoadList(call, key, *query, loaded);
  }
  return true;
}

void Sort(Call& call) {
  Query query;
  Loaded loaded;
  if (!ReadQuery(call, &query) || !Load(call, &query, &loaded)) return;
  if (query.is_sorted) {
    if (!Weigh(call, query, loaded.elements)) {
      return call.reply.Error("ERR One or more scores can't be converted into double");
    }
    Order(query, loaded.elements);
  }
  if (!call.access.status()) return;  // Fewer elements may have been loaded than are to be shown.
  const auto shown = std::span<const Element>(loaded.elements).subspan(loaded.shown.first, loaded.shown.count);
  if (query.store) return Store(call, query, shown);
  ReplyWith(call, query, shown);
}

// The key and the last STORE, as Redis looks for them: arguments that may be keys or patterns are skipped.
std::vector<int> SortPlaces(Arguments args) {
  if (args.size() < 2) return {};
  std::vector<int> places = {1};
  for (size_t i = 2; i < args.size(); ++i) {
    if (EqualsIgnoringCase(args[i], "limit")) {
      i += 2;
    } else if (EqualsIgnoringCase(args[i], "get") || EqualsIgnoringCase(args[i], "by")) {
      ++i;
    } else if (EqualsIgnoringCase(args[i], "store") && i + 1 < args.size()) {
      places.resize(1);
      places.push_back(static_cast<int>(i + 1));
    }
  }
  return places;
}

constexpr KeyPositions kOne = {1, 1, 1};
constexpr Command kCommands[] = {
    {"sort", -2, kWrite | kDenyOom | kMovableKeys, kOne, "generic", "1.0.0",
     "Sort the elements in a list, set or sorted set", Sort, SortPlaces},
    {"sort_ro", -2, kReadonly | kMovableKeys, kOne, "generic", "7.0.0",
     "Sort the elements in a list, set or sorted set. Read-only variant of SORT.", Sort},
};

}  // namespace

std::span<const Command> SortCommands() { return kCommands; }

}  // namespace amethyst::server
