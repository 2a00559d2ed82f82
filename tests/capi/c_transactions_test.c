// Transactions and conditional writes. Covers: transactions, conditional_writes, iterator, entries.
#include <pthread.h>
#include <stdatomic.h>

#include "c_check.h"

static const amethyst_code wrong = AMETHYST_INVALID_ARGUMENT;

static amethyst_transaction* Begin(amethyst_db* db) {
  char* error = NULL;
  amethyst_transaction* transaction = NULL;
  OK(amethyst_begin(db, AMETHYST_SERIALIZABLE, &transaction, &error));
  return transaction;
}

// 1 if the transaction reads this value; NULL: none.
static int Reads(amethyst_transaction* transaction, amethyst_db* family, const char* key, const char* value) {
  char* error = NULL;
  char* got = NULL;
  size_t bytes = 0;
  OK(amethyst_transaction_get(transaction, family, NULL, key, strlen(key), &got, &bytes, &error));
  const int same =
      value == NULL || got == NULL ? value == got : bytes == strlen(value) && memcmp(got, value, bytes) == 0;
  amethyst_free(got);
  return same;
}

static void Write(amethyst_transaction* transaction, amethyst_db* family, const char* key, const char* value) {
  char* error = NULL;
  OK(amethyst_transaction_put(transaction, family, key, strlen(key), value, strlen(value), &error));
}

// The keys of the transaction, one behind the other.
static int HasKeys(amethyst_transaction* transaction, amethyst_db* family, const char* expected) {
  char* error = NULL;
  char found[64] = "";
  amethyst_iterator* iterator = NULL;
  OK(amethyst_transaction_iterator(transaction, family, NULL, &iterator, &error));
  OK(amethyst_iterator_seek_to_first(iterator, &error));
  while (amethyst_iterator_valid(iterator)) {
    size_t bytes = 0;
    const char* const key = amethyst_iterator_key(iterator, &bytes);
    strncat(found, key, bytes);
    OK(amethyst_iterator_next(iterator, &error));
  }
  CHECK(amethyst_iterator_free(iterator) == AMETHYST_OK);
  return strcmp(found, expected) == 0;
}

TEST(a_transaction_reads_its_own_writes_and_others_see_them_after_the_commit) {
  char* error = NULL;
  amethyst_db* db = InMemory();
  Put(db, "a", "1");
  Put(db, "x", "1");
  Put(db, "y1", "1");
  amethyst_transaction* t = Begin(db);
  Write(t, NULL, "b", "2");
  Write(t, NULL, "c", "3");
  OK(amethyst_transaction_delete(t, NULL, "a", 1, &error));
  OK(amethyst_transaction_delete_range(t, NULL, "x", 1, "y", 1, &error));
  OK(amethyst_transaction_delete_prefix(t, NULL, "y", 1, &error));
  CHECK(Reads(t, NULL, "a", NULL) && Reads(t, NULL, "b", "2"));
  CHECK(HasKeys(t, NULL, "bc"));
  CHECK(Has(db, NULL, "a", "1") && Has(db, NULL, "b", NULL));

  const void* keys[] = {"a", "b", "c"};
  const size_t key_bytes[] = {1, 1, 1};
  char* values[3];
  size_t value_bytes[3];
  amethyst_code codes[3];
  OK(amethyst_transaction_multi_get(t, NULL, NULL, 3, keys, key_bytes, values, value_bytes, codes, &error));
  CHECK(values[0] == NULL && *values[1] == '2' && *values[2] == '3' && codes[2] == AMETHYST_OK);
  for (int i = 0; i < 3; ++i) amethyst_free(values[i]);
  uint32_t count = 0;
  OK(amethyst_transaction_count(t, &count, &error));
  CHECK(count == 5);
  OK(amethyst_transaction_commit(t, AMETHYST_SYNC, &error));
  CHECK(Has(db, NULL, "a", NULL) && Has(db, NULL, "b", "2") && Has(db, NULL, "x", NULL) && Has(db, NULL, "y1", NULL));
  FAILS(wrong, "has ended", amethyst_transaction_put(t, NULL, "k", 1, "v", 1, &error));
  FAILS(wrong, "has ended", amethyst_transaction_commit(t, AMETHYST_SYNC, &error));
  CHECK(amethyst_transaction_free(t) == AMETHYST_OK);
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
}

