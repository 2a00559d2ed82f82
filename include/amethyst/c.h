// The C interface: the whole of Amethyst for C11 and for every language that can call C. It is the stable ABI.
//
// Failure. A call that can fail returns an amethyst_code, AMETHYST_OK or what to do about the failure, and takes an
// `error` last: NULL, or where to store a message, which amethyst_free releases. It is set to NULL on success. A key
// that is not there is no failure. Bytes are a pointer, which may be NULL where there are none, and a length; texts end
// with a zero. A handle of a family is an amethyst_db too: calls on keys act on the family, all others on its database.
//
// Handles. Every handle is made by a call that stores it, and released by its own _free, which returns
// AMETHYST_INVALID_ARGUMENT for one that was released before; NULL is released by doing nothing. A handle is no
// address: one that is NULL, released, of another kind or no handle at all is refused by every call. Releasing is safe
// while other threads are inside a call with the handle. Iterators, snapshots and pinned values may outlive the
// database they came from; what a handle was given stays alive as long as it needs it: release in any order.
//
// Thread safety: a database, snapshot, pinned value, environment, memory budget or comparator may be used from any
// thread at once. Options, batches, iterators and transactions belong to one thread at a time: a call while another one
// is in progress returns AMETHYST_BUSY and does nothing.
#pragma once

#include <stddef.h>
#include <stdint.h>
#define AMETHYST_API __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif
// --- Results ---

// What the caller should do about a failure. An int, as every enumeration here, so that more may come.
typedef int amethyst_code;
enum {
  AMETHYST_OK = 0,
  AMETHYST_INVALID_ARGUMENT = 1,  // The call itself is wrong: change it.
  AMETHYST_NOT_SUPPORTED = 2,     // This build or this database cannot do that.
  AMETHYST_BUSY = 3,              // Somebody else owns the resource: try again later.
  AMETHYST_IO = 4,                // The operating system failed: look at the device.
  AMETHYST_NO_SPACE = 5,          // The disk or a quota is full: free space, then try again; nothing is lost.
  AMETHYST_CORRUPTION = 6,        // Bytes on disk are not what was written: restore or repair.
  AMETHYST_CLOSED = 7,            // The database was closed: open it again.
  AMETHYST_OUT_OF_MEMORY = 8,     // The process may have no more memory or threads: free some; nothing is lost.
  AMETHYST_TOO_OLD = 9,           // What you ask for is gone: start over from a snapshot, or from now.
  AMETHYST_CONFLICT = 10          // Somebody else wrote what the transaction read: run it again.
};

// The code's name, such as "Corruption"; "Unknown" for a number that is no code. Lives forever.
AMETHYST_API const char* amethyst_code_name(amethyst_code code);
// The library's version, such as "0.1.0". Lives forever.
AMETHYST_API const char* amethyst_version(void);
// Releases a message or value that a call has handed out; NULL does nothing.
AMETHYST_API void amethyst_free(void* memory);

typedef struct amethyst_db amethyst_db;
typedef struct amethyst_options amethyst_options;
typedef struct amethyst_batch amethyst_batch;
typedef struct amethyst_iterator amethyst_iterator;
typedef struct amethyst_snapshot amethyst_snapshot;
typedef struct amethyst_pinned amethyst_pinned;
typedef struct amethyst_comparator amethyst_comparator;
typedef struct amethyst_environment amethyst_environment;
typedef struct amethyst_memory_budget amethyst_memory_budget;

// --- Options of a database: see amethyst/options.h for when to change one ---

typedef int amethyst_compression;
enum { AMETHYST_COMPRESSION_NONE = 0, AMETHYST_COMPRESSION_LZ4 = 1, AMETHYST_COMPRESSION_ZSTD = 2 };

