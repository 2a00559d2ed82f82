// Transactions and conditional writes of the C interface: a part of c.h, which includes it, under the same rules.
//
// A transaction reads the database as of its begin, with its own writes on top, and holds these back until its commit.
// Nobody waits for it. AMETHYST_CONFLICT from a commit says that somebody has since written what it read: nothing was
// written; release it, and run all of it again with a new one. See amethyst/transaction.h for what is a conflict.
//
// Each call takes the `family` that it is for: a family of the database, the database itself, or NULL, which stand for
// the default family. A transaction ends with its commit, whatever that returns, or with its rollback; every call after
// is AMETHYST_INVALID_ARGUMENT. One that is released before has been rolled back.
//
// Thread safety: a transaction and its iterators belong together to one thread at a time: a call of one of them while
// another is in progress returns AMETHYST_BUSY. Different transactions are independent.
#pragma once

#ifndef AMETHYST_API
#error "include <amethyst/c.h>, which includes this file"
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef struct amethyst_transaction amethyst_transaction;

// What a commit checks.
typedef int amethyst_isolation;
enum {
  AMETHYST_SERIALIZABLE = 0,       // All that was read, keys and ranges, is as it was.
  AMETHYST_SNAPSHOT_ISOLATION = 1  // What it wrote, or read by get_for_update, was written by nobody else.
};

AMETHYST_API amethyst_code amethyst_begin(amethyst_db* db, amethyst_isolation isolation,
                                          amethyst_transaction** transaction, char** error);
// Its iterators may outlive it.
AMETHYST_API amethyst_code amethyst_transaction_free(amethyst_transaction* transaction);

// Reads as amethyst_get, amethyst_multi_get and amethyst_iterator_create. The options may not name a snapshot. What an
// iterator has walked over counts as read, and what amethyst_iterator_read has copied; it shows the writes that were
// there when it was made. End iterators before the commit.
AMETHYST_API amethyst_code amethyst_transaction_get(amethyst_transaction* transaction, amethyst_db* family,
                                                    const amethyst_read_options* options, const void* key,
                                                    size_t key_bytes, char** value, size_t* value_bytes, char** error);
// The key's value is checked by the commit under AMETHYST_SNAPSHOT_ISOLATION as well.
AMETHYST_API amethyst_code amethyst_transaction_get_for_update(amethyst_transaction* transaction, amethyst_db* family,
                                                               const amethyst_read_options* options, const void* key,
                                                               size_t key_bytes, char** value, size_t* value_bytes,
                                                               char** error);
AMETHYST_API amethyst_code amethyst_transaction_multi_get(amethyst_transaction* transaction, amethyst_db* family,
                                                          const amethyst_read_options* options, size_t count,
                                                          const void* const* keys, const size_t* key_bytes,
                                                          char** values, size_t* value_bytes, amethyst_code* codes,
                                                          char** error);
AMETHYST_API amethyst_code amethyst_transaction_iterator(amethyst_transaction* transaction, amethyst_db* family,
                                                         const amethyst_read_options* options,
                                                         amethyst_iterator** iterator, char** error);

// Writes as the calls of a database, held back. What could not be written is refused here, and the transaction goes on
// as it was; AMETHYST_INVALID_ARGUMENT, too, if it comes to hold more than a batch may. None of them counts as a read.
AMETHYST_API amethyst_code amethyst_transaction_put(amethyst_transaction* transaction, amethyst_db* family,
                                                    const void* key, size_t key_bytes, const void* value,
                                                    size_t value_bytes, char** error);
AMETHYST_API amethyst_code amethyst_transaction_put_expiring(amethyst_transaction* transaction, amethyst_db* family,
                                                             const void* key, size_t key_bytes, const void* value,
                                                             size_t value_bytes, uint64_t expires_at_ms, char** error);
AMETHYST_API amethyst_code amethyst_transaction_merge(amethyst_transaction* transaction, amethyst_db* family,
                                                      const void* key, size_t key_bytes, const void* operand,
                                                      size_t operand_bytes, char** error);
AMETHYST_API amethyst_code amethyst_transaction_merge_expiring(amethyst_transaction* transaction, amethyst_db* family,
                                                               const void* key, size_t key_bytes, const void* operand,
                                                               size_t operand_bytes, uint64_t expires_at_ms,
                                                               char** error);
AMETHYST_API amethyst_code amethyst_transaction_delete(amethyst_transaction* transaction, amethyst_db* family,
                                                       const void* key, size_t key_bytes, char** error);
AMETHYST_API amethyst_code amethyst_transaction_delete_range(amethyst_transaction* transaction, amethyst_db* family,
                                                             const void* begin, size_t begin_bytes, const void* end,
                                                             size_t end_bytes, char** error);