TEST(a_commit_is_a_conflict_if_what_was_read_has_changed) {
  char* error = NULL;
  amethyst_db* db = InMemory();
  Put(db, "a", "1");
  amethyst_transaction* t = Begin(db);
  CHECK(Reads(t, NULL, "a", "1"));
  Write(t, NULL, "b", "2");
  Put(db, "a", "2");
  CHECK(Reads(t, NULL, "a", "1"));
  FAILS(AMETHYST_CONFLICT, "", amethyst_transaction_commit(t, AMETHYST_BUFFERED, &error));
  CHECK(Has(db, NULL, "b", NULL));
  CHECK(strcmp(amethyst_code_name(AMETHYST_CONFLICT), "Conflict") == 0);
  CHECK(amethyst_transaction_free(t) == AMETHYST_OK);

  t = Begin(db);
  CHECK(HasKeys(t, NULL, "a"));
  Write(t, NULL, "b", "2");
  Put(db, "z", "a phantom");
  FAILS(AMETHYST_CONFLICT, "", amethyst_transaction_commit(t, AMETHYST_BUFFERED, &error));
  CHECK(amethyst_transaction_free(t) == AMETHYST_OK);
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
}

TEST(snapshot_isolation_checks_what_was_written_or_read_for_update) {
  char* error = NULL;
  amethyst_db* db = InMemory();
  amethyst_transaction* t = NULL;
  char* value = NULL;
  size_t bytes = 0;
  OK(amethyst_begin(db, AMETHYST_SNAPSHOT_ISOLATION, &t, &error));
  CHECK(Reads(t, NULL, "a", NULL));
  Write(t, NULL, "b", "1");
  Put(db, "a", "1");
  OK(amethyst_transaction_commit(t, AMETHYST_BUFFERED, &error));
  CHECK(amethyst_transaction_free(t) == AMETHYST_OK);

  OK(amethyst_begin(db, AMETHYST_SNAPSHOT_ISOLATION, &t, &error));
  OK(amethyst_transaction_get_for_update(t, db, NULL, "a", 1, &value, &bytes, &error));
  CHECK(bytes == 1 && *value == '1');
  amethyst_free(value);
  Write(t, NULL, "c", "1");
  Put(db, "a", "2");
  FAILS(AMETHYST_CONFLICT, "", amethyst_transaction_commit(t, AMETHYST_BUFFERED, &error));
  CHECK(amethyst_transaction_free(t) == AMETHYST_OK);
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
}

TEST(savepoints_nest_and_a_rollback_writes_nothing) {
  char* error = NULL;
  amethyst_db* db = InMemory();
  amethyst_transaction* t = Begin(db);
  FAILS(wrong, "no savepoint", amethyst_transaction_rollback_to_savepoint(t, &error));
  Write(t, NULL, "a", "1");
  OK(amethyst_transaction_set_savepoint(t, &error));
  Write(t, NULL, "b", "1");
  OK(amethyst_transaction_set_savepoint(t, &error));
  Write(t, NULL, "a", "2");
  OK(amethyst_transaction_rollback_to_savepoint(t, &error));
  CHECK(Reads(t, NULL, "a", "1") && Reads(t, NULL, "b", "1"));
  OK(amethyst_transaction_rollback_to_savepoint(t, &error));
  CHECK(Reads(t, NULL, "a", "1") && Reads(t, NULL, "b", NULL));
  OK(amethyst_transaction_rollback(t, &error));
  FAILS(wrong, "has ended", amethyst_transaction_rollback(t, &error));
  FAILS(wrong, "has ended", amethyst_transaction_set_savepoint(t, &error));
  CHECK(Has(db, NULL, "a", NULL));
  CHECK(amethyst_transaction_free(t) == AMETHYST_OK);

  t = Begin(db);
  Write(t, NULL, "a", "1");
  CHECK(amethyst_transaction_free(t) == AMETHYST_OK);
  CHECK(Has(db, NULL, "a", NULL));
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
}

