// Deletes of ranges and prefixes. Covers: entries, batch, call.
#include "c_check.h"

static void Fill(amethyst_db* db, const char* const* keys) {
  for (; *keys != NULL; ++keys) Put(db, *keys, "v");
}

// The keys that are there, with a blank behind each.
static int HasKeys(amethyst_db* db, const char* expected) {
  char* error = NULL;
  char found[256] = "";
  amethyst_iterator* iterator = NULL;
  OK(amethyst_iterator_create(db, NULL, &iterator, &error));
  OK(amethyst_iterator_seek_to_first(iterator, &error));
  while (amethyst_iterator_valid(iterator)) {
    size_t bytes = 0;
    const char* const key = amethyst_iterator_key(iterator, &bytes);
    strncat(found, key, bytes);
    strcat(found, " ");
    OK(amethyst_iterator_next(iterator, &error));
  }
  CHECK(amethyst_iterator_free(iterator) == AMETHYST_OK);
  return strcmp(found, expected) == 0;
}

TEST(a_range_is_deleted_up_to_its_end_and_null_is_an_open_side) {
  char* error = NULL;
  amethyst_db* db = InMemory();
  Fill(db, (const char*[]){"a", "b", "c", "d", "e", "f", "g", NULL});
  OK(amethyst_delete_range(db, "c", 1, "e", 1, AMETHYST_BUFFERED, &error));
  CHECK(HasKeys(db, "a b e f g "));
  OK(amethyst_delete_range(db, NULL, 0, "b", 1, AMETHYST_SYNC, &error));
  CHECK(HasKeys(db, "b e f g "));
  OK(amethyst_delete_range(db, "g", 1, NULL, 0, AMETHYST_BUFFERED, &error));
  CHECK(HasKeys(db, "b e f "));
  OK(amethyst_delete_range(db, "b", 1, "b", 1, AMETHYST_BUFFERED, &error));
  CHECK(HasKeys(db, "b e f "));
  OK(amethyst_delete_range(db, NULL, 0, NULL, 0, AMETHYST_BUFFERED, &error));
  CHECK(HasKeys(db, ""));
  Put(db, "c", "later");
  CHECK(Has(db, NULL, "c", "later"));
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
}

TEST(the_empty_key_is_a_bound_and_not_an_open_side) {
  char* error = NULL;
  amethyst_db* db = InMemory();
  Fill(db, (const char*[]){"a", NULL});
  OK(amethyst_delete_range(db, NULL, 0, "", 0, AMETHYST_BUFFERED, &error));
  CHECK(HasKeys(db, "a "));
  OK(amethyst_delete_range(db, "", 0, NULL, 0, AMETHYST_BUFFERED, &error));
  CHECK(HasKeys(db, ""));
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
}

TEST(a_prefix_is_deleted_with_all_that_begins_with_it) {
  char* error = NULL;
  amethyst_db* db = InMemory();
  Fill(db, (const char*[]){"a", "b", "b\xff", "b\xff\xff", "c", NULL});
  OK(amethyst_delete_prefix(db, "b\xff", 2, AMETHYST_BUFFERED, &error));
  CHECK(HasKeys(db, "a b c "));
  OK(amethyst_delete_prefix(db, "b", 1, AMETHYST_SYNC, &error));
  CHECK(HasKeys(db, "a c "));
  OK(amethyst_delete_prefix(db, NULL, 0, AMETHYST_BUFFERED, &error));
  CHECK(HasKeys(db, ""));
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
}

TEST(a_batch_deletes_ranges_in_its_order) {
  char* error = NULL;
  amethyst_db* db = InMemory();
  Fill(db, (const char*[]){"a", "b", "c", "user:1", "user:2", NULL});
  amethyst_batch* batch = NULL;
  OK(amethyst_batch_create(&batch, &error));
  OK(amethyst_batch_put(batch, "bb", 2, "gone", 4, &error));
  OK(amethyst_batch_delete_range(batch, "b", 1, "d", 1, &error));
  OK(amethyst_batch_put(batch, "c", 1, "later", 5, &error));
  OK(amethyst_batch_delete_prefix(batch, "user:", 5, &error));
  uint32_t count = 0;
  OK(amethyst_batch_size(batch, &count, NULL, &error));
  CHECK(count == 4);
  OK(amethyst_write(db, batch, AMETHYST_BUFFERED, &error));
  CHECK(HasKeys(db, "a c ") && Has(db, NULL, "c", "later"));

  char* bytes = NULL;
  size_t bytes_count = 0;
  amethyst_batch* copy = NULL;
  OK(amethyst_batch_to_bytes(batch, &bytes, &bytes_count, &error));
  OK(amethyst_batch_from_bytes(bytes, bytes_count, &copy, &error));
  amethyst_free(bytes);
  Fill(db, (const char*[]){"b", "user:3", NULL});
  OK(amethyst_write(db, copy, AMETHYST_BUFFERED, &error));
  CHECK(HasKeys(db, "a c "));
  CHECK(amethyst_batch_free(copy) == AMETHYST_OK);
  CHECK(amethyst_batch_free(batch) == AMETHYST_OK);
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
}

