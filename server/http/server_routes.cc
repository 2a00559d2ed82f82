#include "server/http/server_routes.h"

#include <memory>
#include <string>

#include "server/http/live_page.h"
#include "server/http/metrics.h"

namespace amethyst::server {

void AddServerRoutes(Server& server, const EngineCounts& engine, HttpServer& http) {
  const auto page = std::make_shared<LivePage>(server, http);
  page->AddRoutes(page);
  const auto metrics = std::make_shared<Metrics>(server, http, engine);
  http.AddTicker([metrics] { metrics->Sample(); });
  http.AddRoute("/metrics", [metrics](const HttpRequest&) {
    return HttpResponse{.content_type = std::string(MetricText::kContentType), .body = metrics->Text()};
  });
}

}  // namespace amethyst::server