AMETHYST_API amethyst_code amethyst_transaction_delete_prefix(amethyst_transaction* transaction, amethyst_db* family,
                                                              const void* prefix, size_t prefix_bytes, char** error);
// How many operations it holds back.
AMETHYST_API amethyst_code amethyst_transaction_count(amethyst_transaction* transaction, uint32_t* count, char** error);

// Savepoints nest. The second call takes back all writes since the last savepoint, and that savepoint itself; without a
// savepoint it returns AMETHYST_INVALID_ARGUMENT. Reads made since then still count.
AMETHYST_API amethyst_code amethyst_transaction_set_savepoint(amethyst_transaction* transaction, char** error);
AMETHYST_API amethyst_code amethyst_transaction_rollback_to_savepoint(amethyst_transaction* transaction, char** error);

// Writes all of it or nothing. One that wrote nothing never meets a conflict.
AMETHYST_API amethyst_code amethyst_transaction_commit(amethyst_transaction* transaction,
                                                       amethyst_durability durability, char** error);
AMETHYST_API amethyst_code amethyst_transaction_rollback(amethyst_transaction* transaction, char** error);

// Calls `work` with a new serializable transaction, and commits it with `durability` once that has returned
// AMETHYST_OK; with another one after each conflict, that of the commit or an AMETHYST_CONFLICT that `work` returns. It
// pauses between them, and from the eighth on other calls of amethyst_transact let it go ahead. So `work` may run
// several times. Any other code that it returns rolls back, and is this call's. `work` may commit or roll back itself;
// it must not release the transaction, which this call does, nor leave an iterator of it behind, and nothing may be
// thrown or jumped through it. `state` is for `work` alone.
AMETHYST_API amethyst_code amethyst_transact(amethyst_db* db, amethyst_durability durability,
                                             amethyst_code (*work)(void* state, amethyst_transaction* transaction),
                                             void* state, char** error);

// The same for a loop of the caller's own, as another language has it: create, then begin, do the work and commit, and
// begin again as long as that is AMETHYST_CONFLICT. The others, calls of amethyst_transact among them, let it go ahead
// from the eighth time on until it is released; those of one thread do not wait for each other. Thread safety: one
// thread at a time.
typedef struct amethyst_attempts amethyst_attempts;

AMETHYST_API amethyst_code amethyst_attempts_create(amethyst_db* db, amethyst_attempts** attempts, char** error);
AMETHYST_API amethyst_code amethyst_attempts_free(amethyst_attempts* attempts);
// Begins a serializable transaction. Each call but the first says that the transaction before met a conflict, and
// pauses. Where others go ahead, it and the transaction's commit wait for up to a tenth of a second.
AMETHYST_API amethyst_code amethyst_attempts_begin(amethyst_attempts* attempts, amethyst_transaction** transaction,
                                                   char** error);

// --- Conditional writes: one key of a database or family, read and written as one ---

// Each stores a copy of what was there before, to be released with amethyst_free, or NULL if there was nothing: so it
// tells whether it wrote. `expires_at_ms`: as in amethyst_put_expiring; AMETHYST_AFTER(0): as the family says.

// Puts if the key is not there.
AMETHYST_API amethyst_code amethyst_put_if_absent(amethyst_db* db, const void* key, size_t key_bytes, const void* value,
                                                  size_t value_bytes, uint64_t expires_at_ms,
                                                  amethyst_durability durability, char** before, size_t* before_bytes,
                                                  char** error);
// Puts `value`, where the value is `expected`. `expected` NULL: where the key is not there; `value` NULL: deletes, and
// `expires_at_ms` is not looked at. An empty value is not NULL.
AMETHYST_API amethyst_code amethyst_compare_and_set(amethyst_db* db, const void* key, size_t key_bytes,
                                                    const void* expected, size_t expected_bytes, const void* value,
                                                    size_t value_bytes, uint64_t expires_at_ms,
                                                    amethyst_durability durability, char** before, size_t* before_bytes,
                                                    char** error);
AMETHYST_API amethyst_code amethyst_delete_if_equal(amethyst_db* db, const void* key, size_t key_bytes,
                                                    const void* expected, size_t expected_bytes,
                                                    amethyst_durability durability, char** before, size_t* before_bytes,
                                                    char** error);
// Adds to the integer that the value is, 8 bytes, little-endian, as the operator "int64.add" has it; a key that is not
// there is 0. Stores the new value (or not: NULL). AMETHYST_INVALID_ARGUMENT: the value is no such integer, or the sum
// does not fit into one. It needs no merge operator. amethyst_merge needs one, and adds without a read.
AMETHYST_API amethyst_code amethyst_increment(amethyst_db* db, const void* key, size_t key_bytes, int64_t delta,
                                              amethyst_durability durability, int64_t* value, char** error);

#ifdef __cplusplus
}
#endif