typedef int amethyst_cache_policy;
enum { AMETHYST_CACHE_SCAN_RESISTANT = 0, AMETHYST_CACHE_LRU = 1 };
// The settings that are numbers, with their defaults. A switch is 0 or 1.
typedef int amethyst_option;
enum {
  AMETHYST_OPTION_CREATE_IF_MISSING = 1,       // 1: create the database if there is none.
  AMETHYST_OPTION_ERROR_IF_EXISTS = 2,         // 0: a database that exists is opened.
  AMETHYST_OPTION_READ_ONLY = 3,               // 0. 1: nothing on disk is changed, and the lock is shared.
  AMETHYST_OPTION_MEMORY_BUDGET_BYTES = 4,     // 256 MiB: all memory of the database; at least 4 MiB.
  AMETHYST_OPTION_WRITE_BUFFER_BYTES = 5,      // 0: chosen from the budget.
  AMETHYST_OPTION_BLOCK_BYTES = 6,             // 4096; 512 to 1 MiB.
  AMETHYST_OPTION_COMPRESSION = 7,             // AMETHYST_COMPRESSION_LZ4
  AMETHYST_OPTION_GROUP_COMMIT_BYTES = 8,      // 1 MiB: this much waiting starts a log sync.
  AMETHYST_OPTION_GROUP_COMMIT_DELAY_US = 9,   // 0: how long a sync waits for company.
  AMETHYST_OPTION_SYNC_INTERVAL_MS = 10,       // 1000: bound on what power loss takes of buffered writes; 0: none.
  AMETHYST_OPTION_BACKGROUND_THREADS = 11,     // 0: the number of cores, at most 4.
  AMETHYST_OPTION_MAX_OPEN_FILES = 12,         // 1000; at least 16.
  AMETHYST_OPTION_CACHE_POLICY = 13,           // AMETHYST_CACHE_SCAN_RESISTANT
  AMETHYST_OPTION_DELETE_DEADLINE_S = 14,      // 86400: how long a deleted value may stay on disk; 0: no bound.
  AMETHYST_OPTION_EXTERNAL_LOG = 15,           // 0. 1: the caller keeps a log of its own: see c_log.h.
  AMETHYST_OPTION_BACKGROUND_BYTES_PER_S = 16  // 0: no limit of what flushes and compactions read and write.
};

// Options with every default.
AMETHYST_API amethyst_code amethyst_options_create(amethyst_options** options, char** error);
AMETHYST_API amethyst_code amethyst_options_free(amethyst_options* options);
// Sets one number. A number that the setting cannot hold is refused here, one out of its range by amethyst_open.
AMETHYST_API amethyst_code amethyst_options_set(amethyst_options* options, amethyst_option option, uint64_t value,
                                                char** error);
AMETHYST_API amethyst_code amethyst_options_get(amethyst_options* options, amethyst_option option, uint64_t* value,
                                                char** error);
// Share of absent keys that a filter lets through, over 0 up to 1 (no filters); 0.01.
AMETHYST_API amethyst_code amethyst_options_set_filter_false_positive_rate(amethyst_options* options, double rate,
                                                                           char** error);
// The order of keys; NULL: bytewise. A database opens only under the order, by name, that it was created with.
AMETHYST_API amethyst_code amethyst_options_set_comparator(amethyst_options* options, amethyst_comparator* comparator,
                                                           char** error);
// The order of another family; NULL: bytewise. Each open of a database is given those of all its families again.
AMETHYST_API amethyst_code amethyst_options_set_family_comparator(amethyst_options* options, const char* family,
                                                                  amethyst_comparator* comparator, char** error);
// Where files live; NULL: with the operating system.
AMETHYST_API amethyst_code amethyst_options_set_environment(amethyst_options* options,
                                                            amethyst_environment* environment, char** error);
// Memory shared with other databases, in place of AMETHYST_OPTION_MEMORY_BUDGET_BYTES; NULL: not shared.
AMETHYST_API amethyst_code amethyst_options_set_memory_budget(amethyst_options* options, amethyst_memory_budget* budget,
                                                              char** error);
// The merge operator of the family, by the name of a built-in one, such as "int64.add" (amethyst/merge_operator.h lists
// them); NULL: none. A database itself is the family "default".
AMETHYST_API amethyst_code amethyst_options_set_merge_operator(amethyst_options* options, const char* family,
                                                               const char* merge_operator, char** error);
// How long what is written to the family "default" from now on lives, in milliseconds, unless its write says otherwise;
// 0: for ever. Others keep what they were made with (amethyst_family_options).
AMETHYST_API amethyst_code amethyst_options_set_ttl(amethyst_options* options, const char* family, uint64_t ttl_ms,
                                                    char** error);
