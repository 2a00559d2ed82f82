#include "net/live_page.h"

#include <string_view>
#include <utility>

#include "page/assets.h"

namespace amethyst::net {

namespace {

constexpr uint64_t kTicksPerLook = 10;
constexpr uint64_t kTicksPerLookAtEdits = 100;

}  // namespace

LivePage::LivePage(io::Environment& environment, page::Watcher::Settings settings, std::unique_ptr<PageSource> source,
                   HttpServer& http)
    : http_(http),
      watcher_(environment, settings),
      look_up_(environment, std::move(settings.directory)),
      source_(std::move(source)) {}

void LivePage::AddRoutes(const std::shared_ptr<LivePage>& self) {
  for (const page::Asset& asset : page::Assets()) {
    const std::string path = asset.name == "index.html" ? "/" : "/" + std::string(asset.name);
    http_.AddRoute(path, [&asset](const HttpRequest&) {
      return HttpResponse{.content_type = std::string(asset.type), .body = std::string(asset.text)};
    });
  }
  events_ = &http_.AddEvents("/events", [self](const HttpRequest&) { return self->SnapshotEvents(); });
  http_.AddRoute("/history", [self](const HttpRequest&) { return self->History(); });
  http_.AddRoute("/lookup", [self](const HttpRequest& request) { return self->LookUpKey(request); });
  http_.AddTicker([self] { self->Tick(); });
}

void LivePage::Tick() {
  ++ticks_;
  const bool has_listeners = events_->listener_count() > 0;
  // A manifest that cannot be read just now can be at the next look.
  if (ticks_ % (has_listeners ? kTicksPerLook : kTicksPerLookAtEdits) == 0) static_cast<void>(Look(has_listeners));
}

Status LivePage::Look(bool with_figures) {
  const auto messages = with_figures ? watcher_.Look() : watcher_.LookAtEdits();
  if (!messages) return std::unexpected(messages.error());
  if (!messages->empty()) look_up_.CloseUnlisted(watcher_.state());
  if (with_figures) {
    source_->Look();
    if (const std::string text = source_->ServerText(); !text.empty()) events_->Publish("server", text);
  }
  for (const page::Message& message : *messages) events_->Publish(message.name, message.data);
  return {};
}

Status LivePage::Look() { return Look(true); }

std::string LivePage::SnapshotEvents() {
  static_cast<void>(Look(true));
  const page::Message snapshot = watcher_.Snapshot();
  const std::string server = source_->ServerText();
  return (server.empty() ? "" : EncodeEvent("server", server)) + EncodeEvent(snapshot.name, snapshot.data);
}

HttpResponse LivePage::History() {
  static_cast<void>(Look(false));
  return {.content_type = "application/json", .body = watcher_.HistoryText()};
}

HttpResponse LivePage::LookUpKey(const HttpRequest& request) {
  auto read = source_->ReadKey(request);
  if (!read) return std::move(read).error();
  static_cast<void>(Look(false));
  return {.content_type = "application/json",
          .body = look_up_.Ask(watcher_.state(), read->family, read->key, read->answer)};
}

}  // namespace amethyst::net
