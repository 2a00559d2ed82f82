#include "server/session.h"

#include <algorithm>

namespace amethyst::server {

Session::Session(Connection& transport, Outbox& all, const Start& start)
    : connection(transport),
      outbox(all),
      id(start.id),
      created_us(start.now_us),
      is_authenticated(start.is_authenticated),
      last_active_us(start.now_us) {}

void Outbox::Remove(Session& session) {
  sessions_.erase(&session);
  postponed_.erase(session.id);
}

void Outbox::Postpone(Session& session) {
  postponed_.emplace(session.id, &session);
  Add(session);
}

bool Outbox::HasBacklog() const {
  return std::ranges::any_of(postponed_, [](const auto& each) { return MaySendMore(*each.second); });
}

std::vector<Session*> Outbox::TakeBacklog() {
  std::vector<Session*> ready;
  std::erase_if(postponed_, [&](const auto& each) {
    if (!MaySendMore(*each.second)) return false;
    ready.push_back(each.second);
    return true;
  });
  return ready;
}

bool Outbox::MaySendMore(const Session& session) { return session.connection.unsent_bytes() < kAnswersBytesMax; }

void Outbox::ReplaceAll(std::string_view error) {
  for (Session* const session : sessions_) {
    session->closes = true;
    if (session->output.empty()) continue;
    session->output.clear();
    session->NewReply().Error(error);
  }
}

// A listener that does not read must not fill the memory: the limit is Redis's.
bool Outbox::IsTooSlow(const Session& session) {
  constexpr size_t kUnsentBytesMax = size_t{32} << 20;
  return (session.subscriptions.any() || session.is_monitor) &&
         session.connection.unsent_bytes() + session.output.size() > kUnsentBytesMax;
}

// A connection that closes may take its session out of the set.
uint64_t Outbox::Flush() {
  uint64_t bytes = 0;
  for (Session* const session : std::exchange(sessions_, {})) {
    if (IsTooSlow(*session)) {
      session->closes = true;
      session->output.clear();
      session->connection.Close();
      continue;
    }
    bytes += session->output.size();
    if (!session->output.empty()) session->connection.Send(std::exchange(session->output, {}));
    if (session->closes) session->connection.CloseWhenSent();
  }
  return bytes;
}

}  // namespace amethyst::server