static void CountPut(void* state, const char* key, size_t key_bytes, const char* value, size_t value_bytes) {
  (void)key, (void)key_bytes, (void)value, (void)value_bytes;
  ++*(int*)state;
}
static void CountRemove(void* state, const char* key, size_t key_bytes) {
  (void)key, (void)key_bytes;
  ++*(int*)state;
}

TEST(a_walk_over_a_batch_does_not_pass_over_a_range_delete) {
  char* error = NULL;
  int operations = 0;
  amethyst_batch* batch = NULL;
  OK(amethyst_batch_create(&batch, &error));
  OK(amethyst_batch_put(batch, "a", 1, "1", 1, &error));
  OK(amethyst_batch_delete_range(batch, NULL, 0, "b", 1, &error));
  OK(amethyst_batch_delete(batch, "c", 1, &error));
  FAILS(AMETHYST_NOT_SUPPORTED, "range deletes",
        amethyst_batch_iterate(batch, &operations, CountPut, CountRemove, &error));
  CHECK(operations == 1);
  CHECK(amethyst_batch_free(batch) == AMETHYST_OK);
}

TEST(a_range_that_ends_before_it_begins_is_refused) {
  char* error = NULL;
  amethyst_db* db = InMemory();
  Fill(db, (const char*[]){"a", NULL});
  FAILS(AMETHYST_INVALID_ARGUMENT, "before it begins",
        amethyst_delete_range(db, "b", 1, "a", 1, AMETHYST_BUFFERED, &error));
  amethyst_batch* batch = NULL;
  OK(amethyst_batch_create(&batch, &error));
  OK(amethyst_batch_delete(batch, "a", 1, &error));
  OK(amethyst_batch_delete_range(batch, "b", 1, "a", 1, &error));
  FAILS(AMETHYST_INVALID_ARGUMENT, "before it begins", amethyst_write(db, batch, AMETHYST_BUFFERED, &error));
  CHECK(amethyst_batch_free(batch) == AMETHYST_OK);
  CHECK(HasKeys(db, "a "));
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
}

TEST(wrong_arguments_are_refused) {
  char* error = NULL;
  const amethyst_code wrong = AMETHYST_INVALID_ARGUMENT;
  amethyst_db* db = InMemory();
  amethyst_batch* batch = NULL;
  OK(amethyst_batch_create(&batch, &error));
  FAILS(wrong, "begin: null", amethyst_delete_range(db, NULL, 1, NULL, 0, AMETHYST_BUFFERED, &error));
  FAILS(wrong, "end: null", amethyst_delete_range(db, NULL, 0, NULL, 1, AMETHYST_BUFFERED, &error));
  FAILS(wrong, "prefix: null", amethyst_delete_prefix(db, NULL, 1, AMETHYST_BUFFERED, &error));
  FAILS(wrong, "begin: null", amethyst_batch_delete_range(batch, NULL, 1, NULL, 0, &error));
  FAILS(wrong, "end: null", amethyst_batch_delete_range(batch, NULL, 0, NULL, 1, &error));
  FAILS(wrong, "prefix: null", amethyst_batch_delete_prefix(batch, NULL, 1, &error));
  FAILS(wrong, "durability", amethyst_delete_range(db, NULL, 0, NULL, 0, 7, &error));
  FAILS(wrong, "durability", amethyst_delete_prefix(db, "a", 1, 7, &error));
  FAILS(wrong, "no live database", amethyst_delete_range(NULL, NULL, 0, NULL, 0, AMETHYST_BUFFERED, &error));
  FAILS(wrong, "no live batch", amethyst_batch_delete_prefix(NULL, "a", 1, &error));
  CHECK(amethyst_batch_free(batch) == AMETHYST_OK);
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
}

static int Backwards(void* state, const char* a, size_t a_bytes, const char* b, size_t b_bytes) {
  (void)state;
  const int order = memcmp(b, a, a_bytes < b_bytes ? a_bytes : b_bytes);
  return order != 0 ? order : (b_bytes > a_bytes) - (b_bytes < a_bytes);
}

