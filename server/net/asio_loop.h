// The server's loop over real sockets, TCP and Unix, on standalone Asio.
//
// One thread. An idle connection holds no buffer: the loop waits until a socket has something, and reads it into one
// buffer that all share. A client that does not read its answers is not read from either, once a megabyte waits for it.
// TLS connections are handled by the same code over another stream, which keeps what it has decrypted in a buffer of
// its own. SIGHUP reads their certificates anew. Thread safety: one thread; Stop may be called from a signal handler's
// thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "amethyst/error.h"
#include "net/connection.h"
#include "net/http_address.h"
#include "net/http_server.h"
#include "server/server.h"

namespace amethyst::server {

struct ListenAt {
  std::vector<std::string> addresses{};  // Numeric: "127.0.0.1", "::1".
  uint16_t port = 0;                     // 0: one that is free, see AsioLoop::port; with `tls_port` none.
  uint16_t tls_port = 0;                 // 0: none. The server's settings say how.
  std::string unix_socket{};             // A path; empty: none.
  uint32_t unix_socket_mode = 0;         // Permissions of its file; 0: as the process makes files.
};

class AsioLoop {
 public:
  explicit AsioLoop(Server& server);
  ~AsioLoop();
  AsioLoop(const AsioLoop&) = delete;
  AsioLoop& operator=(const AsioLoop&) = delete;

  // May be called again, with other addresses, ports and settings of TLS: what is new is opened, then what is not
  // wanted any more is closed. Connections stay, and so does the Unix socket. After an error all is as before.
  // kInvalidArgument: an address is none. kBusy: the port is taken. kIo: something else.
  [[nodiscard]] Status Listen(const ListenAt& at);
  [[nodiscard]] uint16_t port() const;
  // `http` outlives this. The same errors.
  [[nodiscard]] Status ListenHttp(net::HttpServer& http, const net::HttpAddress& at);
  [[nodiscard]] uint16_t http_port() const;
  // Returns once SHUTDOWN, a signal to end, or Stop has asked for it: nothing is accepted, read or run any more. The
  // connections stay open as long as this lives, so that a client that sees its own end finds the database free.
  void Run();
  void Stop();

 private:
  class Implementation;
  const std::unique_ptr<Implementation> implementation_;
};

}  // namespace amethyst::server
