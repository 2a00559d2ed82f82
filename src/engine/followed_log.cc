#include "engine/followed_log.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "wal/log_follower.h"

namespace amethyst::engine {

bool FollowedLog::Note(Reach reach) {
  base::MutexLock lock(mutex_);
  reach.durable = std::max(reach.durable, reach_.durable);
  if (!reach.is_whole) reach.as_of = reach_.as_of;
  const bool is_more = reach.end.position() != reach_.end.position() || reach.durable != reach_.durable ||
                       reach.in_tables != reach_.in_tables || reach.is_whole != reach_.is_whole;
  std::swap(reach_, reach);  // What `files` held goes without the lock.
  return is_more;
}

FollowedLog::Reach FollowedLog::reach() const {
  base::MutexLock lock(mutex_);
  return reach_;
}

void FollowedLog::LetGoOfFiles() {
  MarkHold files;
  base::MutexLock lock(mutex_);
  files.swap(reach_.files);
}

std::optional<wal::LogCut> FollowedLog::BeginOfUnstarted() const {
  const wal::LogCut end = reach().end;
  const Result<bool> has_segment = Has(end.segment);
  return !has_segment || *has_segment ? std::nullopt : std::optional(end);
}

Result<std::optional<key::FileNumber>> FollowedLog::SegmentBehind(key::FileNumber number) const {
  AMETHYST_ASSIGN(const std::optional<wal::SegmentHeader> behind, wal::FindSegmentBehind(place_, number));
  if (!behind) return std::nullopt;
  return behind->segment;
}

Result<bool> FollowedLog::Has(key::FileNumber segment) const {
  return place_.files->Exists(io::JoinPath(place_.directory, wal::SegmentFileName(segment)));
}

}  // namespace amethyst::engine
