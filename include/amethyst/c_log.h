// What the C interface makes of the log: writes whose caller is told once they are durable, a log that the caller
// keeps, and the change feed. A part of c.h, which includes it, under the same rules.
//
// A feed gives every write of a database in the order in which it was applied, at least once; docs/change_feed.md says
// more. Log that is gone is AMETHYST_TOO_OLD: start over from a snapshot. A place in it is a text, of letters, digits
// and "-", which can be stored anywhere.
//
// Thread safety: a feed belongs to one thread at a time: a call while another is in progress returns AMETHYST_BUSY and
// does nothing. Different feeds are independent, and may outlive their database.
#pragma once

#ifndef AMETHYST_API
#error "include <amethyst/c.h>, which includes this file"
#endif

#ifdef __cplusplus
extern "C" {
#endif

// Applies the batch, and returns without waiting for a sync: the write is visible then. Once it is durable `tell` is
// called, exactly once, with AMETHYST_OK and NULL; or with the code and message, valid during the call, of what kept
// it from being so: then it is whole or absent after the next open. `sequence` (or NULL) receives the number of its
// last operation. Where this call fails nothing was written, and `tell` is not called.
// AMETHYST_SYNC begins a sync, which all share who come before the next one; AMETHYST_BUFFERED waits for the next one,
// which is one sync interval away at the most; AMETHYST_NONE is refused. An empty batch waits for all that was written
// before.
// `tell` is called from a background thread of the database, under no lock, one call after the other, in the order of
// the numbers. It may call the library, except amethyst_close, which returns AMETHYST_BUSY, and the release of the last
// handle of the database; while it waits all others do. amethyst_close returns after the last of them, which finds the
// database closed. In a forked child none is called.
AMETHYST_API amethyst_code amethyst_write_async(amethyst_db* db, amethyst_batch* batch, amethyst_durability durability,
                                                void* state,
                                                void (*tell)(void* state, amethyst_code code, const char* message),
                                                uint64_t* sequence, char** error);
// All writes up to that number survive power loss (AMETHYST_NONE writes excepted). Never waits for a sync.
AMETHYST_API amethyst_code amethyst_durable_sequence(amethyst_db* db, uint64_t* sequence, char** error);

// --- A log that the caller keeps, and repeats after a crash (AMETHYST_OPTION_EXTERNAL_LOG): see docs/external_log.md
// ---

// With this batch the caller's log is applied up to `index`, from 1 on; the note, which may be NULL, has 64 bytes at
// the most. AMETHYST_INVALID_ARGUMENT, once it is written: the index is below that of an earlier batch.
AMETHYST_API amethyst_code amethyst_batch_set_applied(amethyst_batch* batch, uint64_t index, const void* note,
                                                      size_t note_bytes, char** error);
// Entries up to this index cannot be undone any more: what memory holds of them may be flushed.
AMETHYST_API amethyst_code amethyst_release(amethyst_db* db, uint64_t index, char** error);
// How far the caller's log is applied, as reads show it, and as the next open has it whatever happens; 0: not at all.
// Either may be NULL.
AMETHYST_API amethyst_code amethyst_applied(amethyst_db* db, uint64_t* visible, uint64_t* durable, char** error);
// Stores what was noted beside the durable index, to be released with amethyst_free.
AMETHYST_API amethyst_code amethyst_applied_note(amethyst_db* db, char** note, size_t* note_bytes, char** error);

// --- The change feed ---

typedef struct amethyst_feed amethyst_feed;

// Makes a cursor, a consumer's place in the feed under a name of 1 to 255 bytes, at `position`, or with NULL at the
// next write. It survives restarts, and holds the log from there on. AMETHYST_INVALID_ARGUMENT: there is one of that
// name, or the position is of another database.
AMETHYST_API amethyst_code amethyst_create_cursor(amethyst_db* db, const char* name, const char* position,
                                                  char** error);
// At now, with the snapshot that fits: it has all that came before, the feed all that comes after.
AMETHYST_API amethyst_code amethyst_create_cursor_with_snapshot(amethyst_db* db, const char* name,
                                                                amethyst_snapshot** snapshot, char** error);
// Its part of the log may go; feeds of it end. AMETHYST_INVALID_ARGUMENT: no cursor has that name.
AMETHYST_API amethyst_code amethyst_drop_cursor(amethyst_db* db, const char* name, char** error);
// Stores a JSON array with an object for each cursor: name, position, is_lost. To be released with amethyst_free.
AMETHYST_API amethyst_code amethyst_cursors_json(amethyst_db* db, char** json, char** error);
// The place behind all that is written now, to be released with amethyst_free, and the snapshot of it. Nothing holds
// the log from there on.
AMETHYST_API amethyst_code amethyst_feed_snapshot(amethyst_db* db, amethyst_snapshot** snapshot, char** position,
                                                  char** error);

// How far a feed reads.
typedef int amethyst_feed_reach;
enum {
  AMETHYST_FEED_DURABLE = 0,  // What a power loss cannot take any more.
  AMETHYST_FEED_VISIBLE = 1   // What reads see: after a power loss the database may not have it.
};

// From where the cursor is. AMETHYST_INVALID_ARGUMENT: no cursor has that name.
AMETHYST_API amethyst_code amethyst_open_feed(amethyst_db* db, const char* cursor, amethyst_feed_reach reach,
                                              amethyst_feed** feed, char** error);
// From a position that the caller has stored, without a cursor.
AMETHYST_API amethyst_code amethyst_open_feed_at(amethyst_db* db, const char* position, amethyst_feed_reach reach,
                                                 amethyst_feed** feed, char** error);
AMETHYST_API amethyst_code amethyst_feed_free(amethyst_feed* feed);

typedef int amethyst_feed_entry_kind;
enum { AMETHYST_FEED_PUT = 0, AMETHYST_FEED_DELETE = 1, AMETHYST_FEED_DELETE_RANGE = 2, AMETHYST_FEED_MERGE = 3 };

// One operation of a batch, as it was written.
typedef struct amethyst_feed_entry {
  amethyst_feed_entry_kind kind;
  uint32_t family_id;  // 0: the default family. Never given to another one.
  const char* family;  // Its name now; "": it was dropped since.
  const char* key;     // Not of a range delete.
  size_t key_bytes;
  const char* value;  // Of a put, or the operand of a merge.
  size_t value_bytes;
  uint64_t expires_at_ms;  // Of a put or a merge, in milliseconds since 1970; or AMETHYST_NEVER.
  const char* begin;       // Of a range delete; NULL: that side is open.
  size_t begin_bytes;
  const char* end;
  size_t end_bytes;
} amethyst_feed_entry;

typedef int amethyst_feed_event_kind;
enum {
  AMETHYST_FEED_NONE = 0,            // Nothing came within the time.
  AMETHYST_FEED_BATCH = 1,           // A batch, a transaction or a single write, whole.
  AMETHYST_FEED_UNLOGGED = 2,        // AMETHYST_NONE writes, which are in no log: their numbers are known.
  AMETHYST_FEED_FAMILY_CREATED = 3,  // Another thread's first write to it may come before.
  AMETHYST_FEED_FAMILY_DROPPED = 4,
  AMETHYST_FEED_FAMILY_RENAMED = 5,
  AMETHYST_FEED_INGEST = 6  // Tables that amethyst_ingest took in: read what they hold from the database. Entries: the
                            // ranges that they replace.
};

// What happened. Set struct_bytes before the call. All that it points to is valid until the feed's next call.
typedef struct amethyst_feed_event {
  size_t struct_bytes;  // sizeof(amethyst_feed_event), so that fields can be added later.
  amethyst_feed_event_kind kind;
  uint32_t family_id;       // Of the family events.
  const char* family;       // Its name from then on; of one that was dropped its last.
  uint64_t first_sequence;  // Numbers of a batch, one an operation, and of unlogged writes; else both are that of the
  uint64_t last_sequence;   // last write before.
  const amethyst_feed_entry* entries;  // Of a batch; each takes entry_bytes, at least what this version knows.
  size_t entry_count;
  size_t entry_bytes;
  const char* position;  // Behind this event: what to store once it is dealt with.
} amethyst_feed_event;

#define AMETHYST_FEED_FOREVER UINT64_MAX

// Waits for the next event, up to `timeout_ms`. It wakes as soon as there is one, and when the database is closed.
// After its cursor was dropped each call is AMETHYST_INVALID_ARGUMENT.
AMETHYST_API amethyst_code amethyst_feed_next(amethyst_feed* feed, uint64_t timeout_ms, amethyst_feed_event* event,
                                              char** error);
// Moves the cursor behind all that amethyst_feed_next has given, or with a `position` to that of an event. It becomes
// durable within a second. A position that the cursor has passed changes nothing.
AMETHYST_API amethyst_code amethyst_feed_commit(amethyst_feed* feed, const char* position, char** error);
// Behind all that amethyst_feed_next has given; to be released with amethyst_free.
AMETHYST_API amethyst_code amethyst_feed_position(amethyst_feed* feed, char** position, char** error);

#ifdef __cplusplus
}
#endif
