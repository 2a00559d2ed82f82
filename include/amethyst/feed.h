// The change feed: every write of a database, in the order in which it was applied, read from the write-ahead log.
//
//   db->CreateCursor("search");               // Once. It remembers how far the consumer is, and holds the log.
//
//   Feed feed = db->OpenFeed("search").value();
//
//   while (auto event = feed.Next(100ms).value()) {  // nullopt: nothing came within that time.
//     for (const FeedEntry& entry : event->entries) { ... }
//     feed.Commit();                          // From here on after a restart.
//   }
//
// Delivery is at least once: after a crash a feed goes on from the last commit that became durable, within a second of
// it at the latest. Nothing is left out silently: writes that went past the log are told of as such, and log that is
// gone is kTooOld. docs/change_feed.md says more. Thread safety: a Feed is for one thread at a time, several feeds are
// independent; events and positions are values.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "amethyst/error.h"
#include "amethyst/snapshot.h"

namespace amethyst {

namespace feed {
class ChangeFeed;
}

// A place in a database's history, behind some event. It can be stored anywhere, as text, and resumed from. One of
// another database is refused, and so is one of another history of this one, such as of a copy that was written since.
struct FeedPosition {
  uint64_t database_high = 0;  // The database's uid.
  uint64_t database_low = 0;
  uint64_t segment = 0;   // Of the log.
  uint64_t offset = 0;    // In the segment.
  uint64_t sequence = 0;  // All writes up to that sequence number were told of.
  uint64_t ordinal = 0;   // Of the next record of the log.
  uint64_t checksum = 0;  // Over all records of the segment up to there.

  // One word of letters, digits and "-", 210 at most.
  [[nodiscard]] std::string ToString() const;
  // kInvalidArgument: the text is not what ToString gave.
  [[nodiscard]] static Result<FeedPosition> FromString(std::string_view text);
  friend bool operator==(const FeedPosition&, const FeedPosition&) = default;
};

enum class FeedEntryKind : uint8_t { kPut, kDelete, kDeleteRange, kMerge };

// One operation of a batch, as it was written. The bytes are the event's, and live as long as a copy of it does.
struct FeedEntry {
  FeedEntryKind kind{};
  uint32_t family_id = 0;   // 0: the default family. Never given to another family.
  std::string_view family;  // Its name now; empty: it was dropped since.
  std::string_view key;
  std::string_view value;  // Of a put, or the operand of a merge.
  // When it expires, of a put or a merge. There is no event then.
  std::optional<std::chrono::system_clock::time_point> expires_at;
  // Of a range delete; nullopt: that side is open.
  std::optional<std::string_view> begin;
  std::optional<std::string_view> end;
};

// One table that DB::Ingest took in. What it holds is in the database; that is where to read it. The bytes are the
// event's, as those of entries.
struct FeedTable {
  uint32_t family_id = 0;
  std::string_view family;
  std::string_view smallest;  // First and last key; of long ones what lies around them.
  std::string_view largest;
  uint64_t entries = 0;
  uint64_t deletes = 0;  // Of them. Range deletes of the table are not counted.
};

enum class FeedEventKind : uint8_t {
  kBatch = 1,     // A batch, a transaction or a single write: its entries, whole.
  kUnlogged = 2,  // Writes of Durability::kNone, which are in no log: how many sequence numbers they took is known.
  kFamilyCreated = 3,  // Another thread's first write to it may come before.
  kFamilyDropped = 4,
  kFamilyRenamed = 5,
  kIngest = 6,  // Tables that were taken in by one call: `tables`, and as `entries` the ranges that they replace.
};

struct FeedEvent {
  FeedEventKind kind{};
  // Sequence numbers of kBatch, one an entry, of kUnlogged and kIngest; else both are that of the last write before.
  uint64_t first_sequence = 0;
  uint64_t last_sequence = 0;
  std::vector<FeedEntry> entries;     // Of kBatch and kIngest.
  std::vector<FeedTable> tables;      // Of kIngest, oldest first.
  uint32_t family_id = 0;             // Of the family events.
  std::string family;                 // Its name from then on; of one that was dropped its last.
  FeedPosition position;              // Behind this event: what to store once it is dealt with.
  std::shared_ptr<const void> bytes;  // What the entries point into.
};

enum class FeedReach : uint8_t {
  kDurable,  // What a power loss cannot take any more: a consumer is never ahead of what the database comes back with.
  kVisible,  // What reads see. After a power loss the database may not have what was delivered.
};

struct FeedOptions {
  FeedReach reach = FeedReach::kDurable;
};

enum class FeedStart : uint8_t {
  kNow,  // With the next write.
};

// Where a cursor is.
struct CursorInfo {
  std::string name;
  FeedPosition position;  // The last that was committed; of one that is lost where it was.
  bool is_lost = false;   // Its part of the log is gone: drop it, and start over from a snapshot.
};

// A snapshot and the position that fits it: the snapshot has all that came before, the feed from there all that comes
// after.
struct FeedSnapshot {
  Snapshot snapshot;
  FeedPosition position;
};

// Made by DB::OpenFeed. It may outlive the database, and is kClosed then. After its cursor was dropped each call is
// kInvalidArgument; after it was lost kTooOld. One of a follower gives what the follower's reads see, as soon as it has
// looked; it learns that something is durable from what the writer notes in the log next, or from a flush.
class Feed {
 public:
  explicit Feed(std::unique_ptr<feed::ChangeFeed> impl);
  Feed(Feed&&) noexcept;
  Feed& operator=(Feed&&) noexcept;
  ~Feed();

  // The next event; waits for it up to `timeout`, and returns nullopt if none came. It wakes as soon as there is one,
  // and when the database is closed. kTooOld: the log from here on is gone; start over from a snapshot. kCorruption:
  // the log is damaged here; nothing is skipped.
  [[nodiscard]] Result<std::optional<FeedEvent>> Next(
      std::chrono::milliseconds timeout = std::chrono::milliseconds::max());
  // Moves the cursor behind all that Next has given, or to the position of an event. A position that the cursor has
  // passed changes nothing. It becomes durable within a second, with the next segment of the log, or with Close. A feed
  // without a cursor forgets it: its consumer stores the position. kNotSupported: of a follower, which moves no cursor.
  [[nodiscard]] Status Commit();
  // kInvalidArgument, kTooOld: as DB::OpenFeed of a position.
  [[nodiscard]] Status Commit(const FeedPosition& position);
  // Behind all that Next has given.
  [[nodiscard]] FeedPosition position() const;

 private:
  std::unique_ptr<feed::ChangeFeed> impl_;
};

}  // namespace amethyst