TEST(families_merges_and_expiry_are_of_the_family_that_is_named) {
  char* error = NULL;
  amethyst_db* db = InMemory();
  amethyst_db* other = InMemory();
  amethyst_db* counters = NULL;
  const unsigned char one[8] = {1};
  amethyst_family_options options = AMETHYST_FAMILY_OPTIONS_DEFAULT;
  options.merge_operator = "int64.add";
  OK(amethyst_create_family(db, "counters", &options, &counters, &error));
  amethyst_transaction* t = Begin(db);
  Write(t, db, "k", "of the database");
  Write(t, counters, "k", "12345678");
  OK(amethyst_transaction_merge(t, counters, "n", 1, one, 8, &error));
  OK(amethyst_transaction_merge_expiring(t, counters, "n", 1, one, 8, AMETHYST_NEVER, &error));
  OK(amethyst_transaction_put_expiring(t, counters, "past", 4, "x", 1, 1, &error));
  CHECK(Reads(t, NULL, "k", "of the database") && Reads(t, counters, "k", "12345678"));
  CHECK(Reads(t, counters, "n", "\x02") == 0 && Reads(t, counters, "past", NULL));
  CHECK(HasKeys(t, counters, "kn") && HasKeys(t, db, "k"));
  FAILS(wrong, "operator", amethyst_transaction_merge(t, NULL, "n", 1, one, 8, &error));
  FAILS(wrong, "another database", amethyst_transaction_put(t, other, "k", 1, "v", 1, &error));
  FAILS(wrong, "no live database", amethyst_transaction_put(t, (amethyst_db*)t, "k", 1, "v", 1, &error));
  OK(amethyst_transaction_commit(t, AMETHYST_BUFFERED, &error));
  char* value = NULL;
  size_t bytes = 0;
  OK(amethyst_get(counters, NULL, "n", 1, &value, &bytes, &error));
  CHECK(bytes == 8 && value[0] == 2);
  amethyst_free(value);
  CHECK(amethyst_transaction_free(t) == AMETHYST_OK);
  CHECK(amethyst_db_free(counters) == AMETHYST_OK && amethyst_db_free(other) == AMETHYST_OK);
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
}

