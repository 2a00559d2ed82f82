// Covers: database, entries, options, batch, iterator, call.
#include "c_check.h"

TEST(values_come_back_whole_and_absent_ones_as_null) {
  char* error = NULL;
  amethyst_db* db = InMemory();
  OK(amethyst_put(db, "a\0b", 3, "x\0y", 3, AMETHYST_SYNC, &error));
  OK(amethyst_put(db, NULL, 0, NULL, 0, AMETHYST_NONE, &error));
  char* value = NULL;
  size_t bytes = 0;
  OK(amethyst_get(db, NULL, "a\0b", 3, &value, &bytes, &error));
  CHECK(bytes == 3 && memcmp(value, "x\0y", 3) == 0);
  amethyst_free(value);
  OK(amethyst_get(db, NULL, "", 0, &value, &bytes, &error));
  CHECK(value != NULL && bytes == 0);
  amethyst_free(value);
  OK(amethyst_get(db, NULL, "a", 1, &value, &bytes, &error));
  CHECK(value == NULL && bytes == 0);
  OK(amethyst_delete(db, "a\0b", 3, AMETHYST_BUFFERED, &error));
  OK(amethyst_get(db, NULL, "a\0b", 3, &value, &bytes, &error));
  CHECK(value == NULL);
  OK(amethyst_close(db, &error));
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
}

TEST(a_value_fits_a_buffer_or_tells_its_size) {
  char* error = NULL;
  amethyst_db* db = InMemory();
  Put(db, "k", "12345");
  char buffer[8] = "........";
  int found = 0;
  size_t bytes = 0;
  OK(amethyst_get_into(db, NULL, "k", 1, buffer, 3, &found, &bytes, &error));
  CHECK(found == 1 && bytes == 5 && memcmp(buffer, "123.....", 8) == 0);
  OK(amethyst_get_into(db, NULL, "k", 1, buffer, 8, &found, &bytes, &error));
  CHECK(memcmp(buffer, "12345...", 8) == 0);
  OK(amethyst_get_into(db, NULL, "l", 1, NULL, 0, &found, &bytes, &error));
  CHECK(found == 0 && bytes == 0);
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
}

TEST(a_pinned_value_outlives_its_database) {
  char* error = NULL;
  amethyst_db* db = InMemory();
  Put(db, "k", "pinned");
  amethyst_pinned* pinned = NULL;
  amethyst_pinned* none = NULL;
  OK(amethyst_get_pinned(db, NULL, "k", 1, &pinned, &error));
  OK(amethyst_get_pinned(db, NULL, "l", 1, &none, &error));
  CHECK(none == NULL);
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
  size_t bytes = 0;
  const char* value = amethyst_pinned_value(pinned, &bytes);
  CHECK(bytes == 6 && memcmp(value, "pinned", 6) == 0);
  CHECK(amethyst_pinned_free(pinned) == AMETHYST_OK);
  CHECK(amethyst_pinned_value(pinned, &bytes) == NULL && bytes == 0);
}

TEST(many_keys_are_read_at_once) {
  char* error = NULL;
  amethyst_db* db = InMemory();
  Put(db, "a", "1");
  Put(db, "c", "");
  const void* keys[] = {"a", "b", "c"};
  const size_t key_bytes[] = {1, 1, 1};
  char* values[3];
  size_t value_bytes[3];
  amethyst_code codes[3];
  OK(amethyst_multi_get(db, NULL, 3, keys, key_bytes, values, value_bytes, codes, &error));
  CHECK(value_bytes[0] == 1 && values[0][0] == '1' && values[1] == NULL && values[2] != NULL && value_bytes[2] == 0);
  for (int i = 0; i < 3; ++i) {
    CHECK(codes[i] == AMETHYST_OK);
    amethyst_free(values[i]);
  }
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
}

static void AppendPut(void* state, const char* key, size_t key_bytes, const char* value, size_t value_bytes) {
  sprintf((char*)state + strlen(state), "+%.*s=%.*s", (int)key_bytes, key, (int)value_bytes, value);
}
static void AppendRemove(void* state, const char* key, size_t key_bytes) {
  sprintf((char*)state + strlen(state), "-%.*s", (int)key_bytes, key);
}

