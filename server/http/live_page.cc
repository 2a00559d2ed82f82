#include "server/http/live_page.h"

#include <chrono>
#include <optional>

#include "page/assets.h"
#include "page/json_writer.h"
#include "server/commands/numbers.h"

namespace amethyst::server {

namespace {

constexpr uint64_t kTicksPerLook = 10;
constexpr uint64_t kTicksPerLookAtEdits = 100;
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

LivePage::LivePage(Server& server, HttpServer& http)
    : server_(server),
      http_(http),
      watcher_(server.space().environment(), {.directory = server.space().path().string(),
                                              .memory_budget_bytes = server.config().memory_shares().engine_bytes}),
      look_up_(server.space().environment(), server.space().path().string()) {}

void LivePage::AddRoutes(const std::shared_ptr<LivePage>& self) {
  for (const page::Asset& asset : page::Assets()) {
    const std::string path = asset.name == "index.html" ? "/" : "/" + std::string(asset.name);
    http_.AddRoute(path, [&asset](const HttpRequest&) {
      return HttpResponse{.content_type = std::string(asset.type), .body = std::string(asset.text)};
    });
  }
  events_ = &http_.AddEvents("/events", [self](const HttpRequest&) { return self->SnapshotEvent(); });
  http_.AddRoute("/history", [self](const HttpRequest&) { return self->History(); });
  http_.AddRoute("/lookup", [self](const HttpRequest& request) { return self->LookUpKey(request); });
  http_.AddTicker([self] { self->Tick(); });
}

void LivePage::Tick() {
  ++ticks_;
  if (events_->listener_count() > 0) {
    if (ticks_ % kTicksPerLook == 0) Look(true);
  } else if (ticks_ % kTicksPerLookAtEdits == 0) {
    Look(false);
  }
}

void LivePage::Look(bool with_figures) {
  const auto messages = with_figures ? watcher_.Look() : watcher_.LookAtEdits();
  if (!messages) return;  // Of a manifest that cannot be read just now: the next look may.
  if (!messages->empty()) look_up_.CloseUnlisted(watcher_.state());
  if (with_figures) {
    big_keys_.Look(server_.space(), kCollectionsPerLook);
    events_->Publish("server", ServerText());
  }
  for (const page::Message& message : *messages) events_->Publish(message.name, message.data);
}

std::string LivePage::SnapshotEvent() {
  Look(true);
  const page::Message snapshot = watcher_.Snapshot();
  return EncodeEvent("server", ServerText()) + EncodeEvent(snapshot.name, snapshot.data);
}

std::string LivePage::ServerText() const {
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

HttpResponse LivePage::History() {
  Look(false);
  return {.content_type = "application/json", .body = watcher_.HistoryText()};
}

HttpResponse LivePage::LookUpKey(const HttpRequest& request) {
  const auto key = request.Query("key");
  const std::optional<unsigned> database = ReadDatabase(request.Query("db").value_or("0"));
  if (!key) return HttpResponse::Refusal(400, "lookup wants key=");
  if (!database) return HttpResponse::Refusal(400, "db is 0 to 15");
  Space& space = server_.space();
  const Family& family = space.family(Part::kKeys);
  const std::string stored = KeysKey(space.StoredDatabase(*database), *key);
  const auto begin = space.clock().Monotonic();
  const auto value = family.Get(stored);
  const std::chrono::duration<double, std::micro> took = space.clock().Monotonic() - begin;
  if (!value) return HttpResponse::Refusal(500, value.error().message());
  Look(false);
  return {.content_type = "application/json",
          .body = look_up_.Ask(watcher_.state(), key::FamilyId{family.id()}, stored,
                               page::EngineAnswer{.value = *value, .us = took.count()})};
}

}  // namespace amethyst::server