TEST(a_conditional_write_tells_what_was_there) {
  char* error = NULL;
  amethyst_db* db = InMemory();
  char* before = NULL;
  size_t bytes = 0;
  const uint64_t as_family = AMETHYST_AFTER(0);
  const amethyst_durability buffered = AMETHYST_BUFFERED;
  OK(amethyst_put_if_absent(db, "k", 1, "1", 1, as_family, AMETHYST_SYNC, &before, &bytes, &error));
  CHECK(before == NULL && bytes == 0);
  OK(amethyst_put_if_absent(db, "k", 1, "2", 1, as_family, buffered, &before, &bytes, &error));
  CHECK(bytes == 1 && *before == '1' && Has(db, NULL, "k", "1"));
  amethyst_free(before);
  OK(amethyst_compare_and_set(db, "k", 1, "0", 1, "2", 1, as_family, buffered, &before, &bytes, &error));
  CHECK(bytes == 1 && *before == '1' && Has(db, NULL, "k", "1"));
  amethyst_free(before);
  OK(amethyst_compare_and_set(db, "k", 1, "1", 1, "", 0, as_family, buffered, &before, &bytes, &error));
  CHECK(bytes == 1 && *before == '1' && Has(db, NULL, "k", ""));
  amethyst_free(before);
  OK(amethyst_compare_and_set(db, "k", 1, NULL, 0, "3", 1, as_family, buffered, &before, &bytes, &error));
  CHECK(bytes == 0 && before != NULL && Has(db, NULL, "k", ""));
  amethyst_free(before);
  OK(amethyst_delete_if_equal(db, "k", 1, "other", 5, buffered, &before, &bytes, &error));
  CHECK(before != NULL && Has(db, NULL, "k", ""));
  amethyst_free(before);
  OK(amethyst_compare_and_set(db, "k", 1, "", 0, NULL, 0, 1, buffered, &before, &bytes, &error));
  CHECK(before != NULL && Has(db, NULL, "k", NULL));
  amethyst_free(before);
  Put(db, "k", "4");
  OK(amethyst_delete_if_equal(db, "k", 1, "4", 1, buffered, &before, &bytes, &error));
  CHECK(bytes == 1 && Has(db, NULL, "k", NULL));
  amethyst_free(before);
  OK(amethyst_put_if_absent(db, "past", 4, "1", 1, 1, buffered, &before, &bytes, &error));
  OK(amethyst_put_if_absent(db, "past", 4, "2", 1, AMETHYST_AFTER(3600000), buffered, &before, &bytes, &error));
  CHECK(before == NULL && Has(db, NULL, "past", "2"));
  FAILS(wrong, "value: null", amethyst_put_if_absent(db, "k", 1, "1", 1, as_family, buffered, NULL, &bytes, &error));
  FAILS(wrong, "key: null", amethyst_delete_if_equal(db, NULL, 1, "1", 1, buffered, &before, &bytes, &error));

  int64_t sum = 0;
  OK(amethyst_increment(db, "n", 1, 5, buffered, &sum, &error));
  CHECK(sum == 5);
  OK(amethyst_increment(db, "n", 1, -7, buffered, NULL, &error));
  OK(amethyst_increment(db, "n", 1, 0, buffered, &sum, &error));
  CHECK(sum == -2);
  FAILS(wrong, "64 bits", amethyst_increment(db, "n", 1, INT64_MIN, buffered, &sum, &error));
  FAILS(wrong, "1 bytes", amethyst_increment(db, "past", 4, 1, buffered, &sum, &error));
  CHECK(sum == -2);
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
}

TEST(handles_of_transactions_are_checked_and_released_in_any_order) {
  char* error = NULL;
  amethyst_db* db = InMemory();
  amethyst_transaction* t = NULL;
  amethyst_iterator* iterator = NULL;
  char* value = NULL;
  size_t bytes = 0;
  FAILS(wrong, "isolation", amethyst_begin(db, 2, &t, &error));
  FAILS(wrong, "null", amethyst_begin(db, AMETHYST_SERIALIZABLE, NULL, &error));
  FAILS(wrong, "no live database", amethyst_begin(NULL, AMETHYST_SERIALIZABLE, &t, &error));
  FAILS(wrong, "no live transaction", amethyst_transaction_commit(NULL, AMETHYST_BUFFERED, &error));
  FAILS(wrong, "no live transaction", amethyst_transaction_put((amethyst_transaction*)db, NULL, "k", 1, "", 0, &error));
  CHECK(amethyst_transaction_free(NULL) == AMETHYST_OK);
  CHECK(amethyst_transaction_free((amethyst_transaction*)db) == wrong);

  Put(db, "a", "1");
  t = Begin(db);
  FAILS(wrong, "durability", amethyst_transaction_commit(t, 9, &error));
  FAILS(wrong, "key: null", amethyst_transaction_get(t, NULL, NULL, NULL, 1, &value, &bytes, &error));
  amethyst_read_options options = AMETHYST_READ_OPTIONS_DEFAULT;
  OK(amethyst_snapshot_create(db, &options.snapshot, &error));
  FAILS(wrong, "snapshot", amethyst_transaction_get(t, NULL, &options, "a", 1, &value, &bytes, &error));
  CHECK(amethyst_snapshot_free(options.snapshot) == AMETHYST_OK);
  OK(amethyst_transaction_iterator(t, NULL, NULL, &iterator, &error));
  OK(amethyst_iterator_seek_to_first(iterator, &error));
  CHECK(amethyst_transaction_free(t) == AMETHYST_OK);
  CHECK(amethyst_transaction_free(t) == wrong);
  OK(amethyst_iterator_seek_to_first(iterator, &error));
  CHECK(*amethyst_iterator_key(iterator, &bytes) == 'a');
  CHECK(amethyst_iterator_free(iterator) == AMETHYST_OK);

  t = Begin(db);
  Write(t, NULL, "b", "1");
  OK(amethyst_transaction_iterator(t, NULL, NULL, &iterator, &error));
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
  FAILS(AMETHYST_CLOSED, "closed", amethyst_iterator_seek_to_first(iterator, &error));
  FAILS(AMETHYST_CLOSED, "closed", amethyst_transaction_get(t, NULL, NULL, "b", 1, &value, &bytes, &error));
  FAILS(AMETHYST_CLOSED, "closed", amethyst_transaction_commit(t, AMETHYST_BUFFERED, &error));
  CHECK(amethyst_transaction_free(t) == AMETHYST_OK);
  CHECK(amethyst_iterator_free(iterator) == AMETHYST_OK);
}

