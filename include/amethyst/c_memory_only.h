// Reads from memory alone, of the C interface: a part of c.h, which includes it, under the same rules. For threads that
// must not wait for a disk, such as one that runs an event loop: what they are refused another thread reads in the
// ordinary way, and it is in memory from then on, unless fill_cache is 0. Thread safety: as in c.h.
#pragma once

#ifndef AMETHYST_API
#error "include <amethyst/c.h>, which includes this file"
#endif

#ifdef __cplusplus
extern "C" {
#endif

// As amethyst_get and amethyst_multi_get, but no file is read: AMETHYST_BUSY, for each key, where one would have to be.
AMETHYST_API amethyst_code amethyst_try_get(amethyst_db* db, const amethyst_read_options* options, const void* key,
                                            size_t key_bytes, char** value, size_t* value_bytes, char** error);
AMETHYST_API amethyst_code amethyst_try_multi_get(amethyst_db* db, const amethyst_read_options* options, size_t count,
                                                  const void* const* keys, const size_t* key_bytes, char** values,
                                                  size_t* value_bytes, amethyst_code* codes, char** error);

// 1: from now on a move that would have to read a file returns AMETHYST_BUSY, and moves nothing; 0: it reads. Such a
// move can be repeated, a seek by the same call, a step by the same step, which goes on from where the iterator was,
// though it is not valid meanwhile. Another thread may repeat it, with 0 set before and 1 behind.
AMETHYST_API amethyst_code amethyst_iterator_set_memory_only(amethyst_iterator* iterator, int memory_only,
                                                             char** error);

#ifdef __cplusplus
}
#endif
