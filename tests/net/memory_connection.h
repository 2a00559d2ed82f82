// A connection to a service in memory, and a clock that the test turns: for tests and torture suites.
// Thread safety: one thread.
#pragma once

#include <chrono>
#include <string>
#include <utility>

#include "net/connection.h"

namespace amethyst::net {

class MemoryConnection : public Connection {
 public:
  explicit MemoryConnection(std::string peer) : peer_(std::move(peer)) {}
  void Send(std::string bytes) override {
    if (!is_cut) sent += bytes;
  }
  size_t unsent_bytes() const override { return unsent; }
  void CloseWhenSent() override { is_closed = true; }
  void Close() override { is_closed = is_cut = true; }
  std::string peer() const override { return peer_; }
  std::string local() const override { return "127.0.0.1:6380"; }

  std::string sent;
  size_t unsent = 0;  // As a peer leaves it that does not read.
  bool is_closed = false;
  bool is_cut = false;  // At once: nothing more is sent.

 private:
  const std::string peer_;
};

class ManualClock final : public Clock {
 public:
  std::chrono::milliseconds WallTime() override { return wall; }
  std::chrono::microseconds Monotonic() override { return monotonic += look; }
  void Advance(std::chrono::milliseconds time) {
    wall += time;
    monotonic += time;
  }

  std::chrono::milliseconds wall{1'700'000'000'000};
  std::chrono::microseconds monotonic{1'000'000};
  std::chrono::microseconds look{0};  // What passes whenever it is read.
};

}  // namespace amethyst::net
