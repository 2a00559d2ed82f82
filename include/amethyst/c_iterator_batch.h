// Many entries of an iterator with one call, of the C interface: a part of c.h, which includes it, under the same
// rules. Thread safety: as in c.h.
#pragma once

#ifndef AMETHYST_API
#error "include <amethyst/c.h>, which includes this file"
#endif

#ifdef __cplusplus
extern "C" {
#endif

// An entry where it lies.
typedef struct amethyst_entry {
  const char* key;
  size_t key_bytes;
  const char* value;
  size_t value_bytes;
} amethyst_entry;

// Stores the entry that is shown and those behind it (`backward`: 1 before it, in descending order) into `entries`,
// which has room for `entries_max`: as many as lie ready, and `entries_stored` how many. The iterator is then on the
// last of them: amethyst_iterator_next (prev) goes on from there. Keys and values together are at most `bytes_max`,
// unless the first entry alone is greater. What is stored is valid until the next move or release. What expires comes
// alone, so amethyst_iterator_expires_at is true of all. Reads no file. 0 entries where the iterator is not valid.
AMETHYST_API amethyst_code amethyst_iterator_batch(amethyst_iterator* iterator, int backward, amethyst_entry* entries,
                                                   size_t entries_max, size_t bytes_max, size_t* entries_stored,
                                                   char** error);

// For languages in which a call is dear: copies up to `entries_max` entries from the current one on, as fit `buffer`,
// and steps beyond them (`backward`: 1 with prev). Each is the lengths of key and value as 4 bytes, little-endian, then
// both. Stores their number and bytes; 0 on a valid iterator: the first does not fit, and would take `used_bytes`.
AMETHYST_API amethyst_code amethyst_iterator_read(amethyst_iterator* iterator, int backward, size_t entries_max,
                                                  void* buffer, size_t buffer_bytes, size_t* entries,
                                                  size_t* used_bytes, char** error);

#ifdef __cplusplus
}
#endif
