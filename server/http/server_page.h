// What the page tells of the server's database beside its files: commands, keys that will expire, the largest
// collections, the hottest keys. Thread safety: one thread, the server's loop.
#pragma once

#include <string>

#include "net/live_page.h"
#include "server/http/big_keys.h"
#include "server/server.h"

namespace amethyst::server {

class ServerPage final : public net::PageSource {
 public:
  // `server` outlives this.
  explicit ServerPage(Server& server) : server_(server) {}

  // `key` as clients name it, in the database `db`, or 0.
  [[nodiscard]] std::expected<Read, net::HttpResponse> ReadKey(const net::HttpRequest& request) override;
  void Look() override;
  [[nodiscard]] std::string ServerText() override;

 private:
  Server& server_;
  BigKeys big_keys_;
};

}  // namespace amethyst::server
