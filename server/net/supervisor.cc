#include "server/net/supervisor.h"

#include <asio.hpp>
#include <cstdlib>
#include <string>

namespace amethyst::server {

void TellSupervisor(std::string_view state) {
  const char* const named = std::getenv("NOTIFY_SOCKET");
  if (named == nullptr || (named[0] != '/' && named[0] != '@')) return;
  std::string path = named;
  if (path[0] == '@') path[0] = '\0';  // Of Linux's abstract names.
  using Protocol = asio::local::datagram_protocol;
  if (path.size() >= Protocol::endpoint().capacity()) return;
  asio::io_context io;
  Protocol::socket socket(io);
  std::error_code error;
  socket.open(Protocol(), error);
  if (!error) socket.send_to(asio::buffer(state), Protocol::endpoint(path), 0, error);
}

}  // namespace amethyst::server
