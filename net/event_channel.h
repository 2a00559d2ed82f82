// Events that a server sends for as long as a client listens (server-sent events): a snapshot first, then the news.
//
// An event is encoded once for all who listen. A listener that does not read is dropped once it is a megabyte behind,
// its snapshot apart; a browser then comes again by itself and gets a new snapshot.
// Thread safety: one thread, the loop's.
#pragma once

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "net/http_request.h"
#include "net/http_session.h"

namespace amethyst::net {

class EventChannel {
 public:
  // What a listener gets first: any number of events, each as EncodeEvent makes it.
  using Snapshot = std::function<std::string(const HttpRequest&)>;
  static constexpr size_t kBehindBytesMax = size_t{1} << 20;

  explicit EventChannel(Snapshot snapshot) : snapshot_(std::move(snapshot)) {}
  EventChannel(const EventChannel&) = delete;
  EventChannel& operator=(const EventChannel&) = delete;

  // Sends the event to all who listen. Data may have several lines.
  void Publish(std::string_view name, std::string_view data, std::string_view id = "");
  // Nothing needs to be made where nobody listens.
  [[nodiscard]] size_t listener_count() const { return listeners_.size(); }

  // For HttpServer. The head of the response has been sent.
  void Join(HttpSession& session, const HttpRequest& request);
  void Leave(HttpSession& session) { listeners_.erase(&session); }
  // Sends what listeners pass over, so that a connection that has broken is noticed.
  void KeepAlive();

 private:
  void SendAll(const std::string& bytes);

  const Snapshot snapshot_;
  std::set<HttpSession*> listeners_;
};

}  // namespace amethyst::net
