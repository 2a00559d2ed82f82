#include "server/http/server_routes.h"

#include <memory>
#include <string>

#include "server/http/metrics.h"
#include "server/http/page_files.h"

namespace amethyst::server {

void AddServerRoutes(Server& server, const EngineCounts& engine, HttpServer& http) {
  for (const PageFile& file : PageFiles()) {
    http.AddRoute(std::string(file.path), [&file](const HttpRequest&) {
      return HttpResponse{.content_type = std::string(file.content_type), .body = std::string(file.bytes)};
    });
  }
  const auto metrics = std::make_shared<Metrics>(server, http, engine);
  http.AddTicker([metrics] { metrics->Sample(); });
  http.AddRoute("/metrics", [metrics](const HttpRequest&) {
    return HttpResponse{.content_type = std::string(MetricText::kContentType), .body = metrics->Text()};
  });
}

}  // namespace amethyst::server
