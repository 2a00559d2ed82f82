// Any bytes to the parser of Redis's protocol, in one piece and in drawn pieces: the same requests and the same
// refusal. Then the same to a whole server in memory, from two clients in turn: no crash, and no memory for what is
// announced.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "base/random.h"
#include "fuzz/empty_space.h"
#include "net/connection.h"
#include "server/config.h"
#include "server/keyspace/space.h"
#include "server/resp/request_parser.h"
#include "server/server.h"

namespace {

using namespace amethyst;          // NOLINT: a program of one file.
using namespace amethyst::server;  // NOLINT

struct Parsed {
  std::vector<std::vector<std::string>> requests;
  std::string refusal;
  friend bool operator==(const Parsed&, const Parsed&) = default;
};

Parsed Parse(const std::vector<std::string_view>& pieces) {
  RequestParser parser;
  Parsed parsed;
  for (const std::string_view piece : pieces) {
    parser.Append(piece);
    while (true) {
      const RequestParser::Outcome outcome = parser.Next();
      if (!outcome) {
        parsed.refusal = outcome.error();
        return parsed;
      }
      if (!*outcome) break;
      parsed.requests.emplace_back(parser.arguments().begin(), parser.arguments().end());
    }
  }
  return parsed;
}

std::vector<std::string_view> Cut(std::string_view bytes, base::Random& random) {
  std::vector<std::string_view> pieces;
  while (!bytes.empty()) {
    const size_t length = std::min<size_t>(bytes.size(), 1 + random.Below(1 + random.Below(40)));
    pieces.push_back(bytes.substr(0, length));
    bytes.remove_prefix(length);
  }
  return pieces;
}

class StillClock final : public net::Clock {
 public:
  std::chrono::milliseconds WallTime() override { return std::chrono::milliseconds(1'700'000'000'000 + ticks); }
  std::chrono::microseconds Monotonic() override { return std::chrono::microseconds(1'000 * ticks); }
  int64_t ticks = 0;
};

class SilentConnection final : public net::Connection {
 public:
  void Send(std::string bytes) override { AMETHYST_ASSERT(!bytes.empty()); }
  size_t unsent_bytes() const override { return 0; }
  void CloseWhenSent() override {}
  void Close() override {}
  std::string peer() const override { return "127.0.0.1:1"; }
  std::string local() const override { return "127.0.0.1:2"; }
};

void Serve(const std::vector<std::string_view>& pieces) {
  Config config;
  StillClock clock;
  // Long values would be the input's right, and cost the fuzzer its memory.
  AMETHYST_ASSERT(config.Set({{"proto-max-bulk-len", "1048576"}}, true));
  Server server(EmptySpace(), config, clock);
  SilentConnection connections[2];
  Session* const sessions[] = {server.Connect(connections[0]), server.Connect(connections[1])};
  size_t given = 0;
  for (size_t i = 0; i < pieces.size(); ++i) {
    Session& session = *sessions[i / 8 % 2];  // A few pieces at a time, so that requests can come about.
    given += pieces[i].size();
    server.Receive(session, pieces[i]);
    AMETHYST_ASSERT(session.parser.waiting_bytes() <= given);
    ++clock.ticks;
    server.EndTurn();
    if (i % 16 == 0) server.Tick();
  }
  for (Session* const session : sessions) server.Disconnect(*session);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  base::Random random(size + (bytes.empty() ? 0 : static_cast<unsigned char>(bytes.back())));
  const std::vector<std::string_view> pieces = Cut(bytes, random);
  AMETHYST_ASSERT(Parse(pieces) == Parse({bytes}));
  Serve(pieces);
  Serve({bytes});
  return 0;
}