// Receives a line about what happens in the background, on the thread that does it, of which there can be several at
// once; `log` must return soon and not call the library; NULL: none. `destroy` as amethyst_options_set_listener has it.
AMETHYST_API amethyst_code amethyst_options_set_logger(amethyst_options* options, void* state,
                                                       void (*log)(void* state, const char* line, size_t line_bytes),
                                                       void (*destroy)(void* state), char** error);

// An order of keys. `compare` returns a number below, equal to or above 0, is called from any thread, must be a total
// order that calls two keys equal only if their bytes are equal, and must not call the library. One that calls other
// keys equal (or throws, where it is C++) fails the call that asked with AMETHYST_INVALID_ARGUMENT; after a write the
// database then takes no more writes until it is opened again. `name`, at most 255 bytes, is kept in the database.
// `destroy` (or NULL) is called with `state` once nothing can compare any more; where this call fails it is not called.
AMETHYST_API amethyst_code amethyst_comparator_create(const char* name, void* state,
                                                      int (*compare)(void* state, const char* a, size_t a_bytes,
                                                                     const char* b, size_t b_bytes),
                                                      void (*destroy)(void* state), amethyst_comparator** comparator,
                                                      char** error);
// The same with a `compare` that may fail. It stores its number in `*order`, which holds AMETHYST_NO_ORDER before; if
// that is still there when it returns, it is asked again, three times in all, and then fails the call, as above.
#define AMETHYST_NO_ORDER (-2147483647 - 1)
AMETHYST_API amethyst_code amethyst_comparator_create_checked(
    const char* name, void* state,
    void (*compare)(void* state, const char* a, size_t a_bytes, const char* b, size_t b_bytes, int* order),
    void (*destroy)(void* state), amethyst_comparator** comparator, char** error);
AMETHYST_API amethyst_code amethyst_comparator_free(amethyst_comparator* comparator);

// Files that live in memory and die with their last user.
AMETHYST_API amethyst_code amethyst_environment_create_in_memory(amethyst_environment** environment, char** error);
AMETHYST_API amethyst_code amethyst_environment_free(amethyst_environment* environment);

// Memory that all databases opened with it share.
AMETHYST_API amethyst_code amethyst_memory_budget_create(uint64_t bytes, amethyst_memory_budget** budget, char** error);
AMETHYST_API amethyst_code amethyst_memory_budget_free(amethyst_memory_budget* budget);

// --- A database ---

// Opens or creates the database in directory `path`. `options` may be NULL for the defaults; they are copied.
AMETHYST_API amethyst_code amethyst_open(const char* path, amethyst_options* options, amethyst_db** db, char** error);
// Flushes, syncs and closes. Calls after it return AMETHYST_CLOSED, those with families' handles as well; a second
// close returns what the first did. The handle is still to be released. AMETHYST_INVALID_ARGUMENT: it is a family's.
AMETHYST_API amethyst_code amethyst_close(amethyst_db* db, char** error);
// Releases the handle, and closes the database if that was not done; to learn of its errors, close first. A family's
// handle is released alone: the database stays open.
AMETHYST_API amethyst_code amethyst_db_free(amethyst_db* db);
// Removes a database's own files, by what they hold, and the directory if nothing else is in it. AMETHYST_BUSY while it
// is open; AMETHYST_INVALID_ARGUMENT where there is none, or where files stayed that only have names like its own.
AMETHYST_API amethyst_code amethyst_destroy(const char* path, char** error);
// Salvages what can be read in `from`, which is left as it is, into a new directory `to`. `report` (or NULL) receives
// one JSON object: tables_kept, entries_kept, log_batches_kept, and dropped, a list of what was lost.
AMETHYST_API amethyst_code amethyst_repair(const char* from, const char* to, char** report, char** error);

// The settings of a family. Fill with AMETHYST_FAMILY_OPTIONS_DEFAULT, then change fields; a NULL pointer in a call
// means the defaults, those of the database. A family keeps what it was made with.
typedef struct amethyst_family_options {
  size_t struct_bytes;                // sizeof(amethyst_family_options), so that fields can be added later.
  const char* merge_operator;         // By name, as in amethyst_options_set_merge_operator; NULL: none.
  uint64_t ttl_ms;                    // How long what says nothing of its own lives; 0: for ever.
  uint64_t block_bytes;               // 0: as the database.
  double filter_false_positive_rate;  // 0: as the database.
  int64_t compression;                // An amethyst_compression, or AMETHYST_COMPRESSION_OF_DATABASE.
  amethyst_comparator* comparator;    // The order of its keys; NULL: bytewise. It is needed during the call only.
} amethyst_family_options;

