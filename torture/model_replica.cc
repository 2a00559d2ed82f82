#include "torture/model_replica.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "torture/model_choices.h"
#include "torture/model_time.h"

namespace amethyst::torture {

namespace {

constexpr const char* kCursor = "replica";

// The default family has the id 0, and no handle.
uint32_t IdOf(const ModelFamily& family) { return family.handle ? family.handle->id() : 0; }

std::map<uint32_t, std::string> NamesOf(const std::vector<ModelFamily>& families) {
  std::map<uint32_t, std::string> names;
  for (const ModelFamily& family : families) names[IdOf(family)] = family.name;
  return names;
}

ChangeKind KindOf(FeedEntryKind kind) {
  return kind == FeedEntryKind::kPut     ? ChangeKind::kPut
         : kind == FeedEntryKind::kMerge ? ChangeKind::kMerge
                                         : ChangeKind::kDelete;
}

}  // namespace

Status ModelReplica::Begin(DB& db, ModelState content, const std::vector<ModelFamily>& families) {
  Forget();
  AMETHYST_ASSIGN(const std::vector<CursorInfo> cursors, db.Cursors());
  if (!cursors.empty()) AMETHYST_TRY(db.DropCursor(kCursor));
  AMETHYST_ASSIGN(const FeedSnapshot start, db.CreateCursorWithSnapshot(kCursor));
  content_ = std::move(content);
  names_ = NamesOf(families);
  are_names_known_ = true;
  sequence_ = start.snapshot.sequence();
  position_ = start.position;
  has_begun_ = true;
  may_be_lost_ = false;
  report_.Count(ModelCounter::kFeedsBegun);
  return {};
}

void ModelReplica::Forget() {
  has_begun_ = false;
  feed_.reset();
  untold_.clear();
}

void ModelReplica::LeaveDatabase(bool may_lose_cursor, bool may_lose_unlogged) {
  feed_.reset();
  may_be_lost_ = may_be_lost_ || may_lose_cursor;
  if (may_lose_unlogged) Forget();
}

// At the cursor: a stored position may be refused once the segment has gone that it ends, where a note of a sync came
// behind it.
Status ModelReplica::OpenFeed(DB& db) {
  AMETHYST_ASSIGN(Feed feed, db.OpenFeed(kCursor));
  feed_ = std::move(feed);
  may_repeat_ = true;
  return {};
}

Status ModelReplica::Consume(DB& db, uint64_t events_max, const std::vector<ModelFamily>& families, bool may_be_lost,
                             base::Random& random, std::string* wrong) {
  FamiliesById by_id;
  for (const ModelFamily& family : families) by_id[IdOf(family)] = &family;
  const auto take = [&]() -> Status {
    if (!feed_) AMETHYST_TRY(OpenFeed(db));
    bool ended = false;
    for (; events_max > 0 && !ended && wrong->empty(); --events_max) AMETHYST_TRY(Next(by_id, &ended, wrong));
    return wrong->empty() && random.OneIn(2) ? feed_->Commit() : Status();
  };
  const Status taken = take();
  if (taken || taken.error().code() != ErrorCode::kTooOld || !(may_be_lost || may_be_lost_)) return taken;
  AMETHYST_ASSIGN(const std::vector<CursorInfo> cursors, db.Cursors());
  if (cursors.size() != 1 || !cursors.front().is_lost) *wrong = "a feed is too old whose cursor is not lost";
  report_.Count(ModelCounter::kFeedsLost);
  Forget();
  return {};
}

Status ModelReplica::Next(const FamiliesById& families, bool* ended, std::string* wrong) {
  AMETHYST_ASSIGN(const std::optional<FeedEvent> event, feed_->Next(std::chrono::milliseconds(0)));
  *ended = !event;
  if (!event) return {};
  const bool is_of_family = event->kind == FeedEventKind::kFamilyCreated ||
                            event->kind == FeedEventKind::kFamilyDropped ||
                            event->kind == FeedEventKind::kFamilyRenamed;
  const FeedPosition& behind = event->position;
  const bool is_repeated =
      is_of_family ? std::pair(behind.segment, behind.offset) <= std::pair(position_->segment, position_->offset)
                   : event->last_sequence <= sequence_;
  if (may_repeat_ && is_repeated) return {};
  *wrong = Apply(*event, families);
  if (event->position.sequence >= sequence_) position_ = event->position;
  report_.Count(ModelCounter::kFeedEvents);
  return {};
}

std::string ModelReplica::Apply(const FeedEvent& event, const FamiliesById& families) {
  switch (event.kind) {
    case FeedEventKind::kFamilyCreated:
    case FeedEventKind::kFamilyRenamed: names_[event.family_id] = event.family; return {};
    case FeedEventKind::kFamilyDropped: names_.erase(event.family_id); return {};
    default: break;
  }
  // Unlogged writes are one event where no record lies between them, though a part was told of before.
  const bool may_overlap = may_repeat_ && event.kind == FeedEventKind::kUnlogged;
  const uint64_t first = may_overlap ? std::max(event.first_sequence, sequence_ + 1) : event.first_sequence;
  if (first != sequence_ + 1 || event.last_sequence < first) {
    return fmt::format("the feed gives {} to {} after {}", event.first_sequence, event.last_sequence, sequence_);
  }
  sequence_ = event.last_sequence;
  if (event.kind != FeedEventKind::kBatch) return ApplyUntold(event, families);
  if (event.entries.size() != event.last_sequence - event.first_sequence + 1) return "a batch has not all its entries";
  for (const FeedEntry& entry : event.entries) {
    const auto family = families.find(entry.family_id);  // Not there: it was dropped since.
    if (family != families.end()) ApplyEntry(entry, *family->second);
  }
  return {};
}

// Of these the program has told.
std::string ModelReplica::ApplyUntold(const FeedEvent& event, const FamiliesById& families) {
  const bool is_ingest = event.kind == FeedEventKind::kIngest;
  while (!untold_.empty() && untold_.begin()->first <= event.last_sequence) {
    const auto write = untold_.extract(untold_.begin());
    if (write.mapped().is_ingested != is_ingest) {
      return fmt::format("the feed does not tell of the write {}", write.key());
    }
    for (const ModelChange& change : write.mapped().changes) {
      const auto family =
          std::ranges::find(families, change.family, [](const auto& entry) { return entry.second->number; });
      if (family != families.end()) ContentOf(*family->second).Apply(change);
    }
    if (write.key() == event.last_sequence) return {};
  }
  return fmt::format("the feed tells of a write {} that there was not", event.last_sequence);
}

FamilyContent& ModelReplica::ContentOf(const ModelFamily& family) {
  return content_.try_emplace(family.number, family.Empty()).first->second;
}

void ModelReplica::ApplyEntry(const FeedEntry& entry, const ModelFamily& family) {
  FamilyContent& content = ContentOf(family);
  if (entry.kind != FeedEntryKind::kDeleteRange) {
    return content.Apply({.kind = KindOf(entry.kind),
                          .family = family.number,
                          .key = std::string(entry.key),
                          .value = std::string(entry.value),
                          .expires_ms = MillisecondsOf(entry.expires_at.value_or(kNever))});
  }
  const auto begin = entry.begin ? content.cells.lower_bound(*entry.begin) : content.cells.begin();
  const auto end = entry.end ? content.cells.lower_bound(*entry.end) : content.cells.end();
  content.cells.erase(begin, end);
}

std::string ModelReplica::Compare(const ModelState& state, uint64_t now_ms, const std::vector<ModelFamily>& families) {
  if (are_names_known_ && names_ != NamesOf(families)) return "the feed has told of other families";
  names_ = NamesOf(families);
  are_names_known_ = true;
  SeenState seen;
  for (const ModelFamily& family : families) {
    ModelMap& map = seen.emplace(family.number, ContentOf(family).Seen(now_ms)).first->second;
    // What a filter has dropped, or may have, the feed does not tell.
    std::erase_if(map, [](const auto& entry) { return entry.second.may_be_gone; });
  }
  std::erase_if(content_, [&](const auto& family) { return !state.contains(family.first); });
  report_.Count(ModelCounter::kFeedsCompared);
  return DifferenceOf(state, now_ms, seen);
}

std::string ModelReplica::CheckForeign(DB& copy) const {
  if (!has_begun_) return {};
  const auto cursors = copy.Cursors();
  if (cursors && !cursors->empty()) return "a copy has the cursor of its original";
  const auto feed = copy.OpenFeed(*position_);
  if (feed || feed.error().code() != ErrorCode::kInvalidArgument) return "a copy takes a position of its original";
  return {};
}

}  // namespace amethyst::torture
