#include "net/event_channel.h"

#include <utility>

#include "net/http_response.h"

namespace amethyst::net {

void EventChannel::Join(HttpSession& session, const HttpRequest& request) {
  std::string snapshot = snapshot_(request);
  session.unsent_bytes_max = snapshot.size() + kBehindBytesMax;
  session.channel = this;
  listeners_.insert(&session);
  if (!snapshot.empty()) session.connection.Send(std::move(snapshot));
}

void EventChannel::Publish(std::string_view name, std::string_view data, std::string_view id) {
  if (!listeners_.empty()) SendAll(EncodeEvent(name, data, id));
}

void EventChannel::KeepAlive() { SendAll(":\n\n"); }

void EventChannel::SendAll(const std::string& bytes) {
  for (auto at = listeners_.begin(); at != listeners_.end();) {
    HttpSession& session = **at;
    if (session.connection.unsent_bytes() + bytes.size() <= session.unsent_bytes_max) {
      session.connection.Send(bytes);
      ++at;
      continue;
    }
    at = listeners_.erase(at);
    session.channel = nullptr;
    session.is_closing = true;
    session.connection.Close();
  }
}

}  // namespace amethyst::net
