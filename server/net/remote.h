// Another server that speaks the protocol, as MIGRATE calls it.
// Thread safety: as each implementation says; the server calls it on the loop's thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace amethyst::server {

struct RemoteAddress {
  std::string host;
  std::string port;
  std::chrono::milliseconds timeout{};  // Of each step: to connect, to send, to wait for a reply.
};

struct RemoteAnswers {
  std::vector<std::string> lines{};  // Those that have come, without their ends.
  enum class Failure : uint8_t { kConnect, kWrite, kRead };
  std::optional<Failure> failure{};  // Why the others have not.
};

// Sends requests and waits for their answers, then hangs up. Each request must have an answer of one line.
using CallRemote =
    std::function<RemoteAnswers(const RemoteAddress& at, std::string_view requests, size_t request_count)>;

// Over TCP. Waits; the name is looked up without a limit of time.
[[nodiscard]] RemoteAnswers CallOverTcp(const RemoteAddress& at, std::string_view requests, size_t request_count);

}  // namespace amethyst::server
