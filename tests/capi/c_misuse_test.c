// Covers: handle_table, call.
//
// Whatever can be checked is refused with a code and a message, and does no harm: handles that are null, released, of
// another kind or made up, calls after close or in the wrong order, and what outlives the database that it came from.
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "c_check.h"

static int anything = 1;

TEST(no_handle_is_refused_by_every_kind_of_call) {
  char* error = NULL;
  amethyst_db* none[] = {NULL,
                         (amethyst_db*)&anything,
                         (amethyst_db*)1,
                         (amethyst_db*)UINTPTR_MAX,
                         (amethyst_db*)0xA100000000000000,
                         (amethyst_db*)0xA1000000FF000000,
                         (amethyst_db*)0xA1FFFFFFFFFFFFFF};
  for (size_t i = 0; i < sizeof(none) / sizeof(*none); ++i) {
    void* handle = none[i];
    char* value = NULL;
    size_t size = 0;
    uint64_t number = 0;
    int found = 0;
    amethyst_snapshot* snapshot = NULL;
    amethyst_iterator* iterator = NULL;
    amethyst_pinned* pinned = NULL;
    const amethyst_code wrong = AMETHYST_INVALID_ARGUMENT;
    FAILS(wrong, "no live database", amethyst_put(handle, "k", 1, "v", 1, AMETHYST_BUFFERED, &error));
    FAILS(wrong, "no live database", amethyst_delete(handle, "k", 1, AMETHYST_BUFFERED, &error));
    FAILS(wrong, "no live database", amethyst_write(handle, handle, AMETHYST_BUFFERED, &error));
    FAILS(wrong, "no live database", amethyst_get(handle, NULL, "k", 1, &value, &size, &error));
    FAILS(wrong, "no live database", amethyst_get_into(handle, NULL, "k", 1, NULL, 0, &found, &size, &error));
    FAILS(wrong, "no live database", amethyst_get_pinned(handle, NULL, "k", 1, &pinned, &error));
    FAILS(wrong, "no live database", amethyst_flush(handle, &error));
    FAILS(wrong, "no live database", amethyst_close(handle, &error));
    FAILS(wrong, "no live database", amethyst_stats_json(handle, &value, &error));
    FAILS(wrong, "no live database", amethyst_snapshot_create(handle, &snapshot, &error));
    FAILS(wrong, "no live database", amethyst_iterator_create(handle, NULL, &iterator, &error));
    FAILS(wrong, "no live snapshot", amethyst_snapshot_sequence(handle, &number, &error));
    FAILS(wrong, "no live batch", amethyst_batch_put(handle, "k", 1, "v", 1, &error));
    FAILS(wrong, "no live batch", amethyst_batch_clear(handle, &error));
    FAILS(wrong, "no live iterator", amethyst_iterator_seek_to_first(handle, &error));
    FAILS(wrong, "no live iterator", amethyst_iterator_next(handle, &error));
    FAILS(wrong, "no live options", amethyst_options_set(handle, AMETHYST_OPTION_READ_ONLY, 1, &error));
    CHECK(amethyst_iterator_valid(handle) == 0 && amethyst_iterator_key(handle, &size) == NULL);
    CHECK(amethyst_pinned_value(handle, &size) == NULL);
    const amethyst_code freed = handle == NULL ? AMETHYST_OK : AMETHYST_INVALID_ARGUMENT;
    CHECK(amethyst_db_free(handle) == freed && amethyst_batch_free(handle) == freed);
    CHECK(amethyst_iterator_free(handle) == freed && amethyst_snapshot_free(handle) == freed);
    CHECK(amethyst_options_free(handle) == freed && amethyst_pinned_free(handle) == freed);
    CHECK(amethyst_comparator_free(handle) == freed && amethyst_environment_free(handle) == freed);
    CHECK(amethyst_memory_budget_free(handle) == freed);
  }
}

TEST(a_handle_of_another_kind_is_refused_and_stays_alive) {
  char* error = NULL;
  amethyst_db* db = InMemory();
  amethyst_batch* batch = NULL;
  OK(amethyst_batch_create(&batch, &error));
  FAILS(AMETHYST_INVALID_ARGUMENT, "no live batch", amethyst_write(db, (amethyst_batch*)db, AMETHYST_SYNC, &error));
  FAILS(AMETHYST_INVALID_ARGUMENT, "no live database", amethyst_flush((amethyst_db*)batch, &error));
  CHECK(amethyst_iterator_free((amethyst_iterator*)db) == AMETHYST_INVALID_ARGUMENT);
  CHECK(amethyst_db_free((amethyst_db*)batch) == AMETHYST_INVALID_ARGUMENT);
  OK(amethyst_flush(db, &error));
  OK(amethyst_batch_clear(batch, &error));
  CHECK(amethyst_batch_free(batch) == AMETHYST_OK);
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
}

