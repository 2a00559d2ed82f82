// What the server shows over HTTP: its page and its figures. Thread safety: one thread, the server's loop.
#pragma once

#include "net/http_server.h"
#include "server/config.h"
#include "server/engine_counts.h"
#include "server/server.h"

namespace amethyst::server {

// What the settings say of who may read.
[[nodiscard]] net::HttpAccess HttpAccessOf(const Config& config);

// `server` and `engine` outlive `http`.
void AddServerRoutes(Server& server, const EngineCounts& engine, net::HttpServer& http);

}  // namespace amethyst::server
