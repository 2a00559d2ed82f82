// Places on the earth in a sorted set: GEOADD, GEOPOS, GEODIST, GEOHASH. Searches are in geo_search_commands.cc.
#include <optional>
#include <string>
#include <vector>

#include "server/commands/command.h"
#include "server/commands/geo_arguments.h"
#include "server/commands/key_checks.h"
#include "server/commands/sorted_set_replies.h"

namespace amethyst::server {

namespace {

// Becomes ZADD with the geohashes as scores.
void GeoAdd(Call& call) {
  size_t first = 2;
  bool only_if_absent = false;
  bool only_if_there = false;
  for (; first < call.size(); ++first) {
    if (call.Is(first, "nx")) {
      only_if_absent = true;
    } else if (call.Is(first, "xx")) {
      only_if_there = true;
    } else if (!call.Is(first, "ch")) {
      break;
    }
  }
  if ((call.size() - first) % 3 != 0 || (only_if_absent && only_if_there)) return call.reply.Error(kSyntax);
  std::vector<std::string> scores;
  for (size_t i = first; i < call.size(); i += 3) {
    const auto point = ReadPoint(call, i);
    if (!point) return;
    scores.push_back(std::to_string(GeoHashOf(*point)));
  }
  std::vector<std::string_view> words(call.args.begin(), call.args.begin() + static_cast<ptrdiff_t>(first));
  for (size_t i = 0; i < scores.size(); ++i) {
    words.push_back(scores[i]);
    words.push_back(call[first + 3 * i + 2]);
  }
  Call add{words, call.access, call.reply, call.session, call.server, *FindCommand("zadd")};
  add.command.run(add);
}

std::optional<GeoPoint> PointOfMember(const SortedSet& set, std::string_view member) {
  const auto score = set.Score(member);
  if (!score) return {};
  return PointOfScore(*score);
}

void GeoPos(Call& call) {
  StoredKey key(call.access, call[1]);
  if (!HoldsOrNothing(call, key, Type::kSortedSet)) return;
  const SortedSet set = OpenSortedSet(call, key);
  call.reply.Array(call.size() - 2);
  for (const std::string_view member : call.args.subspan(2)) {
    if (const auto point = PointOfMember(set, member)) {
      ReplyWithPoint(call.reply, *point);
    } else {
      call.reply.NullArray();
    }
  }
}

void GeoHash(Call& call) {
  StoredKey key(call.access, call[1]);
  if (!HoldsOrNothing(call, key, Type::kSortedSet)) return;
  const SortedSet set = OpenSortedSet(call, key);
  call.reply.Array(call.size() - 2);
  for (const std::string_view member : call.args.subspan(2)) {
    if (const auto point = PointOfMember(set, member)) {
      call.reply.Bulk(GeoHashText(*point));
    } else {
      call.reply.Null();
    }
  }
}

void GeoDist(Call& call) {
  std::optional<double> meters = 1;
  if (call.size() == 5) meters = ReadUnit(call, 4);
  if (!meters) return;
  if (call.size() > 5) return call.reply.Error(kSyntax);
  StoredKey key(call.access, call[1]);
  if (!HoldsOrNothing(call, key, Type::kSortedSet)) return;
  const SortedSet set = OpenSortedSet(call, key);
  const auto one = PointOfMember(set, call[2]);
  const auto other = PointOfMember(set, call[3]);
  if (!one || !other) return call.reply.Null();
  ReplyWithDistance(call.reply, DistanceBetween(*one, *other) / *meters);
}

constexpr KeyPositions kOne = {1, 1, 1};
constexpr Command kCommands[] = {
    {"geoadd", -5, kWrite | kDenyOom, kOne, "geo", "3.2.0",
     "Add one or more geospatial items in the geospatial index represented using a sorted set", GeoAdd},
    {"geodist", -4, kReadonly, kOne, "geo", "3.2.0", "Returns the distance between two members of a geospatial index",
     GeoDist},
    {"geohash", -2, kReadonly, kOne, "geo", "3.2.0",
     "Returns members of a geospatial index as standard geohash strings", GeoHash},
    {"geopos", -2, kReadonly, kOne, "geo", "3.2.0", "Returns longitude and latitude of members of a geospatial index",
     GeoPos},
};

}  // namespace

std::span<const Command> GeoCommands() { return kCommands; }

}  // namespace amethyst::server