// Threads that use a transaction and its iterator at once, until the transaction was released.
static amethyst_transaction* shared;
static amethyst_iterator* shared_iterator;
static atomic_int busy;

static void* WalkUntilStopped(void* stop) {
  while (!atomic_load((atomic_int*)stop)) {
    const amethyst_code code = amethyst_iterator_seek_to_first(shared_iterator, NULL);
    CHECK(code == AMETHYST_OK || code == AMETHYST_BUSY);
    atomic_fetch_add(&busy, code == AMETHYST_BUSY);
  }
  return NULL;
}

static void* GetUntilRefused(void* unused) {
  (void)unused;
  for (;;) {
    char* value = NULL;
    size_t bytes = 0;
    const amethyst_code code = amethyst_transaction_get(shared, NULL, NULL, "a", 1, &value, &bytes, NULL);
    amethyst_free(value);
    if (code == wrong) return NULL;
    CHECK(code == AMETHYST_OK || code == AMETHYST_BUSY);
  }
}

TEST(a_transaction_and_its_iterator_meet_in_two_threads_and_do_no_harm) {
  char* error = NULL;
  amethyst_db* db = InMemory();
  Put(db, "a", "1");
  for (int round = 0; round < 10; ++round) {
    pthread_t walker;
    pthread_t reader;
    atomic_int stop = 0;
    shared = Begin(db);
    Write(shared, NULL, "b", "1");
    OK(amethyst_transaction_iterator(shared, NULL, NULL, &shared_iterator, &error));
    CHECK(pthread_create(&walker, NULL, WalkUntilStopped, &stop) == 0);
    CHECK(pthread_create(&reader, NULL, GetUntilRefused, NULL) == 0);
    for (int i = 0; i < 200; ++i) {
      const amethyst_code code = amethyst_transaction_put(shared, NULL, "b", 1, "2", 1, NULL);
      CHECK(code == AMETHYST_OK || code == AMETHYST_BUSY);
    }
    CHECK(amethyst_transaction_free(shared) == AMETHYST_OK);
    atomic_store(&stop, 1);
    CHECK(pthread_join(walker, NULL) == 0 && pthread_join(reader, NULL) == 0);
    CHECK(amethyst_iterator_free(shared_iterator) == AMETHYST_OK);
  }
  printf("  busy %d times\n", atomic_load(&busy));
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
}

