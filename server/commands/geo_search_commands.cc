// Searches of places: GEOSEARCH, GEOSEARCHSTORE, and the older GEORADIUS and GEORADIUSBYMEMBER.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "server/commands/command.h"
#include "server/commands/geo_arguments.h"
#include "server/commands/key_checks.h"
#include "server/commands/numbers.h"
#include "server/commands/sorted_set_replies.h"

namespace amethyst::server {

namespace {

// Which command it is: the older ones have their centre and radius at fixed places.
enum class Kind : uint8_t { kSearch, kAroundPoint, kAroundMember };
enum class Sorting : uint8_t { kNone, kNearestFirst, kFarthestFirst };

struct Query {
  Kind kind;
  std::optional<std::string_view> store{};
  bool may_store = false;  // STORE and STOREDIST with a key may be given.
  bool stores_distance = false;
  std::optional<GeoPoint> center{};
  bool has_member = false;  // FROMMEMBER was given; without a key there is no centre for it.
  std::optional<SizedShape> size{};
  bool with_distance = false;
  bool with_hash = false;
  bool with_coordinates = false;
  Sorting sorting = Sorting::kNone;
  uint64_t count = 0;  // 0: all.
  bool takes_any = false;
};

// False: the error has been said. Where there is no such set it leaves the query without a centre.
bool ReadMember(Call& call, const SortedSet& set, std::string_view member, Query* query) {
  query->has_member = true;
  if (set.size() == 0) return true;
  const auto score = set.Score(member);
  if (!score) return call.reply.Error("ERR could not decode requested zset member"), false;
  query->center = PointOfScore(*score);
  return true;
}

// What GEORADIUS and GEORADIUSBYMEMBER have in front of their options.
bool ReadFixed(Call& call, const SortedSet& set, Query* query) {
  if (query->kind == Kind::kAroundPoint) {
    query->center = ReadPoint(call, 2);
    if (!query->center) return false;
    query->size = ReadCircle(call, 4);
    return query->size.has_value();
  }
  if (!ReadMember(call, set, call[2], query)) return false;
  if (set.size() == 0) return true;  // Redis does not look at the radius then.
  query->size = ReadCircle(call, 3);
  return query->size.has_value();
}

// Whether argument i is an option of GEOSEARCH alone; the last argument that it took. 0: the error has been said.
std::optional<size_t> ReadShapeOption(Call& call, size_t i, const SortedSet& set, Query* query) {
  if (query->kind != Kind::kSearch) return {};
  const size_t behind = call.size() - i - 1;
  const bool is_point = query->center && !query->has_member;
  const bool is_box = query->size && query->size->shape.is_box;
  if (call.Is(i, "frommember") && behind >= 1 && !is_point) {
    return ReadMember(call, set, call[i + 1], query) ? i + 1 : 0;
  }
  if (call.Is(i, "fromlonlat") && behind >= 2 && !query->has_member) {
    query->center = ReadPoint(call, i + 1);
    return query->center ? i + 2 : 0;
  }
  if (call.Is(i, "byradius") && behind >= 2 && !is_box) {
    query->size = ReadCircle(call, i + 1);
    return query->size ? i + 2 : 0;
  }
  if (call.Is(i, "bybox") && behind >= 3 && (!query->size || is_box)) {
    query->size = ReadBox(call, i + 1);
    return query->size ? i + 3 : 0;
  }
  if (call.Is(i, "storedist") && query->store) {
    query->stores_distance = true;
    return i;
  }
  return {};
}

bool ReadFlag(Call& call, size_t i, Query* query) {
  if (call.Is(i, "withdist")) {
    query->with_distance = true;
  } else if (call.Is(i, "withhash")) {
    query->with_hash = true;
  } else if (call.Is(i, "withcoord")) {
    query->with_coordinates = true;
  } else if (call.Is(i, "any")) {
    query->takes_any = true;
  } else if (call.Is(i, "asc")) {
    query->sorting = Sorting::kNearestFirst;
  } else if (call.Is(i, "desc")) {
    query->sorting = Sorting::kFarthestFirst;
  } else {
    return false;
  }
  return true;
}

// COUNT, STORE and STOREDIST of the older commands; the same values as of ReadShapeOption.
std::optional<size_t> ReadValueOption(Call& call, size_t i, Query* query) {
  if (i + 1 == call.size()) return {};
  if (call.Is(i, "count")) {
    const auto count = ReadInteger(call[i + 1]);
    if (!count) return call.reply.Error(kNotInteger), 0;
    if (*count <= 0) return call.reply.Error("ERR COUNT must be > 0"), 0;
    query->count = static_cast<uint64_t>(*count);
    return i + 1;
  }
  if (!query->may_store || (!call.Is(i, "store") && !call.Is(i, "storedist"))) return {};
  query->store = call[i + 1];
  query->stores_distance = call.Is(i, "storedist");
  return i + 1;
}

bool ReadOptions(Call& call, size_t from, const SortedSet& set, Query* query) {
  for (size_t i = from; i < call.size(); ++i) {
    if (ReadFlag(call, i, query)) continue;
    auto last = ReadValueOption(call, i, query);
    if (!last) last = ReadShapeOption(call, i, set, query);
    if (!last) return call.reply.Error(kSyntax), false;
    if (*last == 0) return false;
    i = *last;
  }
  return true;
}

// Whether the options go together. False: the error has been said.
bool IsWhole(Call& call, const Query& query) {
  if (query.store && (query.with_distance || query.with_hash || query.with_coordinates)) {
    call.reply.Error(fmt::format("ERR {} is not compatible with WITHDIST, WITHHASH and WITHCOORD options",
                                 query.kind == Kind::kSearch ? "GEOSEARCHSTORE" : "STORE option in GEORADIUS"));
    return false;
  }
  if (query.kind == Kind::kSearch && !query.center && !query.has_member) {
    call.reply.Error(fmt::format("ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for {}", call[0]));
    return false;
  }
  if (query.kind == Kind::kSearch && !query.size) {
    call.reply.Error(fmt::format("ERR exactly one of BYRADIUS and BYBOX can be specified for {}", call[0]));
    return false;
  }
  if (query.takes_any && query.count == 0) {
    return call.reply.Error("ERR the ANY argument requires COUNT argument"), false;
  }
  return true;
}

struct Found {
  std::string member;
  double score = 0;
  double distance = 0;  // In metres.
  GeoPoint point{};
  size_t place = 0;  // In the order in which they were found.
};

// The members within the shape; where any will do, no more than are asked for.
std::vector<Found> Search(const SortedSet& set, const Query& query, const GeoShape& shape) {
  std::vector<Found> all;
  const uint64_t enough = query.takes_any ? query.count : UINT64_MAX;
  for (const GeoHashRange& range : RangesOver(shape)) {
    const SortedSet::Range scores{.low = {.sortable = SortableDouble(static_cast<double>(range.first)), .member = {}},
                                  .high = {.sortable = SortableDouble(static_cast<double>(range.end)), .member = {}}};
    for (SortedSet::Walk walk(set, scores); all.size() < enough && walk.Valid(); walk.Next()) {
      const GeoPoint point = PointOfScore(walk.score());
      const auto distance = DistanceWithin(shape, point);
      if (!distance) continue;
      all.push_back({.member = std::string(walk.member()),
                     .score = walk.score(),
                     .distance = *distance,
                     .point = point,
                     .place = all.size()});
    }
  }
  return all;
}

// Puts them in order and leaves as many as are asked for. A count without an order means the nearest.
void OrderAndLimit(const Query& query, std::vector<Found>* all) {
  Sorting sorting = query.sorting;
  if (sorting == Sorting::kNone && query.count > 0 && !query.takes_any) sorting = Sorting::kNearestFirst;
  const size_t count = query.count == 0 ? all->size() : std::min<size_t>(query.count, all->size());
  if (sorting != Sorting::kNone) {
    std::ranges::partial_sort(*all, all->begin() + static_cast<ptrdiff_t>(count),
                              [&](const Found& one, const Found& other) {
                                if (one.distance == other.distance) return one.place < other.place;
                                return (one.distance < other.distance) == (sorting == Sorting::kNearestFirst);
                              });
  }
  all->resize(count);
}

void ReplyWithFound(Call& call, const Query& query, const std::vector<Found>& all) {
  const size_t extras =
      (query.with_distance ? 1U : 0U) + (query.with_hash ? 1U : 0U) + (query.with_coordinates ? 1U : 0U);
  call.reply.Array(all.size());
  for (const Found& found : all) {
    if (extras > 0) call.reply.Array(1 + extras);
    call.reply.Bulk(found.member);
    if (query.with_distance) ReplyWithDistance(call.reply, found.distance / query.size->unit_meters);
    if (query.with_hash) call.reply.Integer(static_cast<int64_t>(found.score));
    if (query.with_coordinates) ReplyWithPoint(call.reply, found.point);
  }
}

void Store(Call& call, const Query& query, std::vector<Found>& all) {
  std::vector<ScoredMember> members;
  members.reserve(all.size());
  for (Found& found : all) {
    members.push_back({.member = std::move(found.member),
                       .score = query.stores_distance ? found.distance / query.size->unit_meters : found.score});
  }
  StoreMembers(call, *query.store, members, query.kind == Kind::kSearch ? "geosearchstore" : "georadiusstore");
}

struct Places {
  size_t key;
  size_t options;
};

void Run(Call& call, Query query, const Places& places) {
  std::vector<Found> all;
  {
    StoredKey key(call.access, call[places.key]);
    if (!HoldsOrNothing(call, key, Type::kSortedSet)) return;
    const SortedSet set = OpenSortedSet(call, key);
    if (query.kind != Kind::kSearch && !ReadFixed(call, set, &query)) return;
    if (!ReadOptions(call, places.options, set, &query) || !IsWhole(call, query)) return;
    if (set.size() > 0) {
      GeoShape shape = query.size->shape;
      shape.center = *query.center;
      all = Search(set, query, shape);
    }
  }
  OrderAndLimit(query, &all);
  if (query.store) return Store(call, query, all);
  ReplyWithFound(call, query, all);
}

void GeoSearch(Call& call) { Run(call, {.kind = Kind::kSearch}, {.key = 1, .options = 2}); }
void GeoSearchStore(Call& call) { Run(call, {.kind = Kind::kSearch, .store = call[1]}, {.key = 2, .options = 3}); }
void GeoRadius(Call& call) { Run(call, {.kind = Kind::kAroundPoint, .may_store = true}, {.key = 1, .options = 6}); }
void GeoRadiusReadOnly(Call& call) { Run(call, {.kind = Kind::kAroundPoint}, {.key = 1, .options = 6}); }
void GeoRadiusByMember(Call& call) {
  Run(call, {.kind = Kind::kAroundMember, .may_store = true}, {.key = 1, .options = 5});
}
void GeoRadiusByMemberReadOnly(Call& call) { Run(call, {.kind = Kind::kAroundMember}, {.key = 1, .options = 5}); }

// The key, and the last one that STORE or STOREDIST names. Redis looks for it from the same argument on in both
// commands.
std::vector<int> RadiusPlaces(Arguments args) {
  std::vector<int> places = {1};
  for (size_t i = 5; i + 1 < args.size(); ++i) {
    if (!EqualsIgnoringCase(args[i], "store") && !EqualsIgnoringCase(args[i], "storedist")) continue;
    places.resize(1);
    places.push_back(static_cast<int>(++i));
  }
  return places;
}

constexpr KeyPositions kOne = {1, 1, 1};
constexpr KeyPositions kTwo = {1, 2, 1};
constexpr uint32_t kMayStore = kWrite | kDenyOom | kMovableKeys;
constexpr Command kCommands[] = {
    {"georadius", -6, kMayStore, kOne, "geo", "3.2.0",
     "Query a sorted set representing a geospatial index to fetch members matching a given maximum distance from a "
     "point",
     GeoRadius, RadiusPlaces},
    {"georadius_ro", -6, kReadonly, kOne, "geo", "3.2.10", "A read-only variant for GEORADIUS", GeoRadiusReadOnly},
    {"georadiusbymember", -5, kMayStore, kOne, "geo", "3.2.0",
     "Query a sorted set representing a geospatial index to fetch members matching a given maximum distance from a "
     "member",
     GeoRadiusByMember, RadiusPlaces},
    {"georadiusbymember_ro", -5, kReadonly, kOne, "geo", "3.2.10", "A read-only variant for GEORADIUSBYMEMBER",
     GeoRadiusByMemberReadOnly},
    {"geosearch", -7, kReadonly, kOne, "geo", "6.2.0",
     "Query a sorted set representing a geospatial index to fetch members inside an area of a box or a circle.",
     GeoSearch},
    {"geosearchstore", -8, kWrite | kDenyOom, kTwo, "geo", "6.2.0",
     "Query a sorted set representing a geospatial index to fetch members inside an area of a box or a circle, and "
     "store the result in another key.",
     GeoSearchStore},
};

}  // namespace

std::span<const Command> GeoSearchCommands() { return kCommands; }

}  // namespace amethyst::server