#define AMETHYST_COMPRESSION_OF_DATABASE (-1)
#define AMETHYST_FAMILY_OPTIONS_DEFAULT \
  {sizeof(amethyst_family_options), NULL, 0, 0, 0, AMETHYST_COMPRESSION_OF_DATABASE, NULL}

// Makes a family: a map of keys of its own in the database, which shares its log, memory, snapshots and batches. It is
// durable when the call returns. AMETHYST_INVALID_ARGUMENT: the name has no byte or over 255, or is taken.
AMETHYST_API amethyst_code amethyst_create_family(amethyst_db* db, const char* name,
                                                  const amethyst_family_options* options, amethyst_db** family,
                                                  char** error);
// A handle of a family, to be released with amethyst_db_free; "default" is the database's own.
// AMETHYST_INVALID_ARGUMENT: no family has this name.
AMETHYST_API amethyst_code amethyst_open_family(amethyst_db* db, const char* name, amethyst_db** family, char** error);
// The family and all that is in it is gone at once. Calls with its handles, which are still to be released, then return
// AMETHYST_INVALID_ARGUMENT. The default one cannot be dropped or renamed.
AMETHYST_API amethyst_code amethyst_drop_family(amethyst_db* family, char** error);
AMETHYST_API amethyst_code amethyst_rename_family(amethyst_db* family, const char* name, char** error);
// A number that no other family of the database has or had; 0: the default one.
AMETHYST_API amethyst_code amethyst_family_id(amethyst_db* family, uint32_t* id, char** error);
// Its name now, to be released with amethyst_free.
AMETHYST_API amethyst_code amethyst_family_name(amethyst_db* family, char** name, char** error);
// The name of the merge operator that its operands are for, to be released with amethyst_free; NULL: it has none.
AMETHYST_API amethyst_code amethyst_family_merge_operator(amethyst_db* family, char** name, char** error);
// How long what says nothing of its own lives, in milliseconds; 0: for ever.
AMETHYST_API amethyst_code amethyst_family_ttl(amethyst_db* family, uint64_t* ttl_ms, char** error);
// Stores one JSON object with what the family has in tables, and in each level, to be released with amethyst_free.
AMETHYST_API amethyst_code amethyst_family_stats_json(amethyst_db* family, char** json, char** error);
// Stores the names one behind the other, each with its zero, to be released with amethyst_free, and how many there are:
// "default" first. One with a zero inside, which only C++ can make, is left out.
AMETHYST_API amethyst_code amethyst_family_names(amethyst_db* db, char** names, size_t* count, char** error);

// What an acknowledged write survives.
typedef int amethyst_durability;
enum {
  AMETHYST_BUFFERED = 0,  // The default: process crash and kill -9; power loss, except the last sync interval.
  AMETHYST_SYNC = 1,      // Power loss. Concurrent writers share one device flush.
  AMETHYST_NONE = 2       // Nothing until the next flush: the log is skipped.
};

// Stores `value` under `key`, in place of any value before. Keys have at most 8 MiB.
AMETHYST_API amethyst_code amethyst_put(amethyst_db* db, const void* key, size_t key_bytes, const void* value,
                                        size_t value_bytes, amethyst_durability durability, char** error);
// Removes `key`; an absent one is no failure.
AMETHYST_API amethyst_code amethyst_delete(amethyst_db* db, const void* key, size_t key_bytes,
                                           amethyst_durability durability, char** error);
// Stores a value that is deleted from a moment on: `expires_at_ms`, in milliseconds since 1970; so long after its
// write, by the database's clock, with AMETHYST_AFTER (0: as the family's ttl; a negative time is refused); or
// AMETHYST_NEVER, whatever the family's ttl.
#define AMETHYST_NEVER UINT64_MAX
#define AMETHYST_AFTER(ttl_ms) ((UINT64_C(1) << 63) | ((uint64_t)(ttl_ms) & (UINT64_MAX >> 2)))
AMETHYST_API amethyst_code amethyst_put_expiring(amethyst_db* db, const void* key, size_t key_bytes, const void* value,
                                                 size_t value_bytes, uint64_t expires_at_ms,
                                                 amethyst_durability durability, char** error);
