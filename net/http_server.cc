#include "net/http_server.h"

#include <algorithm>
#include <utility>

namespace amethyst::net {

namespace {

constexpr uint64_t kMicrosecondsOfSecond = 1'000'000;
constexpr uint64_t kRequestUsMax = 10 * kMicrosecondsOfSecond;
constexpr uint64_t kIdleUsMax = 60 * kMicrosecondsOfSecond;
constexpr uint64_t kStalledUsMax = 30 * kMicrosecondsOfSecond;
constexpr uint64_t kKeepAliveUs = 15 * kMicrosecondsOfSecond;
// Requests behind one another wait while this much of the answers does; who sends more of them meanwhile is dropped.
constexpr size_t kUnsentBytesOfOneMax = size_t{64} << 10;
constexpr size_t kWaitingBytesMax = size_t{512} << 10;

}  // namespace

EventChannel& HttpServer::AddEvents(const std::string& path, EventChannel::Snapshot snapshot) {
  auto& channel = channels_[path];
  channel = std::make_unique<EventChannel>(std::move(snapshot));
  return *channel;
}

size_t HttpServer::listener_count() const {
  size_t count = 0;
  for (const auto& [path, channel] : channels_) count += channel->listener_count();
  return count;
}

size_t HttpServer::unsent_bytes() const {
  size_t bytes = 0;
  for (const auto& [raw, session] : sessions_) bytes += session->connection.unsent_bytes();
  return bytes;
}

HttpSession* HttpServer::Connect(Connection& connection) {
  ++counters_.connections;
  if (sessions_.size() >= kConnectionsMax && !MakeRoom()) {
    ++counters_.dropped_connections;
    connection.Close();
    return nullptr;
  }
  auto session = std::make_unique<HttpSession>(connection, NowUs());
  HttpSession* const raw = session.get();
  sessions_.emplace(raw, std::move(session));
  return raw;
}

// The transport tells of those that it closes later, so they are not counted as open.
bool HttpServer::MakeRoom() {
  size_t open = 0;
  HttpSession* oldest = nullptr;
  for (const auto& [raw, session] : sessions_) {
    if (session->is_closing) continue;
    ++open;
    const bool waits = session->channel == nullptr && session->connection.unsent_bytes() == 0;
    if (waits && (oldest == nullptr || session->waiting_since_us < oldest->waiting_since_us)) oldest = raw;
  }
  if (open < kConnectionsMax) return true;
  if (oldest != nullptr) Drop(*oldest);
  return oldest != nullptr;
}

void HttpServer::Drop(HttpSession& session) {
  ++counters_.dropped_connections;
  session.is_closing = true;
  session.connection.Close();
}

void HttpServer::Disconnect(HttpSession& session) {
  if (session.channel != nullptr) session.channel->Leave(session);
  sessions_.erase(&session);
}

void HttpServer::Receive(HttpSession& session, std::string_view bytes) {
  if (session.is_closing || session.channel != nullptr) return;  // A listener has nothing more to say.
  if (!session.reader.has_begun()) session.waiting_since_us = NowUs();
  session.reader.Append(bytes);
  AnswerRequests(session);
  if (session.reader.waiting_bytes() > kWaitingBytesMax) Drop(session);
}

void HttpServer::AnswerRequests(HttpSession& session) {
  session.has_more = false;
  while (!session.is_closing && session.channel == nullptr) {
    session.has_more = session.connection.unsent_bytes() >= kUnsentBytesOfOneMax;
    if (session.has_more) return;
    RequestReader::Outcome outcome = session.reader.Next();
    if (!outcome) {
      ++counters_.requests;
      return Refuse(session, outcome.error());
    }
    if (!*outcome) return;
    ++counters_.requests;
    Answer(session, **outcome);
    session.waiting_since_us = NowUs();
  }
}

void HttpServer::Answer(HttpSession& session, const HttpRequest& request) {
  if (const auto refusal = guard_.Refuse(request)) return Refuse(session, *refusal);
  if (unsent_bytes() > kUnsentBytesMax) return Drop(session);
  if (const auto route = routes_.find(request.path); route != routes_.end()) {
    return Send(session, route->second(request), request);
  }
  const auto channel = channels_.find(request.path);
  if (channel == channels_.end()) {
    ++counters_.refused;
    return Send(session, HttpResponse::Refusal(404, "There is nothing at this path."), request);
  }
  if (listener_count() >= kListenersMax) return Drop(session);
  const HttpResponse head{.content_type = "text/event-stream"};
  session.connection.Send(EncodeHead(head, {.now = clock_.WallTime(), .is_stream = true}));
  if (!request.is_head) return channel->second->Join(session, request);
  session.is_closing = true;
  session.connection.CloseWhenSent();
}

void HttpServer::Send(HttpSession& session, const HttpResponse& response, const HttpRequest& request) {
  std::string bytes = EncodeHead(response, {.now = clock_.WallTime(), .keeps_alive = request.keeps_alive});
  if (!request.is_head) bytes += response.body;
  session.connection.Send(std::move(bytes));
  if (request.keeps_alive) return;
  session.is_closing = true;
  session.connection.CloseWhenSent();
}

void HttpServer::Refuse(HttpSession& session, const HttpResponse& response) {
  ++counters_.refused;
  Send(session, response, {});
}

void HttpServer::EndTurn() {
  for (const auto& [raw, session] : sessions_) {
    if (session->has_more) AnswerRequests(*session);
  }
}

bool HttpServer::IsTooSlow(HttpSession& session, uint64_t now_us) const {
  const size_t unsent = session.connection.unsent_bytes();
  if (unsent == 0 || unsent < session.unsent_bytes) session.unsent_since_us = now_us;
  session.unsent_bytes = unsent;
  if (unsent > 0) return now_us - session.unsent_since_us > kStalledUsMax;
  if (session.channel != nullptr) return false;
  return now_us - session.waiting_since_us > (session.reader.has_begun() ? kRequestUsMax : kIdleUsMax);
}

void HttpServer::Tick() {
  const uint64_t now_us = NowUs();
  for (const auto& ticker : tickers_) ticker();
  if (now_us - kept_alive_us_ >= kKeepAliveUs) {
    kept_alive_us_ = now_us;
    for (const auto& [path, channel] : channels_) channel->KeepAlive();
  }
  for (const auto& [raw, session] : sessions_) {
    if (IsTooSlow(*session, now_us)) Drop(*session);
  }
}

}  // namespace amethyst::net
