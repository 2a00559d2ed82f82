#include "server/http/server_page.h"

#include <chrono>
#include <optional>

#include "page/json_writer.h"
#include "server/commands/numbers.h"

namespace amethyst::server {

namespace {

constexpr size_t kCollectionsPerLook = 100;
constexpr TimeMs kHourMs = 3'600'000;

// Of keys that expire, how many do by then: by the share of the bytes that tell of them.
uint64_t ExpiringBy(const Space& space, int64_t expiring, TimeMs by_ms) {
  const Family& family = space.family(Part::kTtl);
  const uint64_t all = family.ApproximateSize("", TtlEnd(kExpiryMax - 1)).value_or(0);
  const uint64_t by_then = family.ApproximateSize("", TtlEnd(by_ms)).value_or(0);
  if (all == 0 || expiring <= 0) return 0;
  return static_cast<uint64_t>(static_cast<double>(expiring) * static_cast<double>(by_then) / static_cast<double>(all));
}

}  // namespace

void ServerPage::Look() { big_keys_.Look(server_.space(), kCollectionsPerLook); }

std::string ServerPage::ServerText() {
  const Space& space = server_.space();
  int64_t keys = 0;
  int64_t expiring = 0;
  for (const uint16_t stored : space.numbers()) {
    keys += space.KeyCount(stored);
    expiring += space.ExpiringCount(stored);
  }
  const TimeMs now_ms = server_.NowMs();
  page::JsonWriter json;
  json.Begin('{').Field("keys", keys).Field("expiring", expiring);
  json.Field("expiring_hour", ExpiringBy(space, expiring, now_ms + kHourMs));
  json.Field("expiring_day", ExpiringBy(space, expiring, now_ms + 24 * kHourMs)).Key("commands").Begin('{');
  for (const auto& [name, counters] : server_.command_counters()) {
    if (counters.calls == 0) continue;
    json.Key(name).Begin('[');
    for (const uint64_t calls : counters.histogram.buckets()) json.Value(calls);
    json.End(']');
  }
  json.End('}').Key("big").Begin('[');
  for (const BigKeys::Found& found : big_keys_.Largest()) {
    json.Begin('{').Key("key").Bytes(UserKeyOf(found.keys_key)).Field("bytes", found.bytes).End('}');
  }
  json.End(']').Key("hot").Begin('[');
  for (const auto& [key, share] : server_.hot_keys().Hottest(BigKeys::kKept)) {
    json.Begin('{').Key("key").Bytes(key.key).Field("share", share).End('}');
  }
  // Each place stands for its neighbours, since all of them would make a long message.
  constexpr size_t kReadsOfEach = 4;
  const std::vector<std::string> reads = server_.hot_keys().Reads();
  json.End(']').Key("reads").Begin('[');
  for (size_t i = kReadsOfEach / 2; i < reads.size(); i += kReadsOfEach) json.Bytes(reads[i]);
  return json.End(']').End('}').Take();
}

std::expected<net::PageSource::Read, net::HttpResponse> ServerPage::ReadKey(const net::HttpRequest& request) {
  const auto refuse = [](unsigned status, std::string_view why) {
    return std::unexpected(net::HttpResponse::Refusal(status, why));
  };
  const auto key = request.Query("key");
  const std::optional<unsigned> database = ReadDatabase(request.Query("db").value_or("0"));
  if (!key) return refuse(400, "lookup wants key=");
  if (!database) return refuse(400, "db is 0 to 15");
  Space& space = server_.space();
  const Family& family = space.family(Part::kKeys);
  std::string stored = KeysKey(space.StoredDatabase(*database), *key);
  const auto begin = space.clock().Monotonic();
  auto value = family.Get(stored);
  const std::chrono::duration<double, std::micro> took = space.clock().Monotonic() - begin;
  if (!value) return refuse(500, value.error().message());
  return Read{.family = key::FamilyId{family.id()},
              .key = std::move(stored),
              .answer = page::EngineAnswer{.value = *std::move(value), .us = took.count()}};
}

}  // namespace amethyst::server
