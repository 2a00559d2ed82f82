#include "server/http/server_routes.h"

#include <memory>

#include "server/http/live_page.h"

namespace amethyst::server {

void AddServerRoutes(Server& server, HttpServer& http) {
  const auto page = std::make_shared<LivePage>(server, http);
  page->AddRoutes(page);
}

}  // namespace amethyst::server
