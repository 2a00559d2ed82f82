// What a service, such as the server or that of HTTP, needs of the outside: connections' bytes, a clock and timers. The
// service itself makes no system call, so that tests and the simulator run all of it in memory, and again with the same
// seed.
//
// Everything happens on one thread, the loop's. A loop works in turns: it hands over what has come on all connections,
// then calls the service's EndTurn, which sends the answers. So a turn's commands can share one flush of the device.
// While a script of the server runs for long there are turns within a turn: see server::Server::SetPoll.
// Thread safety: one thread, the loop's.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "io/environment.h"

namespace amethyst::net {

// The sending side of one connection. The transport owns it; it lives until the service has been told that the
// connection is closed.
class Connection {
 public:
  virtual ~Connection() = default;
  // Takes the bytes and sends them when it can, in order.
  virtual void Send(std::string bytes) = 0;
  // Bytes that were given to Send and are not sent yet.
  [[nodiscard]] virtual size_t unsent_bytes() const = 0;
  // Sends what it was given, then closes. Nothing is received any more.
  virtual void CloseWhenSent() = 0;
  // Closes at once.
  virtual void Close() = 0;
  // "127.0.0.1:54321", both ends; a Unix socket's is its path and ":0".
  [[nodiscard]] virtual std::string peer() const = 0;
  [[nodiscard]] virtual std::string local() const = 0;
};

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual std::chrono::milliseconds WallTime() = 0;
  [[nodiscard]] virtual std::chrono::microseconds Monotonic() = 0;
};

// The engine's: the operating system's, or a simulation's.
class EngineClock final : public Clock {
 public:
  // `clock` outlives this.
  explicit EngineClock(io::Clock& clock) : clock_(clock) {}
  [[nodiscard]] std::chrono::milliseconds WallTime() override { return clock_.WallTime(); }
  [[nodiscard]] std::chrono::microseconds Monotonic() override {
    return std::chrono::duration_cast<std::chrono::microseconds>(clock_.Monotonic());
  }

 private:
  io::Clock& clock_;
};

}  // namespace amethyst::net
