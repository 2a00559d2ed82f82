#include "server/tracking.h"

#include <algorithm>
#include <utility>

#include "server/session.h"

namespace amethyst::server {

namespace {
// Of one turn, so that a limit that is lowered holds nobody up.
constexpr size_t kEvictedAtOnce = 1000;
}  // namespace

void Tracking::Enable(Session& session, TrackingMode mode) {
  if (!session.tracking.is_on) ++session_count_;
  mode.is_on = true;
  if (mode.broadcasts && mode.prefixes.empty()) mode.prefixes.insert("");
  for (const std::string& prefix : mode.prefixes) prefixes_[prefix].sessions.insert(&session);
  mode.prefixes.merge(session.tracking.prefixes);
  mode.has_caching = session.tracking.has_caching;
  session.tracking = std::move(mode);
}

void Tracking::Disable(Session& session) {
  if (!session.tracking.is_on) return;
  --session_count_;
  for (const std::string& prefix : session.tracking.prefixes) {
    const auto at = prefixes_.find(prefix);
    at->second.sessions.erase(&session);
    if (at->second.sessions.empty()) prefixes_.erase(at);
  }
  session.tracking = {};
}

void Tracking::NoteRead(const Session& session, std::string_view key) {
  const TrackingMode& mode = session.tracking;
  if (!mode.is_on || mode.broadcasts) return;
  if ((mode.opts_in && !mode.has_caching) || (mode.opts_out && mode.has_caching)) return;
  auto at = readers_.find(key);
  if (at == readers_.end()) at = readers_.try_emplace(std::string(key)).first;
  if (at->second.insert(session.id).second) ++items_;
}

void Tracking::NoteChanges(std::span<const KeyName> touched, const Session* writer) {
  for (; touched_seen_ < touched.size(); ++touched_seen_) {
    const std::string& key = touched[touched_seen_].key;
    for (auto& [prefix, state] : prefixes_) {
      if (key.starts_with(prefix)) state.changed.insert_or_assign(key, writer != nullptr ? writer->id : 0);
    }
    if (const auto at = readers_.find(key); at != readers_.end()) Invalidate(at, writer);
  }
}

// Who broadcasts now has tracked otherwise before, and is told of all changes anyway.
void Tracking::Invalidate(Readers::iterator at, const Session* writer) {
  const auto entry = readers_.extract(at);
  items_ -= entry.mapped().size();
  for (const uint64_t id : entry.mapped()) {
    const auto reader = sessions_.find(id);
    if (reader == sessions_.end()) continue;
    Session& session = *reader->second;
    if (!session.tracking.is_on || session.tracking.broadcasts) continue;
    if (&session != writer) {
      Send(session, Keys({entry.key()}));
    } else if (!session.tracking.skips_own) {
      own_.emplace_back(entry.key());
    }
  }
}

void Tracking::NoteFlush(const Session& writer) {
  readers_.clear();
  items_ = 0;
  if (session_count_ == 0) return;
  for (const auto& [id, session] : sessions_) {
    if (!session->tracking.is_on) continue;
    if (session.get() == &writer) {
      own_.emplace_back(std::nullopt);
    } else {
      Send(*session, {});
    }
  }
}

void Tracking::SendOwn(Session& session) {
  for (const std::optional<std::string>& key : std::exchange(own_, {})) {
    Send(session, key ? Keys({*key}) : Keys());
  }
}

void Tracking::EndTurn(uint64_t keys_max) {
  Broadcast();
  if (keys_max == 0 || readers_.size() <= keys_max) return;
  const size_t surplus = readers_.size() - keys_max;
  for (size_t left = std::min(surplus, std::max(kEvictedAtOnce, surplus / 2)); left > 0; --left) {
    auto at = readers_.upper_bound(last_evicted_);
    if (at == readers_.end()) at = readers_.begin();
    last_evicted_ = at->first;
    Invalidate(at, nullptr);
  }
}

void Tracking::Broadcast() {
  for (auto& [prefix, state] : prefixes_) {
    const auto changed = std::exchange(state.changed, {});
    if (changed.empty()) continue;
    std::vector<std::string_view> all;
    for (const auto& [key, writer] : changed) all.emplace_back(key);
    const Keys all_keys(std::move(all));
    for (Session* const session : state.sessions) {
      if (!session->tracking.skips_own) {
        Send(*session, all_keys);
        continue;
      }
      std::vector<std::string_view> others;
      for (const auto& [key, writer] : changed) {
        if (writer != session->id) others.emplace_back(key);
      }
      if (!others.empty()) Send(*session, Keys(std::move(others)));
    }
  }
}

// RESP2 has no messages beside its answers: only a session that others redirect to, and that listens, can be told.
void Tracking::Send(Session& session, const Keys& keys) const {
  Session* target = &session;
  if (const uint64_t id = session.tracking.redirect; id != 0) {
    const auto at = sessions_.find(id);
    if (at == sessions_.end() || at->second->closes) {
      session.tracking.is_broken = true;
      if (!session.takes_push()) return;
      Reply reply = session.NewReply();
      reply.Push(2);
      reply.Bulk("tracking-redir-broken");
      reply.Integer(static_cast<int64_t>(id));
      return session.WillFlush();
    }
    target = at->second.get();
  }
  Reply reply = target->NewReply();
  if (target->takes_push()) {
    reply.Push(2);
    reply.Bulk("invalidate");
  } else if (session.tracking.redirect != 0 && target->subscriptions.any()) {
    reply.Push(3);
    reply.Bulk("message");
    reply.Bulk("__redis__:invalidate");
  } else {
    return;
  }
  if (keys) {
    reply.Array(keys->size());
    for (const std::string_view key : *keys) reply.Bulk(key);
  } else {
    reply.Null();
  }
  target->WillFlush();
}

}  // namespace amethyst::server