// An order of keys that releases what it is given, while a call of its transaction compares.
static amethyst_iterator* released_iterator = NULL;
static amethyst_transaction* released_transaction = NULL;
static int Releases(void* state, const char* a, size_t a_bytes, const char* b, size_t b_bytes) {
  (void)state;
  if (released_iterator != NULL) CHECK(amethyst_iterator_free(released_iterator) == AMETHYST_OK);
  if (released_transaction != NULL) CHECK(amethyst_transaction_free(released_transaction) == AMETHYST_OK);
  released_iterator = NULL;
  released_transaction = NULL;
  const int order = memcmp(a, b, a_bytes < b_bytes ? a_bytes : b_bytes);
  return order != 0 ? order : a_bytes < b_bytes ? -1 : a_bytes > b_bytes;
}

TEST(what_an_order_of_keys_releases_ends_when_the_call_in_progress_is_over) {
  char* error = NULL;
  amethyst_comparator* order = NULL;
  amethyst_environment* environment = NULL;
  amethyst_options* options = OptionsInMemory(&environment);
  amethyst_db* db = NULL;
  OK(amethyst_comparator_create("releases", NULL, Releases, NULL, &order, &error));
  OK(amethyst_options_set_comparator(options, order, &error));
  OK(amethyst_open("db", options, &db, &error));
  for (const char* key = "amtx"; *key != 0; ++key) {
    OK(amethyst_put(db, key, 1, "1", 1, AMETHYST_BUFFERED, &error));
  }
  amethyst_transaction* t = NULL;
  amethyst_iterator *first = NULL, *second = NULL;
  OK(amethyst_begin(db, AMETHYST_SERIALIZABLE, &t, &error));
  OK(amethyst_transaction_iterator(t, NULL, NULL, &first, &error));
  OK(amethyst_transaction_iterator(t, NULL, NULL, &second, &error));
  OK(amethyst_iterator_seek(first, "m", 1, &error));
  released_iterator = first;  // By a seek of its own.
  OK(amethyst_iterator_seek(first, "a", 1, &error));
  CHECK(released_iterator == NULL);
  FAILS(wrong, "no live iterator", amethyst_iterator_next(first, &error));
  OK(amethyst_iterator_seek(second, "t", 1, &error));
  OK(amethyst_transaction_put(t, NULL, "o", 1, "1", 1, &error));
  OK(amethyst_put(db, "m", 1, "2", 1, AMETHYST_BUFFERED, &error));
  released_iterator = second;  // By the commit, which is told of all that was walked over.
  FAILS(AMETHYST_CONFLICT, "run it again", amethyst_transaction_commit(t, AMETHYST_BUFFERED, &error));
  CHECK(released_iterator == NULL);
  CHECK(amethyst_transaction_free(t) == AMETHYST_OK);
  OK(amethyst_begin(db, AMETHYST_SERIALIZABLE, &t, &error));
  OK(amethyst_transaction_iterator(t, NULL, NULL, &first, &error));
  released_transaction = t;  // By a seek of its iterator.
  OK(amethyst_iterator_seek(first, "t", 1, &error));
  CHECK(released_transaction == NULL);
  FAILS(wrong, "no live transaction", amethyst_transaction_rollback(t, &error));
  CHECK(amethyst_iterator_free(first) == AMETHYST_OK);
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
  CHECK(amethyst_options_free(options) == AMETHYST_OK);
  CHECK(amethyst_environment_free(environment) == AMETHYST_OK);
  CHECK(amethyst_comparator_free(order) == AMETHYST_OK);
}

int main(void) {
  RUN(what_an_order_of_keys_releases_ends_when_the_call_in_progress_is_over);
  RUN(a_transaction_reads_its_own_writes_and_others_see_them_after_the_commit);
  RUN(a_commit_is_a_conflict_if_what_was_read_has_changed);
  RUN(snapshot_isolation_checks_what_was_written_or_read_for_update);
  RUN(savepoints_nest_and_a_rollback_writes_nothing);
  RUN(families_merges_and_expiry_are_of_the_family_that_is_named);
  RUN(a_conditional_write_tells_what_was_there);
  RUN(handles_of_transactions_are_checked_and_released_in_any_order);
  RUN(a_transaction_and_its_iterator_meet_in_two_threads_and_do_no_harm);
  return 0;
}
