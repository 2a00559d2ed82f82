// A loop of its own for HTTP over TCP, on standalone Asio: for a program that serves nothing else.
// Thread safety: one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "amethyst/error.h"
#include "net/http_address.h"
#include "net/http_server.h"

namespace amethyst::net {

class HttpLoop {
 public:
  // `http` outlives this.
  explicit HttpLoop(HttpServer& http);
  ~HttpLoop();  // Closes what is open.
  HttpLoop(const HttpLoop&) = delete;
  HttpLoop& operator=(const HttpLoop&) = delete;

  // Once, before Run. Port 0: one that is free. kBusy: the port is taken. kIo: something else.
  [[nodiscard]] Status Listen(const HttpAddress& at);
  // Where it listens.
  [[nodiscard]] const HttpAddress& address() const;
  // Returns once `ends` is true, which is asked after each turn, at least ten times a second.
  void Run(const std::function<bool()>& ends);

 private:
  class Implementation;
  const std::unique_ptr<Implementation> implementation_;
};

}  // namespace amethyst::net