// Writes an operand for the family's merge operator, without a read: the value changes as the operator says.
// AMETHYST_INVALID_ARGUMENT: the family has no operator, or its operator does not take the operand.
AMETHYST_API amethyst_code amethyst_merge(amethyst_db* db, const void* key, size_t key_bytes, const void* operand,
                                          size_t operand_bytes, amethyst_durability durability, char** error);
AMETHYST_API amethyst_code amethyst_merge_expiring(amethyst_db* db, const void* key, size_t key_bytes,
                                                   const void* operand, size_t operand_bytes, uint64_t expires_at_ms,
                                                   amethyst_durability durability, char** error);
// Removes all keys in [begin, end), however many, at the cost of one write; NULL: no bound on that side. A later put of
// such a key stays. AMETHYST_INVALID_ARGUMENT: `end` comes before `begin`.
AMETHYST_API amethyst_code amethyst_delete_range(amethyst_db* db, const void* begin, size_t begin_bytes,
                                                 const void* end, size_t end_bytes, amethyst_durability durability,
                                                 char** error);
// Removes all keys that begin with `prefix`; with 0 bytes, all keys. AMETHYST_NOT_SUPPORTED: the database has an order
// of its own.
AMETHYST_API amethyst_code amethyst_delete_prefix(amethyst_db* db, const void* prefix, size_t prefix_bytes,
                                                  amethyst_durability durability, char** error);
// Applies all of the batch or nothing. The batch stays as it is; it says itself which families it writes to.
// AMETHYST_INVALID_ARGUMENT: one of them was dropped, or is another database's.
AMETHYST_API amethyst_code amethyst_write(amethyst_db* db, amethyst_batch* batch, amethyst_durability durability,
                                          char** error);

// How to read. Fill with AMETHYST_READ_OPTIONS_DEFAULT, then change fields; a NULL pointer in a call means the
// defaults. Bounds and snapshot are needed during the call only.
typedef struct amethyst_read_options {
  size_t struct_bytes;          // sizeof(amethyst_read_options), so that fields can be added later.
  amethyst_snapshot* snapshot;  // Read as of this moment; NULL: now. It must be of the same database.
  const void* lower_bound;      // Iterators stay at or after it; NULL: no bound.
  size_t lower_bound_bytes;
  const void* upper_bound;  // Iterators stay before it; NULL: no bound.
  size_t upper_bound_bytes;
  uint64_t fill_cache;  // 1: keep what had to be read from disk in the cache. 0 for one-time scans.
} amethyst_read_options;

#define AMETHYST_READ_OPTIONS_DEFAULT {sizeof(amethyst_read_options), NULL, NULL, 0, NULL, 0, 1}

// Stores a copy of the value, for amethyst_free; NULL if the key is not there, which an empty value is not.
AMETHYST_API amethyst_code amethyst_get(amethyst_db* db, const amethyst_read_options* options, const void* key,
                                        size_t key_bytes, char** value, size_t* value_bytes, char** error);
// Copies the value's first bytes, as many as fit, into `buffer`. `found` receives 0 or 1, and `value_bytes` the size of
// the whole value.
AMETHYST_API amethyst_code amethyst_get_into(amethyst_db* db, const amethyst_read_options* options, const void* key,
                                             size_t key_bytes, void* buffer, size_t buffer_bytes, int* found,
                                             size_t* value_bytes, char** error);
// Stores a handle on the value itself, without a copy; NULL if the key is not there.
AMETHYST_API amethyst_code amethyst_get_pinned(amethyst_db* db, const amethyst_read_options* options, const void* key,
                                               size_t key_bytes, amethyst_pinned** pinned, char** error);
// The bytes, valid until the handle is released; NULL for what is no live pinned value.
AMETHYST_API const char* amethyst_pinned_value(amethyst_pinned* pinned, size_t* value_bytes);
// When it expires, in milliseconds since 1970; AMETHYST_NEVER.
AMETHYST_API amethyst_code amethyst_pinned_expires_at(amethyst_pinned* pinned, uint64_t* expires_at_ms, char** error);
AMETHYST_API amethyst_code amethyst_pinned_free(amethyst_pinned* pinned);
// Reads `count` keys as of one moment. Each of the arrays holds `count` elements; values are as from amethyst_get.
// Where one key fails its code is in `codes` (or NULL) and its value NULL, and the call returns the first failure.
AMETHYST_API amethyst_code amethyst_multi_get(amethyst_db* db, const amethyst_read_options* options, size_t count,
                                              const void* const* keys, const size_t* key_bytes, char** values,
                                              size_t* value_bytes, amethyst_code* codes, char** error);