TEST(an_order_of_the_callers_has_ranges_and_no_prefixes) {
  char* error = NULL;
  amethyst_environment* environment = NULL;
  amethyst_options* options = OptionsInMemory(&environment);
  amethyst_comparator* comparator = NULL;
  OK(amethyst_comparator_create("backwards", NULL, Backwards, NULL, &comparator, &error));
  OK(amethyst_options_set_comparator(options, comparator, &error));
  amethyst_db* db = NULL;
  OK(amethyst_open("/db", options, &db, &error));
  Fill(db, (const char*[]){"a", "b", "c", "d", NULL});
  FAILS(AMETHYST_NOT_SUPPORTED, "backwards", amethyst_delete_prefix(db, "b", 1, AMETHYST_BUFFERED, &error));
  amethyst_batch* batch = NULL;
  OK(amethyst_batch_create(&batch, &error));
  OK(amethyst_batch_delete_prefix(batch, "b", 1, &error));
  FAILS(AMETHYST_NOT_SUPPORTED, "backwards", amethyst_write(db, batch, AMETHYST_BUFFERED, &error));
  CHECK(amethyst_batch_free(batch) == AMETHYST_OK);
  FAILS(AMETHYST_INVALID_ARGUMENT, "before it begins",
        amethyst_delete_range(db, "b", 1, "c", 1, AMETHYST_BUFFERED, &error));
  OK(amethyst_delete_range(db, "c", 1, "a", 1, AMETHYST_BUFFERED, &error));
  CHECK(HasKeys(db, "d a "));
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
  CHECK(amethyst_comparator_free(comparator) == AMETHYST_OK);
  CHECK(amethyst_options_free(options) == AMETHYST_OK);
  CHECK(amethyst_environment_free(environment) == AMETHYST_OK);
}

TEST(a_family_has_an_order_of_its_own_which_each_open_is_given_again) {
  char* error = NULL;
  amethyst_environment* environment = NULL;
  amethyst_options* options = OptionsInMemory(&environment);
  amethyst_db* db = NULL;
  amethyst_db* family = NULL;
  amethyst_comparator* comparator = NULL;
  amethyst_family_options settings = AMETHYST_FAMILY_OPTIONS_DEFAULT;
  OK(amethyst_comparator_create("backwards", NULL, Backwards, NULL, &comparator, &error));
  settings.comparator = comparator;
  OK(amethyst_open("/db", options, &db, &error));
  OK(amethyst_create_family(db, "f", &settings, &family, &error));
  Fill(family, (const char*[]){"a", "b", "c", NULL});
  OK(amethyst_delete_range(family, "b", 1, "a", 1, AMETHYST_BUFFERED, &error));
  CHECK(HasKeys(family, "c a "));
  CHECK(amethyst_db_free(db) == AMETHYST_OK);

  FAILS(AMETHYST_INVALID_ARGUMENT, "backwards", amethyst_open("/db", options, &db, &error));
  FAILS(AMETHYST_INVALID_ARGUMENT, "family: null",
        amethyst_options_set_family_comparator(options, NULL, comparator, &error));
  FAILS(AMETHYST_INVALID_ARGUMENT, "no live comparator",
        amethyst_options_set_family_comparator(options, "f", (amethyst_comparator*)options, &error));
  OK(amethyst_options_set_family_comparator(options, "f", comparator, &error));
  CHECK(amethyst_comparator_free(comparator) == AMETHYST_OK);
  OK(amethyst_open("/db", options, &db, &error));
  CHECK(amethyst_options_free(options) == AMETHYST_OK);
  CHECK(amethyst_db_free(family) == AMETHYST_OK);
  OK(amethyst_open_family(db, "f", &family, &error));
  FAILS(AMETHYST_INVALID_ARGUMENT, "no live comparator", amethyst_create_family(db, "g", &settings, &family, &error));
  Fill(family, (const char*[]){"b", NULL});
  CHECK(HasKeys(family, "c b a "));
  CHECK(amethyst_db_free(family) == AMETHYST_OK && amethyst_db_free(db) == AMETHYST_OK);
  CHECK(amethyst_environment_free(environment) == AMETHYST_OK);
}

int main(void) {
  RUN(a_range_is_deleted_up_to_its_end_and_null_is_an_open_side);
  RUN(the_empty_key_is_a_bound_and_not_an_open_side);
  RUN(a_prefix_is_deleted_with_all_that_begins_with_it);
  RUN(a_batch_deletes_ranges_in_its_order);
  RUN(a_walk_over_a_batch_does_not_pass_over_a_range_delete);
  RUN(a_range_that_ends_before_it_begins_is_refused);
  RUN(wrong_arguments_are_refused);
  RUN(an_order_of_the_callers_has_ranges_and_no_prefixes);
  RUN(a_family_has_an_order_of_its_own_which_each_open_is_given_again);
  return 0;
}
