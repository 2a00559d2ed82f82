// Tables that are written elsewhere, and taken in, of the C interface: a part of c.h, which includes it, under the same
// rules. See docs/ingest.md.
//
// Thread safety: a writer belongs to one thread at a time (AMETHYST_BUSY else); amethyst_ingest is for any thread.
#pragma once

#ifndef AMETHYST_API
#error "include <amethyst/c.h>, which includes this file"
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef struct amethyst_table_writer amethyst_table_writer;

// Begins a table in the file at `path`, which must not exist. `options` (or NULL) are those of the family that will
// take it in. AMETHYST_INVALID_ARGUMENT: there is something at `path`, or an option is out of range.
AMETHYST_API amethyst_code amethyst_table_writer_create(const char* path, const amethyst_family_options* options,
                                                        amethyst_table_writer** writer, char** error);
// The next entry: its key is greater than the last one's, in the family's order. AMETHYST_INVALID_ARGUMENT: it is not,
// and nothing was added. `expires_at_ms` as for amethyst_put_expiring; AMETHYST_NEVER: never, whatever the ttl.
AMETHYST_API amethyst_code amethyst_table_writer_put(amethyst_table_writer* writer, const void* key, size_t key_bytes,
                                                     const void* value, size_t value_bytes, char** error);
AMETHYST_API amethyst_code amethyst_table_writer_put_expiring(amethyst_table_writer* writer, const void* key,
                                                              size_t key_bytes, const void* value, size_t value_bytes,
                                                              uint64_t expires_at_ms, char** error);
AMETHYST_API amethyst_code amethyst_table_writer_delete(amethyst_table_writer* writer, const void* key,
                                                        size_t key_bytes, char** error);
AMETHYST_API amethyst_code amethyst_table_writer_merge(amethyst_table_writer* writer, const void* key, size_t key_bytes,
                                                       const void* operand, size_t operand_bytes, char** error);
// At any time: what the database holds of these keys goes when the table comes in. A NULL side is open.
AMETHYST_API amethyst_code amethyst_table_writer_delete_range(amethyst_table_writer* writer, const void* begin,
                                                              size_t begin_bytes, const void* end, size_t end_bytes,
                                                              char** error);
// The file is whole and durable. `entries` (or NULL) receives how many it has; there must be one.
AMETHYST_API amethyst_code amethyst_table_writer_finish(amethyst_table_writer* writer, uint64_t* entries, char** error);
// Removes the file unless it was finished. NULL is fine.
AMETHYST_API amethyst_code amethyst_table_writer_free(amethyst_table_writer* writer);

enum { AMETHYST_INGEST_LINK = 0, AMETHYST_INGEST_MOVE = 1, AMETHYST_INGEST_COPY = 2 };

// Fill with AMETHYST_INGEST_OPTIONS_DEFAULT, then change fields; a NULL pointer in a call means the defaults.
typedef struct amethyst_ingest_options {
  size_t struct_bytes;  // sizeof(amethyst_ingest_options), so that fields can be added later.
  int64_t mode;         // AMETHYST_INGEST_LINK, _MOVE or _COPY.
  uint8_t in_order;     // 1: the files may overlap; a later one is newer.
  uint8_t verify;       // 1: read all of each file first.
  uint8_t replace;      // 1: in the same step delete what the family holds from begin up to, but not including, end.
  const void* begin;    // NULL: that side is open.
  size_t begin_bytes;
  const void* end;  // Likewise.
  size_t end_bytes;
} amethyst_ingest_options;

#define AMETHYST_INGEST_OPTIONS_DEFAULT {sizeof(amethyst_ingest_options), 0, 0, 0, 0, NULL, 0, NULL, 0}

// Takes `count` tables into the database, or into a family by its handle: as one write, durable when it returns.
AMETHYST_API amethyst_code amethyst_ingest(amethyst_db* db, size_t count, const char* const* paths,
                                           const amethyst_ingest_options* options, char** error);

#ifdef __cplusplus
}
#endif
