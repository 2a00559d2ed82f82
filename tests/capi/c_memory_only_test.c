// Reads that must not wait for a file. Covers: entries, iterator.
#include "c_check.h"

static char directory[] = "c_memory_only_test_XXXXXX";

// A thousand keys in tables, of which nothing is in memory.
static amethyst_db* Reopened(void) {
  char* error = NULL;
  amethyst_db* db = NULL;
  OK(amethyst_open(directory, NULL, &db, &error));
  for (int i = 0; i < 1000; ++i) {
    char key[16];
    snprintf(key, sizeof key, "key%05d", i);
    OK(amethyst_put(db, key, 8, "value", 5, AMETHYST_BUFFERED, &error));
  }
  OK(amethyst_close(db, &error));
  OK(amethyst_db_free(db));
  OK(amethyst_open(directory, NULL, &db, &error));
  return db;
}

TEST(what_is_not_in_memory_is_busy_until_somebody_has_read_it) {
  char* error = NULL;
  amethyst_db* db = Reopened();
  char* value = NULL;
  size_t bytes = 0;
  FAILS(AMETHYST_BUSY, "", amethyst_try_get(db, NULL, "key00001", 8, &value, &bytes, &error));
  CHECK(value == NULL);
  OK(amethyst_put(db, "new", 3, "1", 1, AMETHYST_BUFFERED, &error));
  const void* keys[] = {"key00001", "new"};
  const size_t key_bytes[] = {8, 3};
  char* values[2];
  size_t sizes[2];
  amethyst_code codes[2];
  FAILS(AMETHYST_BUSY, "", amethyst_try_multi_get(db, NULL, 2, keys, key_bytes, values, sizes, codes, &error));
  CHECK(codes[0] == AMETHYST_BUSY && values[0] == NULL);
  CHECK(codes[1] == AMETHYST_OK && sizes[1] == 1 && values[1][0] == '1');
  amethyst_free(values[1]);

  OK(amethyst_get(db, NULL, "key00001", 8, &value, &bytes, &error));
  amethyst_free(value);
  OK(amethyst_try_get(db, NULL, "key00001", 8, &value, &bytes, &error));
  CHECK(bytes == 5 && memcmp(value, "value", 5) == 0);
  amethyst_free(value);
  OK(amethyst_try_multi_get(db, NULL, 2, keys, key_bytes, values, sizes, codes, &error));
  CHECK(codes[0] == AMETHYST_OK && sizes[0] == 5);
  amethyst_free(values[0]);
  amethyst_free(values[1]);
  OK(amethyst_try_get(db, NULL, "absent", 6, &value, &bytes, &error));
  CHECK(value == NULL);
  OK(amethyst_delete(db, "new", 3, AMETHYST_BUFFERED, &error));
  OK(amethyst_db_free(db));
}

TEST(a_move_of_an_iterator_can_be_repeated) {
  char* error = NULL;
  amethyst_db* db = Reopened();
  amethyst_iterator* iterator = NULL;
  OK(amethyst_iterator_create(db, NULL, &iterator, &error));
  OK(amethyst_iterator_set_memory_only(iterator, 1, &error));
  FAILS(AMETHYST_BUSY, "", amethyst_iterator_seek_to_first(iterator, &error));
  CHECK(amethyst_iterator_next(iterator, NULL) == AMETHYST_BUSY);  // It is a seek that was refused.
  CHECK(!amethyst_iterator_valid(iterator));
  OK(amethyst_iterator_set_memory_only(iterator, 0, &error));
  OK(amethyst_iterator_seek_to_first(iterator, &error));
  int entries = 0;
  int refused = 0;
  while (amethyst_iterator_valid(iterator)) {
    char expected[16];
    size_t bytes = 0;
    snprintf(expected, sizeof expected, "key%05d", entries++);
    CHECK(memcmp(amethyst_iterator_key(iterator, &bytes), expected, 8) == 0);
    OK(amethyst_iterator_set_memory_only(iterator, 1, &error));
    const amethyst_code code = amethyst_iterator_next(iterator, NULL);
    CHECK(code == AMETHYST_OK || code == AMETHYST_BUSY);
    if (code == AMETHYST_OK) continue;
    ++refused;
    CHECK(amethyst_iterator_prev(iterator, NULL) == AMETHYST_BUSY);  // Not the step that was refused.
    OK(amethyst_iterator_set_memory_only(iterator, 0, &error));
    OK(amethyst_iterator_next(iterator, &error));
  }
  CHECK(entries == 1000 && refused > 0);
  CHECK(amethyst_iterator_set_memory_only(iterator, 2, NULL) == AMETHYST_INVALID_ARGUMENT);
  OK(amethyst_iterator_free(iterator));
  OK(amethyst_db_free(db));
}

int main(void) {
  CHECK(mkdtemp(directory) != NULL);
  RUN(what_is_not_in_memory_is_busy_until_somebody_has_read_it);
  RUN(a_move_of_an_iterator_can_be_repeated);
  char command[300];
  snprintf(command, sizeof command, "rm -rf %s", directory);
  CHECK(system(command) == 0);
  return 0;
}
