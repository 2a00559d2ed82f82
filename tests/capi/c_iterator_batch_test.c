// Covers: iterator.
#include "c_check.h"

// Of key00000 to key00999, which all have the value "value".
static void CheckEntry(int number, const char* key, const char* value) {
  char expected[9];
  snprintf(expected, sizeof(expected), "key%05d", number);
  CHECK(memcmp(key, expected, 8) == 0 && memcmp(value, "value", 5) == 0);
}

// Stores at most 100 entries from the shown one on, and moves behind them. Returns how many.
static size_t TakeBatch(amethyst_iterator* iterator, int backward, int at) {
  char* error = NULL;
  amethyst_entry entries[100];
  size_t count = 0;
  OK(amethyst_iterator_batch(iterator, backward, entries, 100, SIZE_MAX, &count, &error));
  for (size_t i = 0; i < count; ++i) {
    CHECK(entries[i].key_bytes == 8 && entries[i].value_bytes == 5);
    CheckEntry(backward ? at - (int)i : at + (int)i, entries[i].key, entries[i].value);
  }
  CHECK(count > 0 && amethyst_iterator_key(iterator, NULL) == entries[count - 1].key);
  OK(backward ? amethyst_iterator_prev(iterator, &error) : amethyst_iterator_next(iterator, &error));
  return count;
}

static size_t CopyBatch(amethyst_iterator* iterator, int backward, int at) {
  char* error = NULL;
  char buffer[1000];
  size_t count = 0;
  size_t used = 0;
  OK(amethyst_iterator_read(iterator, backward, 100, buffer, sizeof(buffer), &count, &used, &error));
  CHECK(count > 0 && used == 21 * count && used <= sizeof(buffer));
  for (size_t i = 0; i < count; ++i) {
    const char* entry = buffer + 21 * i;
    CHECK(memcmp(entry, "\10\0\0\0\5\0\0\0", 8) == 0);
    CheckEntry(backward ? at - (int)i : at + (int)i, entry + 8, entry + 16);
  }
  return count;
}

// Returns how many calls took the whole walk.
static int Walk(amethyst_iterator* iterator, int backward, size_t (*take)(amethyst_iterator*, int, int)) {
  char* error = NULL;
  OK(backward ? amethyst_iterator_seek_to_last(iterator, &error) : amethyst_iterator_seek_to_first(iterator, &error));
  int calls = 0;
  int done = 0;
  for (; amethyst_iterator_valid(iterator); ++calls) {
    done += (int)take(iterator, backward, backward ? 999 - done : done);
  }
  CHECK(done == 1000);
  return calls;
}

TEST(an_iterator_hands_out_many_entries_at_once) {
  char* error = NULL;
  amethyst_db* db = InMemory();
  for (int i = 0; i < 1000; ++i) {
    char key[9];
    snprintf(key, sizeof(key), "key%05d", i);
    Put(db, key, "value");
  }
  OK(amethyst_flush(db, &error));
  amethyst_iterator* iterator = NULL;
  OK(amethyst_iterator_create(db, NULL, &iterator, &error));
  amethyst_entry entry;
  size_t count = 9;
  OK(amethyst_iterator_batch(iterator, 0, &entry, 1, SIZE_MAX, &count, &error));
  CHECK(count == 0);
  for (int backward = 0; backward < 2; ++backward) {
    CHECK(Walk(iterator, backward, TakeBatch) < 200);
    CHECK(Walk(iterator, backward, CopyBatch) < 30);
  }
  OK(amethyst_iterator_seek_to_first(iterator, &error));
  OK(amethyst_iterator_batch(iterator, 0, &entry, 1, 0, &count, &error));
  CHECK(count == 1);
  CheckEntry(0, entry.key, entry.value);
  CHECK(amethyst_iterator_batch(iterator, 0, NULL, 1, SIZE_MAX, &count, NULL) == AMETHYST_INVALID_ARGUMENT);
  OK(amethyst_iterator_free(iterator));
  OK(amethyst_db_free(db));
}

int main(void) {
  RUN(an_iterator_hands_out_many_entries_at_once);
  return 0;
}