// Writes everything in memory to tables, and waits for it.
AMETHYST_API amethyst_code amethyst_flush(amethyst_db* db, char** error);
// Rewrites all tables that overlap [begin, end), dropping what is deleted or hidden; NULL: no bound on that side.
AMETHYST_API amethyst_code amethyst_compact_range(amethyst_db* db, const void* begin, size_t begin_bytes,
                                                  const void* end, size_t end_bytes, char** error);
// Returns when no flush or compaction runs or is due.
AMETHYST_API amethyst_code amethyst_wait_for_idle(amethyst_db* db, char** error);
// Makes everything written so far durable against power loss (AMETHYST_NONE writes excepted).
AMETHYST_API amethyst_code amethyst_sync_wal(amethyst_db* db, char** error);
// Bytes on disk and in memory of the keys in [begin, end): an estimate, to about a block.
AMETHYST_API amethyst_code amethyst_approximate_size(amethyst_db* db, const void* begin, size_t begin_bytes,
                                                     const void* end, size_t end_bytes, uint64_t* bytes, char** error);
// Stores one JSON object with counters, histograms and the shape of the levels, to be released with amethyst_free.
AMETHYST_API amethyst_code amethyst_stats_json(amethyst_db* db, char** json, char** error);

// A view of the database as of now. While it lives, compaction keeps what it can see.
AMETHYST_API amethyst_code amethyst_snapshot_create(amethyst_db* db, amethyst_snapshot** snapshot, char** error);
AMETHYST_API amethyst_code amethyst_snapshot_free(amethyst_snapshot* snapshot);
// The number of the newest write that the snapshot sees.
AMETHYST_API amethyst_code amethyst_snapshot_sequence(amethyst_snapshot* snapshot, uint64_t* sequence, char** error);

// --- Batches: puts, merges and deletes that are applied as one ---

AMETHYST_API amethyst_code amethyst_batch_create(amethyst_batch** batch, char** error);
AMETHYST_API amethyst_code amethyst_batch_free(amethyst_batch* batch);
// Later operations on a key win over earlier ones. Limits are checked when the batch is written.
AMETHYST_API amethyst_code amethyst_batch_put(amethyst_batch* batch, const void* key, size_t key_bytes,
                                              const void* value, size_t value_bytes, char** error);
AMETHYST_API amethyst_code amethyst_batch_delete(amethyst_batch* batch, const void* key, size_t key_bytes,
                                                 char** error);
// As amethyst_put_expiring, amethyst_merge and amethyst_merge_expiring.
AMETHYST_API amethyst_code amethyst_batch_put_expiring(amethyst_batch* batch, const void* key, size_t key_bytes,
                                                       const void* value, size_t value_bytes, uint64_t expires_at_ms,
                                                       char** error);
AMETHYST_API amethyst_code amethyst_batch_merge(amethyst_batch* batch, const void* key, size_t key_bytes,
                                                const void* operand, size_t operand_bytes, char** error);
AMETHYST_API amethyst_code amethyst_batch_merge_expiring(amethyst_batch* batch, const void* key, size_t key_bytes,
                                                         const void* operand, size_t operand_bytes,
                                                         uint64_t expires_at_ms, char** error);
// As amethyst_delete_range and amethyst_delete_prefix, whose failures come when the batch is written.
AMETHYST_API amethyst_code amethyst_batch_delete_range(amethyst_batch* batch, const void* begin, size_t begin_bytes,
                                                       const void* end, size_t end_bytes, char** error);
AMETHYST_API amethyst_code amethyst_batch_delete_prefix(amethyst_batch* batch, const void* prefix, size_t prefix_bytes,
                                                        char** error);
