// Reading a database beside the process that writes it, of the C interface: a part of c.h, which includes it, under the
// same rules. See docs/several_processes.md. Thread safety: any thread.
#pragma once

#ifndef AMETHYST_API
#error "include <amethyst/c.h>, which includes this file"
#endif

#ifdef __cplusplus
extern "C" {
#endif

// Fill with AMETHYST_FOLLOWER_OPTIONS_DEFAULT, then change fields; a NULL pointer in a call means the defaults.
typedef struct amethyst_follower_options {
  size_t struct_bytes;           // sizeof(amethyst_follower_options), so that fields can be added later.
  uint32_t refresh_interval_ms;  // How long it waits before it looks by itself; 0: it looks in amethyst_refresh alone.
  uint32_t grace_s;              // How long the writer keeps files for a state that it has left.
} amethyst_follower_options;

#define AMETHYST_FOLLOWER_OPTIONS_DEFAULT {sizeof(amethyst_follower_options), 100, 60}

// Opens the database for reading beside its writer, and goes along with it; writes are AMETHYST_NOT_SUPPORTED.
// `options` (or NULL) say what concerns reads. AMETHYST_INVALID_ARGUMENT: there is no database.
AMETHYST_API amethyst_code amethyst_open_follower(const char* path, amethyst_options* options,
                                                  const amethyst_follower_options* follower, amethyst_db** db,
                                                  char** error);
// Returns once reads see at least what the writer's saw when this was called. Nothing to do on a database that is no
// follower.
AMETHYST_API amethyst_code amethyst_refresh(amethyst_db* db, char** error);

#ifdef __cplusplus
}
#endif
