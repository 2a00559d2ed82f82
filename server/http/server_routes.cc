#include "server/http/server_routes.h"

#include <memory>
#include <string>

#include "net/live_page.h"
#include "server/http/metrics.h"
#include "server/http/server_page.h"
#include "server/resp/request_parser.h"

namespace amethyst::server {

net::HttpAccess HttpAccessOf(const Config& config) {
  net::HttpAccess access{.password = config.values().requirepass};
  if (!SplitLine(config.values().http_names, &access.names)) access.names.clear();  // A quote that is not closed.
  return access;
}

void AddServerRoutes(Server& server, const EngineCounts& engine, net::HttpServer& http) {
  Space& space = server.space();
  const auto page = std::make_shared<net::LivePage>(
      space.environment(),
      page::Watcher::Settings{.directory = space.path().string(),
                              .memory_budget_bytes = server.config().memory_shares().engine_bytes},
      std::make_unique<ServerPage>(server), http);
  page->AddRoutes(page);
  const auto metrics = std::make_shared<Metrics>(server, http, engine);
  http.AddTicker([metrics] { metrics->Sample(); });
  http.AddRoute("/metrics", [metrics](const net::HttpRequest&) {
    return net::HttpResponse{.content_type = std::string(MetricText::kContentType), .body = metrics->Text()};
  });
}

}  // namespace amethyst::server
