#include "engine/cursor_list.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/containment.h"
#include "base/error.h"
#include "engine/storage.h"
#include "wal/log_reader.h"

namespace amethyst::engine {

namespace {

using CursorState = tree::FeedCursor::State;

Status CheckName(std::string_view name) {
  if (!name.empty() && name.size() <= tree::kCursorNameBytesMax) return {};
  return base::InvalidArgument("a cursor's name has {} bytes; it must have 1 to {}", name.size(),
                               tree::kCursorNameBytesMax);
}

std::unexpected<Error> NoSuchCursor(std::string_view name) {
  return base::InvalidArgument("there is no cursor \"{}\"", name);
}

}  // namespace

CursorList::CursorList(Storage& storage, Health& health, uint64_t retention_bytes,
                       const std::map<std::string, tree::FeedCursor>& recovered)
    : storage_(storage), health_(health), retention_bytes_(retention_bytes) {
  base::MutexLock lock(mutex_);
  for (const auto& [name, cursor] : recovered) {
    auto made = std::make_shared<Cursor>(Cursor{.now = cursor});
    if (cursor.state == CursorState::kAtPlace) made->hold = wal::LogHold(readers_, cursor.place.segment);
    named_.emplace(name, std::move(made));
  }
  Count();
}

void CursorList::LoseUnless(base::FunctionRef<bool(const wal::LogCut&)> is_there) {
  Names lost;
  {
    base::MutexLock lock(mutex_);
    for (const CursorPtr& cursor : Live()) {
      if (!is_there(cursor->now.place)) Lose(cursor.get(), &lost);
    }
    Count();
  }
  Tell(lost);
}

void CursorList::Follow(const std::map<std::string, tree::FeedCursor>& cursors) {
  base::MutexLock lock(mutex_);
  bool is_told = false;  // Those who read from one that is gone.
  std::erase_if(named_, [&](const auto& entry) {
    if (cursors.contains(entry.first)) return false;
    entry.second->now.state = CursorState::kDropped;
    return is_told = true;
  });
  for (const auto& [name, cursor] : cursors) {
    auto at = named_.find(name);
    if (at == named_.end()) at = named_.emplace(name, std::make_shared<Cursor>()).first;
    const CursorPtr& known = at->second;
    is_told = is_told || known->now.state != cursor.state;
    known->now = cursor;
  }
  Count();
  if (is_told) readers_->Wake();
}

void CursorList::Tell(const Names& lost) const {
  for (const std::string& name : lost) {
    health_.Log(fmt::format("cursor \"{}\" of the change feed is lost: the log goes on without it", name));
    health_.events.Tell([&] { return Event{.kind = EventKind::kCursorLost, .text = name}; });
  }
}

std::vector<CursorList::CursorPtr> CursorList::Live() const {
  std::vector<CursorPtr> live;
  for (const auto& [name, cursor] : named_) {
    if (cursor->now.state == CursorState::kAtPlace) live.push_back(cursor);
  }
  for (const CursorPtr& cursor : own_) {
    if (cursor->now.state == CursorState::kAtPlace) live.push_back(cursor);
  }
  return live;
}

void CursorList::Count() {
  const auto is_live = [](const CursorPtr& cursor) { return cursor->now.state == CursorState::kAtPlace; };
  const auto named = std::ranges::count_if(named_, [&](const auto& entry) { return is_live(entry.second); });
  named_count_.store(static_cast<uint64_t>(named), std::memory_order_relaxed);
  in_use_.store(static_cast<uint64_t>(named + std::ranges::count_if(own_, is_live)));
}

Status CursorList::Create(std::string_view name, base::FunctionRef<Result<wal::LogCut>()> place) {
  AMETHYST_TRY(CheckName(name));
  base::MutexLock lock(mutex_);
  if (named_.contains(name)) return base::InvalidArgument("there is a cursor \"{}\" already", name);
  in_use_.fetch_add(1);  // Before the place is taken: a flush that does not see this wrote what is before the place.
  Status made = base::Contained([&]() AMETHYST_NO_THREAD_SAFETY_ANALYSIS -> Status {
    AMETHYST_ASSIGN(const wal::LogCut at, place());
    auto cursor = std::make_shared<Cursor>(
        Cursor{.now = {.name = std::string(name), .state = CursorState::kAtPlace, .place = at}});
    cursor->hold = wal::LogHold(readers_, at.segment);
    tree::VersionEdit edit;
    edit.cursors.push_back(cursor->now);
    const auto added = named_.emplace(name, std::move(cursor)).first;
    Status noted = storage_.Note(std::move(edit));
    if (!noted) named_.erase(added);
    return noted;
  });
  Count();
  return made;
}

Result<CursorList::CursorPtr> CursorList::CreateOwn(base::FunctionRef<Result<wal::LogCut>()> place) {
  base::MutexLock lock(mutex_);
  in_use_.fetch_add(1);
  auto made = base::Contained([&]() AMETHYST_NO_THREAD_SAFETY_ANALYSIS -> Result<CursorPtr> {
    AMETHYST_ASSIGN(const wal::LogCut at, place());
    auto cursor = std::make_shared<Cursor>(Cursor{.now = {.name = {}, .state = CursorState::kAtPlace, .place = at}});
    cursor->hold = wal::LogHold(readers_, at.segment);
    own_.insert(cursor);
    return cursor;
  });
  Count();
  return made;
}

Status CursorList::Drop(std::string_view name) {
  base::MutexLock lock(mutex_);
  const auto found = named_.find(name);
  if (found == named_.end()) return NoSuchCursor(name);
  tree::VersionEdit edit;
  edit.cursors.push_back({.name = std::string(name), .state = CursorState::kDropped});
  AMETHYST_TRY(storage_.Note(std::move(edit)));
  const CursorPtr cursor = found->second;
  cursor->now.state = CursorState::kDropped;
  cursor->hold.Release();
  named_.erase(found);
  Count();
  readers_->Wake();
  static_cast<void>(storage_.log->RemoveUnheld());  // What stays goes at the next open.
  return {};
}

void CursorList::DropOwn(const CursorPtr& cursor) noexcept {
  base::MutexLock lock(mutex_);
  cursor->now.state = CursorState::kDropped;
  cursor->hold.Release();
  own_.erase(cursor);
  Count();
}

Result<CursorList::CursorPtr> CursorList::Find(std::string_view name) const {
  base::MutexLock lock(mutex_);
  const auto found = named_.find(name);
  if (found == named_.end()) return NoSuchCursor(name);
  return found->second;
}

std::vector<tree::FeedCursor> CursorList::All() const {
  base::MutexLock lock(mutex_);
  std::vector<tree::FeedCursor> all;
  all.reserve(named_.size());
  for (const auto& [name, cursor] : named_) all.push_back(cursor->now);
  return all;
}

Status CursorList::CheckPlace(const Cursor& cursor) const {
  if (cursor.now.state == CursorState::kAtPlace) return {};
  if (cursor.now.state == CursorState::kDropped)
    return base::InvalidArgument("cursor \"{}\" was dropped", cursor.now.name);
  return base::MakeError(ErrorCode::kTooOld,
                         "cursor \"{}\" is lost: more than feed_retention_bytes were written behind it, or its part of "
                         "the log is missing; drop it, and start over from a snapshot",
                         cursor.now.name);
}

Result<wal::LogCut> CursorList::PlaceOf(const CursorPtr& cursor) const {
  base::MutexLock lock(mutex_);
  AMETHYST_TRY(CheckPlace(*cursor));
  return cursor->now.place;
}

Status CursorList::Commit(const CursorPtr& cursor, const wal::LogCut& place) {
  Names lost;
  Status committed;
  {
    base::MutexLock lock(mutex_);
    AMETHYST_TRY(CheckPlace(*cursor));
    wal::LogCut& now = cursor->now.place;
    const bool is_ahead = place.position() > now.position() ||
                          (place.position() == now.position() && place.last_sequence > now.last_sequence);
    if (!is_ahead) return {};
    const bool frees_log = place.segment != now.segment;
    now = place;
    cursor->is_noted = false;
    if (frees_log) committed = NoteLocked(&lost);
  }
  Tell(lost);
  return committed;
}

Status CursorList::Note() {
  if (!IsInUse()) return {};
  Names lost;
  Status noted;
  {
    base::MutexLock lock(mutex_);
    noted = NoteLocked(&lost);
  }
  Tell(lost);
  return noted;
}

Status CursorList::NoteLocked(Names* lost) {
  tree::VersionEdit edit;
  const std::vector<CursorPtr> live = Live();
  for (const CursorPtr& cursor : live) {
    if (!cursor->is_noted && !cursor->now.name.empty()) edit.cursors.push_back(cursor->now);
  }
  if (!edit.cursors.empty()) AMETHYST_TRY(storage_.Note(std::move(edit)));
  for (const CursorPtr& cursor : live) {
    cursor->is_noted = true;
    cursor->hold.MoveTo(cursor->now.place.segment);
  }
  // A segment that cannot be removed stays until the next open.
  while (storage_.log->RemoveUnheld() && storage_.log->held_bytes() > retention_bytes_ && LoseFarthest(lost)) {
  }
  return {};
}

bool CursorList::LoseFarthest(Names* lost) {
  const std::vector<CursorPtr> live = Live();
  if (live.empty()) return false;
  const CursorPtr& farthest =
      *std::ranges::min_element(live, {}, [](const CursorPtr& cursor) { return cursor->now.place.position(); });
  Lose(farthest.get(), lost);
  Count();
  readers_->Wake();
  if (farthest->now.name.empty()) return true;
  tree::VersionEdit edit;
  edit.cursors.push_back(farthest->now);
  // Without room for the edit the log goes all the same: the next open sees that it is missing.
  static_cast<void>(storage_.Note(std::move(edit)));
  return true;
}

void CursorList::Lose(Cursor* cursor, Names* lost) {
  cursor->now.state = CursorState::kLost;
  cursor->hold.Release();
  lost_.fetch_add(1, std::memory_order_relaxed);
  lost->push_back(cursor->now.name);
}

void CursorList::End(std::vector<tree::FeedCursor>* noted) {
  base::MutexLock lock(mutex_);
  for (const CursorPtr& cursor : own_) cursor->hold.Release();
  own_.clear();
  const wal::LogPosition end = storage_.log->end();
  for (const CursorPtr& cursor : Live()) {
    wal::LogReader reader({.files = &storage_.home->files(),
                           .directory = storage_.directory,
                           .database_uid = storage_.catalog->recovered().database_uid},
                          cursor->now.place);
    const auto next = reader.Peek(*storage_.log, end);
    if (next && !next->has_value()) {
      cursor->now.place = reader.at();
      cursor->is_noted = false;
      cursor->hold.MoveTo(key::FileNumber{key::Raw(end.segment) + 1});  // The end itself is in no file.
    } else {
      cursor->hold.MoveTo(cursor->now.place.segment);
    }
    if (!cursor->is_noted) noted->push_back(cursor->now);
  }
}

}  // namespace amethyst::engine
