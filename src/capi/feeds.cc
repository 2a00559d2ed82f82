// Writes whose callers are told once they are durable, and the change feed.
#include <fmt/format.h>

#include <array>

#include "capi/json_text.h"
#include "capi/objects.h"

namespace amethyst::capi {

namespace {

static_assert(static_cast<int>(FeedEntryKind::kMerge) == AMETHYST_FEED_MERGE &&
              static_cast<int>(FeedEventKind::kIngest) == AMETHYST_FEED_INGEST);

constexpr size_t kEventBytesFirst = 72;  // Of the first version.
static_assert(sizeof(amethyst_feed_event) == kEventBytesFirst);

// With its event as the caller sees it.
struct FeedObject final : HandleObject {
  using Handle = amethyst_feed;
  static constexpr HandleKind kKind = HandleKind::kFeed;
  static constexpr auto kUse = HandleTable::Use::kAlone;
  static constexpr std::string_view kName = "feed";

  FeedObject(std::shared_ptr<Database> of, Feed opened) : database(std::move(of)), feed(std::move(opened)) {}

  const std::shared_ptr<Database> database;
  Feed feed;
  FeedEvent event;
  std::string position;
  std::vector<std::string> names;  // Of the entries' families, where one is not that of the entry before.
  std::vector<amethyst_feed_entry> entries;
};

// C wants zeros behind names, which views do not have.
const char* NameOf(const FeedEntry& entry, std::vector<std::string>* names) {
  if (names->empty() || names->back() != entry.family) names->emplace_back(entry.family);
  return names->back().c_str();
}

amethyst_feed_entry EntryOf(const FeedEntry& entry, std::vector<std::string>* names) {
  const auto bound = [](const std::optional<std::string_view>& key) { return key.value_or(std::string_view()); };
  const auto data = [](const std::optional<std::string_view>& key) {
    return !key ? nullptr : key->data() != nullptr ? key->data() : "";
  };
  const auto expires_at = entry.expires_at.transform(
      [](auto at) { return std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count(); });
  return {.kind = static_cast<amethyst_feed_entry_kind>(entry.kind),
          .family_id = entry.family_id,
          .family = NameOf(entry, names),
          .key = entry.key.data(),
          .key_bytes = entry.key.size(),
          .value = entry.value.data(),
          .value_bytes = entry.value.size(),
          .expires_at_ms = expires_at ? static_cast<uint64_t>(*expires_at) : AMETHYST_NEVER,
          .begin = data(entry.begin),
          .begin_bytes = bound(entry.begin).size(),
          .end = data(entry.end),
          .end_bytes = bound(entry.end).size()};
}

void Show(FeedObject* of, amethyst_feed_event* event) {
  of->names.clear();
  of->names.reserve(of->event.entries.size());  // Where a name is stays where it is.
  of->entries.clear();
  for (const FeedEntry& entry : of->event.entries) of->entries.push_back(EntryOf(entry, &of->names));
  of->position = of->event.position.ToString();
  event->kind = static_cast<amethyst_feed_event_kind>(of->event.kind);
  event->family_id = of->event.family_id;
  event->family = of->event.family.c_str();
  event->first_sequence = of->event.first_sequence;
  event->last_sequence = of->event.last_sequence;
  event->entries = of->entries.data();
  event->entry_count = of->entries.size();
  event->entry_bytes = sizeof(amethyst_feed_entry);
  event->position = of->position.c_str();
}

Result<FeedOptions> FeedOptionsOf(amethyst_feed_reach reach) {
  switch (reach) {
    case AMETHYST_FEED_DURABLE: return FeedOptions{.reach = FeedReach::kDurable};
    case AMETHYST_FEED_VISIBLE: return FeedOptions{.reach = FeedReach::kVisible};
    default: return base::InvalidArgument("reach: there is no {}", static_cast<int>(reach));
  }
}

std::string JsonOf(const CursorInfo& cursor) {
  return fmt::format(R"({{"name":{},"position":"{}","is_lost":{}}})", JsonText(cursor.name), cursor.position.ToString(),
                     cursor.is_lost);
}

// `open(db, options)` gives the feed.
template <typename Open>
amethyst_code OpenBy(amethyst_db* db, amethyst_feed_reach reach, amethyst_feed** feed, char** error, Open open) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(feed, "feed"));
    AMETHYST_ASSIGN(const FeedOptions options, FeedOptionsOf(reach));
    AMETHYST_ENTER(database, DatabaseObject, db);
    AMETHYST_ASSIGN(Feed opened, open(database->db(), options));
    HandOut(std::make_unique<FeedObject>(database->database(), std::move(opened)), feed);
    return {};
  });
}

}  // namespace

}  // namespace amethyst::capi

using namespace amethyst::capi;  // NOLINT: C functions stand outside every namespace.
using amethyst::DB;
using amethyst::FeedOptions;
using amethyst::FeedPosition;
using amethyst::Result;
using amethyst::Status;

amethyst_code amethyst_write_async(amethyst_db* db, amethyst_batch* batch, amethyst_durability durability, void* state,
                                   void (*tell)(void* state, amethyst_code code, const char* message),
                                   uint64_t* sequence, char** error) {
  return Call(error, [&]() -> Status {
    if (tell == nullptr) return amethyst::base::InvalidArgument("tell: null");
    AMETHYST_ENTER(database, DatabaseObject, db);
    AMETHYST_ENTER(entered, BatchObject, batch);
    AMETHYST_TRY(entered->CheckIsOf(database->database()));
    AMETHYST_ASSIGN(const amethyst::WriteOptions options, WriteOptionsOf(durability));
    const auto callback = [state, tell](const Status& durable) {
      if (durable) return tell(state, AMETHYST_OK, nullptr);
      tell(state, CodeOf(durable.error().code()), durable.error().message().c_str());
    };
    AMETHYST_ASSIGN(const uint64_t written, database->db().WriteAsync(entered->batch, options, callback));
    if (sequence != nullptr) *sequence = written;
    return {};
  });
}

