// A connection to a server in memory, and requests as a client sends them: for tests and torture suites.
// Thread safety: one thread.
#pragma once

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "server/net/connection.h"

namespace amethyst::server {

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

// Words as a client sends them.
[[nodiscard]] inline std::string Encode(const std::vector<std::string>& words) {
  std::string bytes = fmt::format("*{}\r\n", words.size());
  for (const std::string& word : words) bytes += fmt::format("${}\r\n{}\r\n", word.size(), word);
  return bytes;
}

}  // namespace amethyst::server
