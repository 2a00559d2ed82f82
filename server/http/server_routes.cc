#include "server/http/server_routes.h"

#include <string>

#include "server/http/page_files.h"

namespace amethyst::server {

void AddServerRoutes(Server& /*server*/, HttpServer& http) {
  for (const PageFile& file : PageFiles()) {
    http.AddRoute(std::string(file.path), [&file](const HttpRequest&) {
      return HttpResponse{.content_type = std::string(file.content_type), .body = std::string(file.bytes)};
    });
  }
}

}  // namespace amethyst::server
