// The page of a database, live: its modules, its state, edits as they come, and look-ups of keys.
//
// While a page is open the database is looked at once a second; without one its edits alone are, now and then, so that
// the page can travel back over them. Thread safety: one thread, the loop's.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>

#include "key/types.h"
#include "net/http_server.h"
#include "page/look_up.h"
#include "page/watcher.h"

namespace amethyst::net {

// No file says it: the program that has the database open tells the page.
class PageSource {
 public:
  virtual ~PageSource() = default;
  // A key as it is stored, and what a read of it came to; nullopt: nothing here can read it.
  struct Read {
    key::FamilyId family{};
    std::string key;
    std::optional<page::EngineAnswer> answer{};
  };
  // Of a request for /lookup, or why there is no answer.
  [[nodiscard]] virtual std::expected<Read, HttpResponse> ReadKey(const HttpRequest& request) = 0;
  // Is called once a second while somebody looks.
  virtual void Look() {}
  // The data of the event "server"; empty: none is sent.
  [[nodiscard]] virtual std::string ServerText() { return {}; }
};

class LivePage {
 public:
  // `environment` and `http` outlive this.
  LivePage(io::Environment& environment, page::Watcher::Settings settings, std::unique_ptr<PageSource> source,
           HttpServer& http);

  // `self` is this: the routes keep it.
  void AddRoutes(const std::shared_ptr<LivePage>& self);
  // Takes in what is new, and tells those who listen, once there are routes. kInvalidArgument: no database is there.
  [[nodiscard]] Status Look();

  [[nodiscard]] const page::Watcher& watcher() const { return watcher_; }

 private:
  void Tick();
  // With the figures, or the edits alone.
  [[nodiscard]] Status Look(bool with_figures);
  [[nodiscard]] std::string SnapshotEvents();
  [[nodiscard]] HttpResponse History();
  [[nodiscard]] HttpResponse LookUpKey(const HttpRequest& request);

  HttpServer& http_;
  EventChannel* events_ = nullptr;
  page::Watcher watcher_;
  page::LookUp look_up_;
  const std::unique_ptr<PageSource> source_;
  uint64_t ticks_ = 0;
};

}  // namespace amethyst::net