TEST(a_handle_is_released_once_even_if_its_place_is_taken_again) {
  amethyst_batch* first = NULL;
  amethyst_batch* second = NULL;
  CHECK(amethyst_batch_create(&first, NULL) == AMETHYST_OK);
  CHECK(amethyst_batch_free(first) == AMETHYST_OK);
  CHECK(amethyst_batch_create(&second, NULL) == AMETHYST_OK);
  CHECK(second != first);
  CHECK(amethyst_batch_free(first) == AMETHYST_INVALID_ARGUMENT);
  CHECK(amethyst_batch_clear(first, NULL) == AMETHYST_INVALID_ARGUMENT);
  CHECK(amethyst_batch_clear(second, NULL) == AMETHYST_OK);
  CHECK(amethyst_batch_free(second) == AMETHYST_OK);
}

TEST(null_arguments_and_wrong_numbers_are_named) {
  char* error = NULL;
  amethyst_db* db = InMemory();
  char* value = NULL;
  size_t size = 0;
  const amethyst_code wrong = AMETHYST_INVALID_ARGUMENT;
  FAILS(wrong, "path: null", amethyst_open(NULL, NULL, &db, &error));
  FAILS(wrong, "db: null", amethyst_open("x", NULL, NULL, &error));
  FAILS(wrong, "key: null, with a length of 1", amethyst_put(db, NULL, 1, "v", 1, AMETHYST_BUFFERED, &error));
  FAILS(wrong, "value: null", amethyst_put(db, "k", 1, NULL, 1, AMETHYST_BUFFERED, &error));
  FAILS(wrong, "durability", amethyst_put(db, "k", 1, "v", 1, (amethyst_durability)7, &error));
  FAILS(wrong, "value: null", amethyst_get(db, NULL, "k", 1, NULL, &size, &error));
  FAILS(wrong, "value_bytes: null", amethyst_get(db, NULL, "k", 1, &value, NULL, &error));
  FAILS(wrong, "null", amethyst_multi_get(db, NULL, 1, NULL, NULL, NULL, NULL, NULL, &error));
  FAILS(wrong, "null", amethyst_batch_create(NULL, &error));
  amethyst_comparator* order = NULL;
  FAILS(wrong, "compare: null", amethyst_comparator_create("n", NULL, NULL, NULL, &order, &error));
  amethyst_read_options options = {0};
  FAILS(wrong, "sizeof", amethyst_get(db, &options, "k", 1, &value, &size, &error));
  struct {
    amethyst_read_options known;
    uint64_t later;
  } newer = {AMETHYST_READ_OPTIONS_DEFAULT, 0};
  newer.known.struct_bytes = sizeof(newer);
  OK(amethyst_get(db, &newer.known, "k", 1, &value, &size, &error));
  newer.later = 1;
  FAILS(AMETHYST_NOT_SUPPORTED, "does not know", amethyst_get(db, &newer.known, "k", 1, &value, &size, &error));
  CHECK(amethyst_put(db, NULL, 1, "v", 1, AMETHYST_BUFFERED, NULL) == wrong);
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
}

TEST(every_call_after_close_says_closed) {
  char* error = NULL;
  amethyst_db* db = InMemory();
  Put(db, "k", "v");
  amethyst_iterator* iterator = NULL;
  amethyst_snapshot* snapshot = NULL;
  OK(amethyst_iterator_create(db, NULL, &iterator, &error));
  OK(amethyst_snapshot_create(db, &snapshot, &error));
  OK(amethyst_close(db, &error));
  char* value = NULL;
  size_t size = 0;
  uint64_t bytes = 0;
  FAILS(AMETHYST_CLOSED, "closed", amethyst_put(db, "k", 1, "v", 1, AMETHYST_BUFFERED, &error));
  FAILS(AMETHYST_CLOSED, "closed", amethyst_get(db, NULL, "k", 1, &value, &size, &error));
  FAILS(AMETHYST_CLOSED, "closed", amethyst_flush(db, &error));
  FAILS(AMETHYST_CLOSED, "closed", amethyst_stats_json(db, &value, &error));
  FAILS(AMETHYST_CLOSED, "closed", amethyst_approximate_size(db, "", 0, "z", 1, &bytes, &error));
  FAILS(AMETHYST_CLOSED, "closed", amethyst_snapshot_create(db, &snapshot, &error));
  FAILS(AMETHYST_CLOSED, "closed", amethyst_iterator_create(db, NULL, &iterator, &error));
  FAILS(AMETHYST_CLOSED, "closed", amethyst_iterator_seek_to_first(iterator, &error));
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
  CHECK(amethyst_snapshot_free(snapshot) == AMETHYST_OK);
  CHECK(amethyst_iterator_free(iterator) == AMETHYST_OK);
}

TEST(a_step_needs_an_entry_to_step_from) {
  char* error = NULL;
  amethyst_db* db = InMemory();
  amethyst_iterator* iterator = NULL;
  OK(amethyst_iterator_create(db, NULL, &iterator, &error));
  FAILS(AMETHYST_INVALID_ARGUMENT, "seek first", amethyst_iterator_next(iterator, &error));
  OK(amethyst_iterator_seek_to_first(iterator, &error));
  FAILS(AMETHYST_INVALID_ARGUMENT, "seek first", amethyst_iterator_prev(iterator, &error));
  CHECK(amethyst_iterator_free(iterator) == AMETHYST_OK);
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
}