TEST(a_batch_is_listed_appended_encoded_and_written) {
  char* error = NULL;
  amethyst_db* db = InMemory();
  Put(db, "old", "x");
  amethyst_batch* batch = NULL;
  OK(amethyst_batch_create(&batch, &error));
  OK(amethyst_batch_put(batch, "a", 1, "1", 1, &error));
  OK(amethyst_batch_delete(batch, "old", 3, &error));
  OK(amethyst_batch_append(batch, batch, &error));
  uint32_t count = 0;
  size_t bytes = 0;
  OK(amethyst_batch_size(batch, &count, &bytes, &error));
  CHECK(count == 4 && bytes > 0);
  char listed[100] = "";
  OK(amethyst_batch_iterate(batch, listed, AppendPut, AppendRemove, &error));
  CHECK(strcmp(listed, "+a=1-old+a=1-old") == 0);

  char* encoded = NULL;
  OK(amethyst_batch_to_bytes(batch, &encoded, &bytes, &error));
  amethyst_batch* copy = NULL;
  OK(amethyst_batch_from_bytes(encoded, bytes, &copy, &error));
  FAILS(AMETHYST_CORRUPTION, "", amethyst_batch_from_bytes(encoded, bytes - 1, &copy, &error));
  amethyst_free(encoded);
  OK(amethyst_batch_clear(batch, &error));
  OK(amethyst_batch_append(batch, copy, &error));
  OK(amethyst_write(db, batch, AMETHYST_BUFFERED, &error));
  CHECK(Has(db, NULL, "a", "1") && Has(db, NULL, "old", NULL));
  CHECK(amethyst_batch_free(batch) == AMETHYST_OK);
  CHECK(amethyst_batch_free(copy) == AMETHYST_OK);
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
}

// What the iterator shows, and one step; 0 at the end.
static int Shows(amethyst_iterator* iterator, const char* key, const char* value) {
  size_t key_bytes = 0;
  size_t value_bytes = 0;
  const char* shown_key = amethyst_iterator_key(iterator, &key_bytes);
  const char* shown_value = amethyst_iterator_value(iterator, &value_bytes);
  return amethyst_iterator_valid(iterator) && key_bytes == strlen(key) && memcmp(shown_key, key, key_bytes) == 0 &&
         value_bytes == strlen(value) && memcmp(shown_value, value, value_bytes) == 0;
}

TEST(an_iterator_walks_both_ways_between_bounds) {
  char* error = NULL;
  amethyst_db* db = InMemory();
  for (const char* key = "abcde"; *key != '\0'; ++key) {
    OK(amethyst_put(db, key, 1, key, 1, AMETHYST_BUFFERED, &error));
  }
  amethyst_read_options options = AMETHYST_READ_OPTIONS_DEFAULT;
  options.lower_bound = "b";
  options.lower_bound_bytes = 1;
  options.upper_bound = "e";
  options.upper_bound_bytes = 1;
  amethyst_iterator* iterator = NULL;
  OK(amethyst_iterator_create(db, &options, &iterator, &error));
  CHECK(!amethyst_iterator_valid(iterator) && amethyst_iterator_key(iterator, NULL) == NULL);
  OK(amethyst_iterator_seek_to_first(iterator, &error));
  CHECK(Shows(iterator, "b", "b"));
  OK(amethyst_iterator_next(iterator, &error));
  CHECK(Shows(iterator, "c", "c"));
  OK(amethyst_iterator_prev(iterator, &error));
  OK(amethyst_iterator_prev(iterator, &error));
  CHECK(!amethyst_iterator_valid(iterator));
  OK(amethyst_iterator_status(iterator, &error));
  OK(amethyst_iterator_seek_to_last(iterator, &error));
  CHECK(Shows(iterator, "d", "d"));
  OK(amethyst_iterator_seek(iterator, "bb", 2, &error));
  CHECK(Shows(iterator, "c", "c"));
  OK(amethyst_iterator_seek_for_prev(iterator, "bb", 2, &error));
  CHECK(Shows(iterator, "b", "b"));

  char buffer[25];
  size_t entries = 0;
  size_t used = 0;
  OK(amethyst_iterator_read(iterator, 0, 10, buffer, sizeof(buffer), &entries, &used, &error));
  CHECK(entries == 2 && used == 20 && memcmp(buffer, "\1\0\0\0\1\0\0\0bb\1\0\0\0\1\0\0\0cc", 20) == 0);
  CHECK(Shows(iterator, "d", "d"));
  OK(amethyst_iterator_read(iterator, 1, 10, buffer, 9, &entries, &used, &error));
  CHECK(entries == 0 && used == 10);
  OK(amethyst_iterator_read(iterator, 1, 1, buffer, sizeof(buffer), &entries, &used, &error));
  CHECK(entries == 1 && Shows(iterator, "c", "c"));
  CHECK(amethyst_iterator_free(iterator) == AMETHYST_OK);
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
}

TEST(a_snapshot_sees_what_was) {
  char* error = NULL;
  amethyst_db* db = InMemory();
  Put(db, "k", "before");
  amethyst_snapshot* snapshot = NULL;
  OK(amethyst_snapshot_create(db, &snapshot, &error));
  uint64_t sequence = 0;
  OK(amethyst_snapshot_sequence(snapshot, &sequence, &error));
  CHECK(sequence > 0);
  Put(db, "k", "after");
  amethyst_read_options options = AMETHYST_READ_OPTIONS_DEFAULT;
  options.snapshot = snapshot;
  CHECK(Has(db, &options, "k", "before") && Has(db, NULL, "k", "after"));
  CHECK(amethyst_snapshot_free(snapshot) == AMETHYST_OK);
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
}

