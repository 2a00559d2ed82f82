// What the server shows over HTTP: its page and its figures. Thread safety: one thread, the server's loop.
#pragma once

#include "server/engine_counts.h"
#include "server/http/http_server.h"
#include "server/server.h"

namespace amethyst::server {

// `server` and `engine` outlive `http`.
void AddServerRoutes(Server& server, const EngineCounts& engine, HttpServer& http);

}  // namespace amethyst::server