amethyst_code amethyst_durable_sequence(amethyst_db* db, uint64_t* sequence, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(sequence, "sequence"));
    AMETHYST_ENTER(database, DatabaseObject, db);
    AMETHYST_ASSIGN(*sequence, database->db().DurableSequence());
    return {};
  });
}

amethyst_code amethyst_create_cursor(amethyst_db* db, const char* name, const char* position, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(name, "name"));
    AMETHYST_ENTER(database, DatabaseObject, db);
    if (position == nullptr) return database->db().CreateCursor(name);
    AMETHYST_ASSIGN(const FeedPosition at, FeedPosition::FromString(position));
    return database->db().CreateCursor(name, at);
  });
}

amethyst_code amethyst_create_cursor_with_snapshot(amethyst_db* db, const char* name, amethyst_snapshot** snapshot,
                                                   char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(name, "name"));
    AMETHYST_TRY(Wanted(snapshot, "snapshot"));
    AMETHYST_ENTER(database, DatabaseObject, db);
    AMETHYST_ASSIGN(amethyst::FeedSnapshot made, database->db().CreateCursorWithSnapshot(name));
    HandOut(std::make_unique<SnapshotObject>(database->database(), std::move(made.snapshot)), snapshot);
    return {};
  });
}

amethyst_code amethyst_drop_cursor(amethyst_db* db, const char* name, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(name, "name"));
    AMETHYST_ENTER(database, DatabaseObject, db);
    return database->db().DropCursor(name);
  });
}

amethyst_code amethyst_cursors_json(amethyst_db* db, char** json, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(json, "json"));
    AMETHYST_ENTER(database, DatabaseObject, db);
    AMETHYST_ASSIGN(const std::vector<amethyst::CursorInfo> cursors, database->db().Cursors());
    std::string text;
    for (const amethyst::CursorInfo& cursor : cursors) text += (text.empty() ? "" : ",") + JsonOf(cursor);
    *json = CopyOut("[" + text + "]");
    return {};
  });
}

amethyst_code amethyst_feed_snapshot(amethyst_db* db, amethyst_snapshot** snapshot, char** position, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(snapshot, "snapshot"));
    AMETHYST_TRY(Wanted(position, "position"));
    AMETHYST_ENTER(database, DatabaseObject, db);
    AMETHYST_ASSIGN(amethyst::FeedSnapshot made, database->db().GetFeedSnapshot());
    auto object = std::make_unique<SnapshotObject>(database->database(), std::move(made.snapshot));
    *position = CopyOut(made.position.ToString());
    HandOut(std::move(object), snapshot);
    return {};
  });
}

amethyst_code amethyst_open_feed(amethyst_db* db, const char* cursor, amethyst_feed_reach reach, amethyst_feed** feed,
                                 char** error) {
  return OpenBy(db, reach, feed, error, [&](DB& of, const FeedOptions& options) -> Result<amethyst::Feed> {
    AMETHYST_TRY(Wanted(cursor, "cursor"));
    return of.OpenFeed(cursor, options);
  });
}

amethyst_code amethyst_open_feed_at(amethyst_db* db, const char* position, amethyst_feed_reach reach,
                                    amethyst_feed** feed, char** error) {
  return OpenBy(db, reach, feed, error, [&](DB& of, const FeedOptions& options) -> Result<amethyst::Feed> {
    AMETHYST_TRY(Wanted(position, "position"));
    AMETHYST_ASSIGN(const FeedPosition at, FeedPosition::FromString(position));
    return of.OpenFeed(at, options);
  });
}

amethyst_code amethyst_feed_free(amethyst_feed* feed) { return Release<FeedObject>(feed); }

amethyst_code amethyst_feed_next(amethyst_feed* feed, uint64_t timeout_ms, amethyst_feed_event* event, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(event, "event"));
    AMETHYST_TRY(
        CheckStruct(event, event->struct_bytes, {.known = sizeof *event, .least = kEventBytesFirst}, "feed_event"));
    AMETHYST_ENTER(entered, FeedObject, feed);
    event->kind = AMETHYST_FEED_NONE;
    constexpr uint64_t kLongestMs = uint64_t{1} << 40;
    const std::chrono::milliseconds timeout(std::min(timeout_ms, kLongestMs));
    AMETHYST_ASSIGN(std::optional<amethyst::FeedEvent> next, entered->feed.Next(timeout));
    if (!next) return {};
    entered->event = *std::move(next);
    Show(&*entered, event);
    return {};
  });
}

amethyst_code amethyst_feed_commit(amethyst_feed* feed, const char* position, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_ENTER(entered, FeedObject, feed);
    if (position == nullptr) return entered->feed.Commit();
    AMETHYST_ASSIGN(const FeedPosition at, FeedPosition::FromString(position));
    return entered->feed.Commit(at);
  });
}

amethyst_code amethyst_feed_position(amethyst_feed* feed, char** position, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(position, "position"));
    AMETHYST_ENTER(entered, FeedObject, feed);
    *position = CopyOut(entered->feed.position().ToString());
    return {};
  });
}