// Options for databases in an environment of their own, which the caller frees as well.
static int Backwards(void* state, const char* a, size_t a_bytes, const char* b, size_t b_bytes) {
  (void)state;
  const int order = memcmp(b, a, a_bytes < b_bytes ? a_bytes : b_bytes);
  return order != 0 ? order : (b_bytes > a_bytes) - (b_bytes < a_bytes);
}
static void Count(void* state) { ++*(int*)state; }

TEST(an_order_of_the_callers_lives_as_long_as_it_is_needed) {
  char* error = NULL;
  int destroyed = 0;
  amethyst_comparator* comparator = NULL;
  OK(amethyst_comparator_create("backwards", &destroyed, Backwards, Count, &comparator, &error));
  amethyst_environment* environment = NULL;
  amethyst_options* options = OptionsInMemory(&environment);
  OK(amethyst_options_set_comparator(options, comparator, &error));
  CHECK(amethyst_comparator_free(comparator) == AMETHYST_OK);
  amethyst_db* db = NULL;
  OK(amethyst_open("db", options, &db, &error));
  Put(db, "a", "1");
  Put(db, "b", "2");
  amethyst_iterator* iterator = NULL;
  OK(amethyst_iterator_create(db, NULL, &iterator, &error));
  OK(amethyst_iterator_seek_to_first(iterator, &error));
  CHECK(Shows(iterator, "b", "2"));
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
  FAILS(AMETHYST_CLOSED, "closed", amethyst_iterator_next(iterator, &error));

  OK(amethyst_options_set_comparator(options, NULL, &error));
  FAILS(AMETHYST_INVALID_ARGUMENT, "backwards", amethyst_open("db", options, &db, &error));
  CHECK(amethyst_options_free(options) == AMETHYST_OK);
  CHECK(destroyed == 0);
  CHECK(amethyst_iterator_free(iterator) == AMETHYST_OK);
  CHECK(destroyed == 1);
  CHECK(amethyst_environment_free(environment) == AMETHYST_OK);
}

// Has no answer the first `*state` times.
static void Hesitates(void* state, const char* a, size_t a_bytes, const char* b, size_t b_bytes, int* order) {
  int* const times = state;
  if (*times > 0) {
    --*times;
    return;
  }
  *order = Backwards(state, a, a_bytes, b, b_bytes);
}

TEST(an_order_that_hesitates_is_asked_again) {
  char* error = NULL;
  int times = 0;
  amethyst_comparator* comparator = NULL;
  OK(amethyst_comparator_create_checked("hesitates", &times, Hesitates, NULL, &comparator, &error));
  amethyst_environment* environment = NULL;
  amethyst_options* options = OptionsInMemory(&environment);
  OK(amethyst_options_set_comparator(options, comparator, &error));
  amethyst_db* db = NULL;
  OK(amethyst_open("db", options, &db, &error));
  Put(db, "a", "1");
  times = 2;
  Put(db, "b", "2");
  CHECK(times == 0);
  times = 3;
  FAILS(AMETHYST_INVALID_ARGUMENT, "hesitates", amethyst_put(db, "c", 1, "3", 1, AMETHYST_BUFFERED, &error));
  times = 0;
  FAILS(AMETHYST_INVALID_ARGUMENT, "reopen", amethyst_put(db, "c", 1, "3", 1, AMETHYST_BUFFERED, &error));
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
  OK(amethyst_open("db", options, &db, &error));
  Put(db, "d", "4");
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
  CHECK(amethyst_options_free(options) == AMETHYST_OK);
  CHECK(amethyst_comparator_free(comparator) == AMETHYST_OK);
  CHECK(amethyst_environment_free(environment) == AMETHYST_OK);
}

static void CountLine(void* state, const char* line, size_t line_bytes) {
  (void)line;
  *(int*)state += line_bytes > 0 ? 1000 : 0;
}

