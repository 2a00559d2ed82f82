// What the server shows over HTTP: its page and its figures. Thread safety: one thread, the server's loop.
#pragma once

#include "server/http/http_server.h"
#include "server/server.h"

namespace amethyst::server {

// `server` outlives `http`.
void AddServerRoutes(Server& server, HttpServer& http);

}  // namespace amethyst::server