// What is added from here on goes to this family; NULL or a database: to the default one. All families of a batch are
// of one database.
AMETHYST_API amethyst_code amethyst_batch_set_family(amethyst_batch* batch, amethyst_db* family, char** error);
// As if it had just been made.
AMETHYST_API amethyst_code amethyst_batch_clear(amethyst_batch* batch, char** error);
// Adds all operations of `other`, which may be the same batch, to the families that they are of.
AMETHYST_API amethyst_code amethyst_batch_append(amethyst_batch* batch, amethyst_batch* other, char** error);
// How many operations it holds, and the bytes that they take in memory and in the log; either may be NULL.
AMETHYST_API amethyst_code amethyst_batch_size(amethyst_batch* batch, uint32_t* count, size_t* bytes, char** error);
// Calls `put` or `remove` for each operation in order. Neither may use the batch. The call ends with
// AMETHYST_NOT_SUPPORTED at the first merge, range delete, put that expires or operation of a family.
AMETHYST_API amethyst_code amethyst_batch_iterate(amethyst_batch* batch, void* state,
                                                  void (*put)(void* state, const char* key, size_t key_bytes,
                                                              const char* value, size_t value_bytes),
                                                  void (*remove)(void* state, const char* key, size_t key_bytes),
                                                  char** error);
// A copy of the operations as bytes, to be released with amethyst_free; and a batch from such bytes, which are checked.
// Bytes name families by their ids: they are for the database that they came from.
AMETHYST_API amethyst_code amethyst_batch_to_bytes(amethyst_batch* batch, char** bytes, size_t* bytes_count,
                                                   char** error);
AMETHYST_API amethyst_code amethyst_batch_from_bytes(const void* bytes, size_t bytes_count, amethyst_batch** batch,
                                                     char** error);

// --- Iterators: an ordered walk as of one moment, both ways ---

// Not yet positioned. When the database is closed under it, its next move returns AMETHYST_CLOSED.
AMETHYST_API amethyst_code amethyst_iterator_create(amethyst_db* db, const amethyst_read_options* options,
                                                    amethyst_iterator** iterator, char** error);
AMETHYST_API amethyst_code amethyst_iterator_free(amethyst_iterator* iterator);
AMETHYST_API amethyst_code amethyst_iterator_seek_to_first(amethyst_iterator* iterator, char** error);
AMETHYST_API amethyst_code amethyst_iterator_seek_to_last(amethyst_iterator* iterator, char** error);
// To the first key at or after `target`, and to the last key at or before it.
AMETHYST_API amethyst_code amethyst_iterator_seek(amethyst_iterator* iterator, const void* target, size_t target_bytes,
                                                  char** error);
AMETHYST_API amethyst_code amethyst_iterator_seek_for_prev(amethyst_iterator* iterator, const void* target,
                                                           size_t target_bytes, char** error);
// One step; AMETHYST_INVALID_ARGUMENT where the iterator is not valid. To step beyond the end is no failure.
AMETHYST_API amethyst_code amethyst_iterator_next(amethyst_iterator* iterator, char** error);
AMETHYST_API amethyst_code amethyst_iterator_prev(amethyst_iterator* iterator, char** error);
// 1 on an entry; 0 at the end, before the first seek, after a failed move, and for what is no live iterator.
AMETHYST_API int amethyst_iterator_valid(amethyst_iterator* iterator);
// The entry's parts, valid until the next move or release; NULL where the iterator is not valid.
AMETHYST_API const char* amethyst_iterator_key(amethyst_iterator* iterator, size_t* key_bytes);
AMETHYST_API const char* amethyst_iterator_value(amethyst_iterator* iterator, size_t* value_bytes);
// When the entry expires, in milliseconds since 1970; AMETHYST_NEVER.
AMETHYST_API amethyst_code amethyst_iterator_expires_at(amethyst_iterator* iterator, uint64_t* expires_at_ms,
                                                        char** error);
// What the last move returned.
AMETHYST_API amethyst_code amethyst_iterator_status(amethyst_iterator* iterator, char** error);

#ifdef __cplusplus
}
#endif
#include "amethyst/c_backup.h"
#include "amethyst/c_follower.h"
#include "amethyst/c_ingest.h"
#include "amethyst/c_iterator_batch.h"
#include "amethyst/c_live.h"
#include "amethyst/c_log.h"
#include "amethyst/c_memory_only.h"
#include "amethyst/c_transaction.h"