TEST(options_are_set_read_and_checked) {
  char* error = NULL;
  amethyst_options* options = NULL;
  uint64_t value = 0;
  OK(amethyst_options_create(&options, &error));
  for (int option = AMETHYST_OPTION_CREATE_IF_MISSING; option <= AMETHYST_OPTION_EXTERNAL_LOG; ++option) {
    OK(amethyst_options_set(options, (amethyst_option)option, 1, &error));
    OK(amethyst_options_get(options, (amethyst_option)option, &value, &error));
    CHECK(value == 1);
  }
  FAILS(AMETHYST_INVALID_ARGUMENT, "more than", amethyst_options_set(options, AMETHYST_OPTION_READ_ONLY, 2, &error));
  FAILS(AMETHYST_INVALID_ARGUMENT, "more than", amethyst_options_set(options, AMETHYST_OPTION_COMPRESSION, 3, &error));
  FAILS(AMETHYST_INVALID_ARGUMENT, "option 99", amethyst_options_set(options, (amethyst_option)99, 1, &error));
  FAILS(AMETHYST_INVALID_ARGUMENT, "rate", amethyst_options_set_filter_false_positive_rate(options, 0, &error));
  OK(amethyst_options_set_filter_false_positive_rate(options, 0.1, &error));
  int told = 0;
  OK(amethyst_options_set_logger(options, &told, CountLine, Count, &error));
  OK(amethyst_options_set_logger(options, NULL, NULL, NULL, &error));
  CHECK(told == 1);
  amethyst_db* db = NULL;
  FAILS(AMETHYST_INVALID_ARGUMENT, "", amethyst_open("db", options, &db, &error));
  CHECK(amethyst_options_free(options) == AMETHYST_OK);
}

TEST(databases_share_a_memory_budget) {
  char* error = NULL;
  amethyst_memory_budget* budget = NULL;
  FAILS(AMETHYST_INVALID_ARGUMENT, "budget", amethyst_memory_budget_create(1, &budget, &error));
  OK(amethyst_memory_budget_create(16 << 20, &budget, &error));
  amethyst_environment* environment = NULL;
  amethyst_options* options = OptionsInMemory(&environment);
  OK(amethyst_options_set_memory_budget(options, budget, &error));
  amethyst_db* dbs[2];
  OK(amethyst_open("one", options, &dbs[0], &error));
  OK(amethyst_open("two", options, &dbs[1], &error));
  CHECK(amethyst_memory_budget_free(budget) == AMETHYST_OK);
  CHECK(amethyst_environment_free(environment) == AMETHYST_OK);
  CHECK(amethyst_options_free(options) == AMETHYST_OK);
  for (int i = 0; i < 2; ++i) {
    Put(dbs[i], "k", "v");
    CHECK(Has(dbs[i], NULL, "k", "v"));
    CHECK(amethyst_db_free(dbs[i]) == AMETHYST_OK);
  }
}

TEST(upkeep_works_on_a_directory_and_ends_with_its_repair_and_removal) {
  char* error = NULL;
  char directory[] = "c_database_test_XXXXXX";
  CHECK(mkdtemp(directory) != NULL);
  char path[64];
  char repaired[64];
  snprintf(path, sizeof(path), "%s/db", directory);
  snprintf(repaired, sizeof(repaired), "%s/repaired", directory);
  amethyst_db* db = NULL;
  OK(amethyst_open(path, NULL, &db, &error));
  Put(db, "k", "v");
  OK(amethyst_sync_wal(db, &error));
  OK(amethyst_flush(db, &error));
  OK(amethyst_compact_range(db, NULL, 0, NULL, 0, &error));
  OK(amethyst_wait_for_idle(db, &error));
  uint64_t size = 0;
  OK(amethyst_approximate_size(db, "a", 1, "z", 1, &size, &error));
  CHECK(size > 0);
  char* json = NULL;
  OK(amethyst_stats_json(db, &json, &error));
  CHECK(json[0] == '{' && strstr(json, "\"entries_written\":1,") != NULL);
  amethyst_free(json);
  FAILS(AMETHYST_BUSY, "", amethyst_destroy(path, &error));
  OK(amethyst_close(db, &error));
  OK(amethyst_close(db, &error));
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
  OK(amethyst_repair(path, repaired, &json, &error));
  CHECK(strstr(json, "\"entries_kept\":1,") != NULL && strstr(json, "\"dropped\":[]") != NULL);
  amethyst_free(json);
  OK(amethyst_open(repaired, NULL, &db, &error));
  CHECK(Has(db, NULL, "k", "v"));
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
  OK(amethyst_destroy(path, &error));
  OK(amethyst_destroy(repaired, &error));
  CHECK(rmdir(directory) == 0);
}

int main(void) {
  RUN(values_come_back_whole_and_absent_ones_as_null);
  RUN(a_value_fits_a_buffer_or_tells_its_size);
  RUN(a_pinned_value_outlives_its_database);
  RUN(many_keys_are_read_at_once);
  RUN(a_batch_is_listed_appended_encoded_and_written);
  RUN(an_iterator_walks_both_ways_between_bounds);
  RUN(a_snapshot_sees_what_was);
  RUN(an_order_of_the_callers_lives_as_long_as_it_is_needed);
  RUN(an_order_that_hesitates_is_asked_again);
  RUN(options_are_set_read_and_checked);
  RUN(databases_share_a_memory_budget);
  RUN(upkeep_works_on_a_directory_and_ends_with_its_repair_and_removal);
  return 0;
}
