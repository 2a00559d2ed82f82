#include "server/session.h"

#include <algorithm>
#include <ranges>
#include <utility>

namespace amethyst::server {

Session::Session(net::Connection& transport, Outbox& all, const Start& start)
    : connection(transport),
      outbox(all),
      id(start.id),
      created_us(start.now_us),
      is_authenticated(start.is_authenticated),
      last_active_us(start.now_us) {}

void Outbox::Remove(Session& session) {
  sessions_.erase(&session);
  postponed_.erase(session.id);
  above_soft_since_us_.erase(&session);
  for (auto* const answers : {&handed_over_, &pending_}) {
    std::erase_if(*answers, [&](const PendingAnswer& answer) { return answer.session == &session; });
  }
}

void Outbox::NotePending(Session& session, size_t begin) {
  if (session.output.size() == begin) return;
  pending_.push_back({.session = &session, .begin = begin, .bytes = session.output.size() - begin});
}

size_t Outbox::ReplacePending(std::string_view error) {
  // From behind: so the places of those before stay.
  for (const auto* const answers : {&pending_, &handed_over_}) {
    for (const auto& [session, begin, bytes] : std::views::reverse(*answers)) {
      std::string text;
      Reply(&text, session->protocol).Error(error);
      session->output.replace(begin, bytes, text);
    }
  }
  const size_t count = handed_over_.size() + pending_.size();
  ForgetPending();
  return count;
}

void Outbox::Postpone(Session& session) {
  postponed_.emplace(session.id, &session);
  Add(session);
}

bool Outbox::HasBacklog() const {
  return std::ranges::any_of(postponed_, [](const auto& each) { return MaySendMore(*each.second); });
}

std::vector<uint64_t> Outbox::TakeBacklog() {
  std::vector<uint64_t> ready;
  std::erase_if(postponed_, [&](const auto& each) {
    if (!MaySendMore(*each.second)) return false;
    ready.push_back(each.first);
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
    if (std::exchange(session->rest, {}).is_begun) continue;  // It would be taken for an entry.
    session->NewReply().Error(error);
  }
}

bool Outbox::IsTooSlow(Session& session, const OutputLimits& limits, uint64_t now_us) {
  constexpr uint64_t kMicrosecondsOfSecond = 1'000'000;
  const bool listens = session.subscriptions.any() || session.is_monitor;
  const OutputLimit& limit = listens ? limits.listener : limits.normal;
  const size_t unread = session.unread_bytes();
  if (limit.hard_bytes != 0 && unread >= limit.hard_bytes) return true;
  if (limit.soft_bytes == 0 || unread < limit.soft_bytes) {
    above_soft_since_us_.erase(&session);
    return false;
  }
  const uint64_t since_us = above_soft_since_us_.try_emplace(&session, now_us).first->second;
  return now_us - since_us > limit.soft_s * kMicrosecondsOfSecond;
}

// A connection that closes may take its session out of the set.
uint64_t Outbox::Flush(const OutputLimits& limits, uint64_t now_us) {
  uint64_t bytes = 0;
  for (const auto& [session, since_us] : above_soft_since_us_) sessions_.insert(session);
  for (Session* const session : std::exchange(sessions_, {})) {
    if (IsTooSlow(*session, limits, now_us)) {
      session->closes = true;
      session->output.clear();
      session->rest = {};
      session->connection.Close();
      continue;
    }
    bytes += session->output.size();
    if (!session->output.empty()) session->connection.Send(std::exchange(session->output, {}));
    session->rest.is_begun = session->rest.write != nullptr;
    if (!session->closes) continue;
    session->rest = {};  // What it would read holds memory and files, and the client may never take what was sent.
    session->connection.CloseWhenSent();
  }
  return bytes;
}

}  // namespace amethyst::server
