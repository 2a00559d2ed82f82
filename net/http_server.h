// Pages and figures over HTTP, for reading alone: routes from paths to handlers, and channels of events.
//
// It makes no system call: a transport tells it of connections and bytes, calls
// EndTurn when it has handed over all that has come, and Tick ten times a second. Clients are bounded in number, in the
// bytes that wait for them and in time: 10 s for a request, 60 s between two, 30 s to take some of what they are sent.
// A connection that is one too many takes the place of the one that has waited longest for its next request. Where none
// waits, it is closed without an answer: a browser's EventSource gives up for good on a status of refusal, and comes
// again after a connection that has broken.
// Thread safety: one thread, the loop's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/connection.h"
#include "net/event_channel.h"
#include "net/http_guard.h"
#include "net/http_request.h"
#include "net/http_response.h"
#include "net/http_session.h"

namespace amethyst::net {

class HttpServer {
 public:
  static constexpr size_t kConnectionsMax = 64;
  static constexpr size_t kListenersMax = 16;                  // Of all channels; each holds a connection.
  static constexpr size_t kUnsentBytesMax = size_t{16} << 20;  // Of all together: above it no request is answered.

  struct Counters {
    uint64_t connections = 0;
    uint64_t dropped_connections = 0;  // Too many, too slow, or too far behind.
    uint64_t requests = 0;
    uint64_t refused = 0;  // Of these: not read, not allowed, or not found.
  };

  // `clock` outlives this.
  HttpServer(HttpGuard guard, Clock& clock) : guard_(std::move(guard)), clock_(clock) {}
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  using Handler = std::function<HttpResponse(const HttpRequest&)>;
  void AddRoute(const std::string& path, Handler handler) { routes_[path] = std::move(handler); }
  // The channel lives as long as this.
  EventChannel& AddEvents(const std::string& path, EventChannel::Snapshot snapshot);
  // Is called at each tick, ten times a second.
  void AddTicker(std::function<void()> ticker) { tickers_.push_back(std::move(ticker)); }

  // nullptr: there are too many, and it closes.
  [[nodiscard]] HttpSession* Connect(Connection& connection);
  void Disconnect(HttpSession& session);
  void Receive(HttpSession& session, std::string_view bytes);
  // Answers requests that had to wait until the answers before them were taken.
  void EndTurn();
  void Tick();

  [[nodiscard]] const Counters& counters() const { return counters_; }
  [[nodiscard]] size_t connection_count() const { return sessions_.size(); }
  [[nodiscard]] size_t listener_count() const;
  // Answers that clients have not taken yet.
  [[nodiscard]] size_t unsent_bytes() const;

 private:
  void AnswerRequests(HttpSession& session);
  void Answer(HttpSession& session, const HttpRequest& request);
  void Send(HttpSession& session, const HttpResponse& response, const HttpRequest& request);
  void Refuse(HttpSession& session, const HttpResponse& response);
  void Drop(HttpSession& session);
  // False: nobody can.
  [[nodiscard]] bool MakeRoom();
  [[nodiscard]] bool IsTooSlow(HttpSession& session, uint64_t now_us) const;
  [[nodiscard]] uint64_t NowUs() const { return static_cast<uint64_t>(clock_.Monotonic().count()); }

  const HttpGuard guard_;
  Clock& clock_;
  std::map<std::string, Handler, std::less<>> routes_;
  std::map<std::string, std::unique_ptr<EventChannel>, std::less<>> channels_;
  std::vector<std::function<void()>> tickers_;
  std::map<HttpSession*, std::unique_ptr<HttpSession>> sessions_;
  uint64_t kept_alive_us_ = 0;  // When channels last sent something to find out who is there.
  Counters counters_;
};

}  // namespace amethyst::net
