// How commands are given places and lengths, and how they show them: "13.36 38.11", "200 km".
// Thread safety: one thread, the server's loop.
#pragma once

#include <optional>

#include "server/commands/command.h"
#include "server/types/geohash.h"

namespace amethyst::server {

// Each says what is wrong and returns nullopt where the arguments are not valid.

// Longitude and latitude from argument i on.
[[nodiscard]] std::optional<GeoPoint> ReadPoint(Call& call, size_t i);
// How many metres the unit has.
[[nodiscard]] std::optional<double> ReadUnit(Call& call, size_t i);
// A shape without its centre, and the unit that its lengths were given in.
struct SizedShape {
  GeoShape shape;
  double unit_meters = 1;
};
// "radius unit", and "width height unit".
[[nodiscard]] std::optional<SizedShape> ReadCircle(Call& call, size_t i);
[[nodiscard]] std::optional<SizedShape> ReadBox(Call& call, size_t i);

void ReplyWithPoint(Reply& reply, const GeoPoint& point);
// With four decimals.
void ReplyWithDistance(Reply& reply, double distance);

}  // namespace amethyst::server