TEST(a_snapshot_of_another_database_is_refused) {
  char* error = NULL;
  amethyst_db* mine = InMemory();
  amethyst_db* other = InMemory();
  amethyst_read_options options = AMETHYST_READ_OPTIONS_DEFAULT;
  OK(amethyst_snapshot_create(other, &options.snapshot, &error));
  char* value = NULL;
  size_t size = 0;
  FAILS(AMETHYST_INVALID_ARGUMENT, "another", amethyst_get(mine, &options, "k", 1, &value, &size, &error));
  amethyst_iterator* iterator = NULL;
  FAILS(AMETHYST_INVALID_ARGUMENT, "another", amethyst_iterator_create(mine, &options, &iterator, &error));
  CHECK(amethyst_db_free(other) == AMETHYST_OK);
  CHECK(amethyst_snapshot_free(options.snapshot) == AMETHYST_OK);
  FAILS(AMETHYST_INVALID_ARGUMENT, "no live snapshot", amethyst_get(mine, &options, "k", 1, &value, &size, &error));
  CHECK(amethyst_db_free(mine) == AMETHYST_OK);
}

static void UseTheSameBatch(void* state, const char* key, size_t key_bytes, const char* value, size_t value_bytes) {
  char* error = NULL;
  FAILS(AMETHYST_BUSY, "one thread at a time", amethyst_batch_put(state, key, key_bytes, value, value_bytes, &error));
}
static void Ignore(void* state, const char* key, size_t key_bytes) { (void)state, (void)key, (void)key_bytes; }

TEST(a_batch_in_use_is_busy) {
  char* error = NULL;
  amethyst_batch* batch = NULL;
  OK(amethyst_batch_create(&batch, &error));
  OK(amethyst_batch_put(batch, "k", 1, "v", 1, &error));
  OK(amethyst_batch_iterate(batch, batch, UseTheSameBatch, Ignore, &error));
  CHECK(amethyst_batch_free(batch) == AMETHYST_OK);
}

// What many threads do with one handle of each kind while the main thread releases them.
static amethyst_db* shared_db;
static amethyst_iterator* shared_iterator;
static atomic_int started;

static void* UseUntilRefused(void* unused) {
  (void)unused;
  atomic_fetch_add(&started, 1);
  amethyst_code put = AMETHYST_OK;
  while (put == AMETHYST_OK) {
    put = amethyst_put(shared_db, "k", 1, "v", 1, AMETHYST_BUFFERED, NULL);
    const amethyst_code seek = amethyst_iterator_seek_to_first(shared_iterator, NULL);
    CHECK(seek == AMETHYST_OK || seek == AMETHYST_BUSY || seek == AMETHYST_CLOSED || seek == AMETHYST_INVALID_ARGUMENT);
    if (amethyst_iterator_valid(shared_iterator)) amethyst_iterator_next(shared_iterator, NULL);
  }
  CHECK(put == AMETHYST_INVALID_ARGUMENT || put == AMETHYST_CLOSED);
  return NULL;
}

TEST(handles_are_released_under_the_feet_of_other_threads) {
  for (int round = 0; round < 20; ++round) {
    shared_db = InMemory();
    CHECK(amethyst_iterator_create(shared_db, NULL, &shared_iterator, NULL) == AMETHYST_OK);
    atomic_store(&started, 0);
    pthread_t threads[3];
    for (int i = 0; i < 3; ++i) CHECK(pthread_create(&threads[i], NULL, UseUntilRefused, NULL) == 0);
    while (atomic_load(&started) < 3) sched_yield();
    if (round % 2 == 0) CHECK(amethyst_iterator_free(shared_iterator) == AMETHYST_OK);
    CHECK(amethyst_db_free(shared_db) == AMETHYST_OK);
    CHECK(amethyst_db_free(shared_db) == AMETHYST_INVALID_ARGUMENT);
    for (int i = 0; i < 3; ++i) CHECK(pthread_join(threads[i], NULL) == 0);
    if (round % 2 == 1) CHECK(amethyst_iterator_free(shared_iterator) == AMETHYST_OK);
  }
}

int main(void) {
  RUN(no_handle_is_refused_by_every_kind_of_call);
  RUN(a_handle_of_another_kind_is_refused_and_stays_alive);
  RUN(a_handle_is_released_once_even_if_its_place_is_taken_again);
  RUN(null_arguments_and_wrong_numbers_are_named);
  RUN(every_call_after_close_says_closed);
  RUN(a_step_needs_an_entry_to_step_from);
  RUN(a_snapshot_of_another_database_is_refused);
  RUN(a_batch_in_use_is_busy);
  RUN(handles_are_released_under_the_feet_of_other_threads);
  return 0;
}
