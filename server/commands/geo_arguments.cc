#include "server/commands/geo_arguments.h"

#include <fmt/format.h>

#include <string>

#include "server/commands/numbers.h"

namespace amethyst::server {

namespace {

void ReplyWithCoordinate(Reply& reply, double degrees) {
  const std::string text = FormatLongDouble(degrees);
  if (!reply.is_resp3()) return reply.Bulk(text);
  reply.Raw(fmt::format(",{}\r\n", text));
}

}  // namespace

std::optional<GeoPoint> ReadPoint(Call& call, size_t i) {
  const auto longitude = ReadDouble(call[i]);
  const auto latitude = ReadDouble(call[i + 1]);
  if (!longitude || !latitude) return call.reply.Error(kNotFloat), std::nullopt;
  const GeoPoint point{.longitude = *longitude, .latitude = *latitude};
  if (IsOnGrid(point)) return point;
  call.reply.Error(fmt::format("ERR invalid longitude,latitude pair {:f},{:f}", *longitude, *latitude));
  return {};
}

std::optional<double> ReadUnit(Call& call, size_t i) {
  if (call.Is(i, "m")) return 1;
  if (call.Is(i, "km")) return 1000;
  if (call.Is(i, "ft")) return 0.3048;
  if (call.Is(i, "mi")) return 1609.34;
  call.reply.Error("ERR unsupported unit provided. please use M, KM, FT, MI");
  return {};
}

std::optional<SizedShape> ReadCircle(Call& call, size_t i) {
  const auto radius = ReadDouble(call[i]);
  if (!radius) return call.reply.Error("ERR need numeric radius"), std::nullopt;
  if (*radius < 0) return call.reply.Error("ERR radius cannot be negative"), std::nullopt;
  const auto meters = ReadUnit(call, i + 1);
  if (!meters) return {};
  return SizedShape{.shape = {.radius = *radius * *meters}, .unit_meters = *meters};
}

std::optional<SizedShape> ReadBox(Call& call, size_t i) {
  const auto width = ReadDouble(call[i]);
  if (!width) return call.reply.Error("ERR need numeric width"), std::nullopt;
  const auto height = ReadDouble(call[i + 1]);
  if (!height) return call.reply.Error("ERR need numeric height"), std::nullopt;
  if (*width < 0 || *height < 0) return call.reply.Error("ERR height or width cannot be negative"), std::nullopt;
  const auto meters = ReadUnit(call, i + 2);
  if (!meters) return {};
  return SizedShape{.shape = {.is_box = true, .width = *width * *meters, .height = *height * *meters},
                    .unit_meters = *meters};
}

void ReplyWithPoint(Reply& reply, const GeoPoint& point) {
  reply.Array(2);
  ReplyWithCoordinate(reply, point.longitude);
  ReplyWithCoordinate(reply, point.latitude);
}

void ReplyWithDistance(Reply& reply, double distance) { reply.Bulk(fmt::format("{:.4f}", distance)); }

}  // namespace amethyst::server
