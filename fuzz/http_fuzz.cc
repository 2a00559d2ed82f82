// Any bytes to the server of HTTP in memory, in large and in drawn pieces: the same requests are answered, nothing
// crashes, and no more is kept than the head of a request.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "base/random.h"
#include "net/connection.h"
#include "net/http_server.h"

namespace {

using namespace amethyst;       // NOLINT: a program of one file.
using namespace amethyst::net;  // NOLINT

class StillClock final : public Clock {
 public:
  std::chrono::milliseconds WallTime() override { return std::chrono::milliseconds(1'700'000'000'000); }
  std::chrono::microseconds Monotonic() override { return std::chrono::microseconds(1'000'000); }
};

class KeepingConnection final : public Connection {
 public:
  void Send(std::string bytes) override {
    AMETHYST_ASSERT(!is_closed);
    sent += bytes;
  }
  size_t unsent_bytes() const override { return 0; }
  void CloseWhenSent() override { is_closed = true; }
  void Close() override { is_closed = true; }
  std::string peer() const override { return "127.0.0.1:1"; }
  std::string local() const override { return "127.0.0.1:2"; }

  std::string sent;
  bool is_closed = false;
};

// The requests that were answered; `piece` says how long each piece is. A refusal may come sooner in small pieces.
template <typename Piece>
std::string Serve(std::string_view bytes, const Piece& piece) {
  std::string answered;
  StillClock clock;
  HttpServer http(HttpGuard([] { return HttpAccess(); }, true), clock);
  http.AddRoute("/", [&](const HttpRequest& request) {
    AMETHYST_ASSERT(request.path == "/");
    answered += request.is_head ? "h" : "g";
    for (const auto& [name, value] : request.query) answered += name + "=" + value + "&";
    return HttpResponse{.body = std::string(request.Query("key").value_or("none"))};
  });
  EventChannel& channel = http.AddEvents("/events", [&](const HttpRequest& request) {
    answered += "e" + request.last_event_id;
    return EncodeEvent("snapshot", request.last_event_id);
  });
  KeepingConnection connection;
  HttpSession* const session = http.Connect(connection);
  while (!bytes.empty() && !connection.is_closed) {
    const size_t length = std::min(bytes.size(), piece());
    http.Receive(*session, bytes.substr(0, length));
    bytes.remove_prefix(length);
    AMETHYST_ASSERT(connection.is_closed || session->reader.waiting_bytes() <= RequestReader::kHeadBytesMax);
  }
  channel.Publish("edit", "1");
  http.EndTurn();
  http.Tick();
  http.Disconnect(*session);
  AMETHYST_ASSERT(channel.listener_count() == 0);
  AMETHYST_ASSERT(answered.empty() || !connection.sent.empty());
  return answered;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  base::Random random(size + (bytes.empty() ? 0 : static_cast<unsigned char>(bytes.back())));
  const std::string whole = Serve(bytes, [] { return size_t{1} << 14; });
  const std::string pieces = Serve(bytes, [&] { return 1 + random.Below(1 + random.Below(40)); });
  AMETHYST_ASSERT(whole == pieces);
  return 0;
}
