// The page of the server's database, live: its modules, its state, edits as they come, and look-ups of keys.
//
// While a page is open the database is looked at once a second; without one its edits alone are, now and then, so that
// the page can travel back over them. Thread safety: one thread, the server's loop.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "page/look_up.h"
#include "page/watcher.h"
#include "server/http/big_keys.h"
#include "server/http/http_server.h"
#include "server/server.h"

namespace amethyst::server {

class LivePage {
 public:
  // Both outlive this.
  LivePage(Server& server, HttpServer& http);

  // `self` is this: the routes keep it.
  void AddRoutes(const std::shared_ptr<LivePage>& self);

 private:
  void Tick();
  // Takes in what is new, and tells those who listen. With the figures, or the edits alone.
  void Look(bool with_figures);
  [[nodiscard]] std::string SnapshotEvent();
  // What only the server knows: how long commands take, and how many keys there are and will expire.
  [[nodiscard]] std::string ServerText() const;
  [[nodiscard]] HttpResponse History();
  [[nodiscard]] HttpResponse LookUpKey(const HttpRequest& request);

  Server& server_;
  HttpServer& http_;
  EventChannel* events_ = nullptr;
  page::Watcher watcher_;
  page::LookUp look_up_;
  BigKeys big_keys_;
  uint64_t ticks_ = 0;
};

}  // namespace amethyst::server
