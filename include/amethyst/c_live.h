// What an open database tells, and what can be changed of it, of the C interface: a part of c.h, which includes it,
// under the same rules. See docs/events.md and amethyst/listener.h, whose names these follow, and docs/tuning.md.
#pragma once

#ifndef AMETHYST_API
#error "include <amethyst/c.h>, which includes this file"
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef int amethyst_event_kind;
enum {  // Behind each: the fields of amethyst_event that it sets, beside number and time_ms. The others are 0 or "".
  AMETHYST_EVENT_FLUSH_BEGIN = 1,         // bytes_read
  AMETHYST_EVENT_FLUSH_END = 2,           // bytes_read, bytes_written, entries; error and text if it failed
  AMETHYST_EVENT_COMPACTION_BEGIN = 3,    // family, from_level, to_level, bytes_read; text: why
  AMETHYST_EVENT_COMPACTION_END = 4,      // The same with bytes_written and entries; error and text if it failed.
  AMETHYST_EVENT_TABLE_MADE = 5,          // family, to_level, table, bytes_written, entries
  AMETHYST_EVENT_TABLE_REMOVED = 6,       // table
  AMETHYST_EVENT_INGEST = 7,              // entries, bytes_read
  AMETHYST_EVENT_FAMILY_MADE = 8,         // family, family_id
  AMETHYST_EVENT_FAMILY_DROPPED = 9,      // family, family_id
  AMETHYST_EVENT_FAMILY_RENAMED = 10,     // family, family_id; text: the name before
  AMETHYST_EVENT_WRITE_DELAY_BEGIN = 11,  // cause
  AMETHYST_EVENT_WRITE_DELAY_END = 12,    // cause
  AMETHYST_EVENT_ERROR_LATCHED = 13,      // error, text: no more writes until the database is opened again
  AMETHYST_EVENT_ERROR_WAITS = 14,        // error, text: background work waits for space, memory or descriptors
  AMETHYST_EVENT_ERROR_CLEARED = 15,      // It goes on.
  AMETHYST_EVENT_CHECKPOINT = 16,         // text: its path
  AMETHYST_EVENT_BACKUP = 17,             // value: its id; text: the store's path
  AMETHYST_EVENT_CURSOR_LOST = 18,        // text: its name
  AMETHYST_EVENT_CLOCK_JUMP = 19,         // jump_ms
  AMETHYST_EVENT_DURABLE = 20,            // value: the index up to which the caller's log is in tables
  AMETHYST_EVENT_EVENTS_LOST = 21         // value: how many were dropped before this one
};

// Why writes are delayed.
typedef int amethyst_delay_cause;
enum {
  AMETHYST_DELAY_NONE = 0,
  AMETHYST_DELAY_LEVEL0 = 1,
  AMETHYST_DELAY_COMPACTION_DEBT = 2,
  AMETHYST_DELAY_FLUSH = 3,
  AMETHYST_DELAY_READERS = 4,
  AMETHYST_DELAY_MEMTABLES = 5
};

// Valid, with all that it points to, during the call. Later versions add fields at the end, and kinds.
typedef struct amethyst_event {
  size_t struct_bytes;  // Of the library's version: a field is there if it lies within.
  amethyst_event_kind kind;
  amethyst_delay_cause cause;
  amethyst_code error;
  int from_level;
  int to_level;
  uint32_t family_id;  // 0: the default family.
  uint64_t number;     // Counts the database's events since its open, those lost too.
  uint64_t time_ms;    // Since 1970, when it was queued.
  const char* family;  // Ends with a zero, as text does.
  const char* text;
  uint64_t table;
  uint64_t entries;
  uint64_t bytes_read;
  uint64_t bytes_written;
  uint64_t value;
  int64_t jump_ms;
} amethyst_event;

// Of a database that is opened with these options `listen` is called for every event, in order, one call at a time, on
// a background thread, under no lock. It may call the library and may block, which delays later events alone; but
// amethyst_close of that database returns AMETHYST_BUSY, and the last handle of it must not be released there. At most
// 4,096 events wait; more are dropped and counted. amethyst_close returns once all are delivered. NULL for `listen`: no
// listener. `destroy` (or NULL) is called with `state` once nothing can call `listen` any more, options included.
AMETHYST_API amethyst_code amethyst_options_set_listener(amethyst_options* options, void* state,
                                                         void (*listen)(void* state, const amethyst_event* event),
                                                         void (*destroy)(void* state), char** error);
// The kind's name, such as "flush-end"; "unknown" for a number that is none. Lives forever.
AMETHYST_API const char* amethyst_event_kind_name(amethyst_event_kind kind);

// Sets the `count` options to the values, all or none: MEMORY_BUDGET_BYTES, WRITE_BUFFER_BYTES, COMPRESSION,
// BACKGROUND_THREADS, SYNC_INTERVAL_MS, GROUP_COMMIT_BYTES, GROUP_COMMIT_DELAY_US, MAX_OPEN_FILES, DELETE_DEADLINE_S,
// BACKGROUND_BYTES_PER_S; of a family other than the default COMPRESSION alone, which is kept. The next write or job
// goes by them, until the database is closed. AMETHYST_INVALID_ARGUMENT: another option, or a value that an open would
// refuse.
AMETHYST_API amethyst_code amethyst_change(amethyst_db* db, const amethyst_option* options, const uint64_t* values,
                                           size_t count, char** error);
// How long what is written to the family from now on lives, in milliseconds; 0: for ever. Kept, except that of the
// default family.
AMETHYST_API amethyst_code amethyst_change_ttl(amethyst_db* family, uint64_t ttl_ms, char** error);
// One of the options above as it is in force: what the database has chosen as the number that it is.
AMETHYST_API amethyst_code amethyst_option_in_force(amethyst_db* db, amethyst_option option, uint64_t* value,
                                                    char** error);

#ifdef __cplusplus
}
#endif
