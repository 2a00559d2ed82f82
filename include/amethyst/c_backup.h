// Checkpoints and backups of the C interface: a part of c.h, which includes it, under the same rules.
//
// Both are copies of an open database as of one moment of the call, while it is read and written: see docs/backup.md. A
// store of backups is a directory, and needs no handle. A call that finds it in use by another one, of this process or
// another, returns AMETHYST_BUSY.
// Thread safety: any thread at once.
#pragma once

#ifndef AMETHYST_API
#error "include <amethyst/c.h>, which includes this file"
#endif

#ifdef __cplusplus
extern "C" {
#endif

// Makes a copy, a database of its own, in the new directory `path`: whole and durable, or not there.
// AMETHYST_INVALID_ARGUMENT: something is at `path`. A handle of a family stands for its database. A follower makes
// copies, too, here and below, beside its writer.
AMETHYST_API amethyst_code amethyst_checkpoint(amethyst_db* db, const char* path, char** error);

// Adds a backup of the database to the store in directory `store`, which is made if need be. `id` (or NULL) receives
// its number.
AMETHYST_API amethyst_code amethyst_backup_create(amethyst_db* db, const char* store, uint64_t* id, char** error);
// `list` receives a JSON array with an object for each backup, by their ids: id, created_ms (since 1970), database (its
// uid), tables, bytes, new_bytes; or id and problem, where its list cannot be read.
AMETHYST_API amethyst_code amethyst_backup_list(const char* store, char** list, char** error);
// Reads all of a backup and compares it with what was stored. AMETHYST_CORRUPTION: it is not that.
AMETHYST_API amethyst_code amethyst_backup_verify(const char* store, uint64_t id, char** error);
// Makes a database of a backup in the new directory `path`, whole or not at all.
AMETHYST_API amethyst_code amethyst_backup_restore(const char* store, uint64_t id, const char* path, char** error);
// Removes all but the last `keep` backups of each database, then the tables that none is made of. `report` (or NULL)
// receives a JSON object: backups_removed, tables_removed, bytes_removed.
AMETHYST_API amethyst_code amethyst_backup_prune(const char* store, uint64_t keep, char** report, char** error);

#ifdef __cplusplus
}
#endif
