// Writes that are told when they are durable, and the change feed. Covers: feeds.
#include "c_check.h"

#include <pthread.h>

// --- Writes ---

typedef struct Told {
  amethyst_db* db;
  int calls;
  amethyst_code code;
  char message[256];
  amethyst_code of_close;  // Called from the callback.
} Told;

static void Tell(void* state, amethyst_code code, const char* message) {
  Told* told = state;
  ++told->calls;
  told->code = code;
  CHECK((code == AMETHYST_OK) == (message == NULL));
  if (message != NULL) snprintf(told->message, sizeof told->message, "%s", message);
  told->of_close = told->db != NULL ? amethyst_close(told->db, NULL) : AMETHYST_OK;
}

static amethyst_batch* BatchOf(const char* key, const char* value) {
  amethyst_batch* batch = NULL;
  CHECK(amethyst_batch_create(&batch, NULL) == AMETHYST_OK);
  if (key != NULL) CHECK(amethyst_batch_put(batch, key, strlen(key), value, strlen(value), NULL) == AMETHYST_OK);
  return batch;
}

TEST(a_write_is_visible_at_once_and_told_once_it_is_durable) {
  char* error = NULL;
  amethyst_db* db = InMemory();
  amethyst_batch* batch = BatchOf("key", "value");
  Told first = {.db = db}, second = {0};
  uint64_t sequence = 0, durable = 0;
  OK(amethyst_write_async(db, batch, AMETHYST_SYNC, &first, Tell, &sequence, &error));
  CHECK(Has(db, NULL, "key", "value"));
  OK(amethyst_write_async(db, batch, AMETHYST_BUFFERED, &second, Tell, NULL, &error));
  CHECK(amethyst_batch_free(batch) == AMETHYST_OK);
  OK(amethyst_sync_wal(db, &error));
  OK(amethyst_durable_sequence(db, &durable, &error));
  CHECK(sequence >= 1 && durable == sequence + 1);
  OK(amethyst_close(db, &error));  // Returns after all of them.
  CHECK(first.calls == 1 && first.code == AMETHYST_OK && first.of_close == AMETHYST_BUSY);
  CHECK(second.calls == 1 && second.code == AMETHYST_OK);
  FAILS(AMETHYST_CLOSED, "closed", amethyst_durable_sequence(db, &durable, &error));
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
}

TEST(what_is_refused_is_not_told) {
  char* error = NULL;
  amethyst_db* db = InMemory();
  amethyst_db* other = InMemory();
  amethyst_db* family = NULL;
  amethyst_batch* batch = BatchOf("key", "value");
  Told told = {0};
  FAILS(AMETHYST_INVALID_ARGUMENT, "log", amethyst_write_async(db, batch, AMETHYST_NONE, &told, Tell, NULL, &error));
  FAILS(AMETHYST_INVALID_ARGUMENT, "tell", amethyst_write_async(db, batch, AMETHYST_SYNC, &told, NULL, NULL, &error));
  FAILS(AMETHYST_INVALID_ARGUMENT, "durability", amethyst_write_async(db, batch, 7, &told, Tell, NULL, &error));
  FAILS(AMETHYST_INVALID_ARGUMENT, "batch", amethyst_write_async(db, NULL, AMETHYST_SYNC, &told, Tell, NULL, &error));
  OK(amethyst_create_family(other, "f", NULL, &family, &error));
  OK(amethyst_batch_set_family(batch, family, &error));
  OK(amethyst_batch_put(batch, "k", 1, "v", 1, &error));
  FAILS(AMETHYST_INVALID_ARGUMENT, "another database",
        amethyst_write_async(db, batch, AMETHYST_SYNC, &told, Tell, NULL, &error));
  OK(amethyst_close(db, &error));
  CHECK(amethyst_batch_free(batch) == AMETHYST_OK);
  batch = BatchOf("key", "value");
  FAILS(AMETHYST_CLOSED, "closed", amethyst_write_async(db, batch, AMETHYST_SYNC, &told, Tell, NULL, &error));
  CHECK(told.calls == 0);
  CHECK(amethyst_batch_free(batch) == AMETHYST_OK);
  CHECK(amethyst_db_free(family) == AMETHYST_OK);
  CHECK(amethyst_db_free(other) == AMETHYST_OK);
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
}

// --- The feed ---

static amethyst_feed_event Next(amethyst_feed* feed) {
  char* error = NULL;
  amethyst_feed_event event = {.struct_bytes = sizeof event};
  OK(amethyst_feed_next(feed, 10000, &event, &error));
  CHECK(event.kind != AMETHYST_FEED_NONE && event.entry_bytes >= sizeof(amethyst_feed_entry));
  return event;
}

static int IsAt(amethyst_feed* feed, const char* position) {
  char* error = NULL;
  char* at = NULL;
  OK(amethyst_feed_position(feed, &at, &error));
  const int same = strcmp(at, position) == 0;
  amethyst_free(at);
  return same;
}

static int Is(const char* bytes, size_t size, const char* text) {
  return size == strlen(text) && memcmp(bytes, text, size) == 0;
}

TEST(a_feed_gives_all_kinds_of_events_in_order) {
  char* error = NULL;
  amethyst_db* db = InMemory();
  amethyst_db* family = NULL;
  amethyst_feed* feed = NULL;
  OK(amethyst_create_cursor(db, "c", NULL, &error));
  amethyst_batch* batch = BatchOf("a", "1");
  OK(amethyst_batch_put_expiring(batch, "b", 1, "2", 1, 4102444800000, &error));
  OK(amethyst_batch_delete(batch, "a", 1, &error));
  OK(amethyst_batch_delete_range(batch, "c", 1, NULL, 0, &error));
  OK(amethyst_write(db, batch, AMETHYST_BUFFERED, &error));
  CHECK(amethyst_batch_free(batch) == AMETHYST_OK);
  const amethyst_family_options counting = {sizeof counting, "int64.add", 0, 0, 0, -1, NULL};
  OK(amethyst_create_family(db, "f", &counting, &family, &error));
  OK(amethyst_merge(family, "n", 1, "\1\0\0\0\0\0\0\0", 8, AMETHYST_BUFFERED, &error));
  OK(amethyst_rename_family(family, "g", &error));
  OK(amethyst_put(db, "u", 1, "v", 1, AMETHYST_NONE, &error));
  OK(amethyst_flush(db, &error));
  OK(amethyst_drop_family(family, &error));
  OK(amethyst_sync_wal(db, &error));

  OK(amethyst_open_feed(db, "c", AMETHYST_FEED_DURABLE, &feed, &error));
  amethyst_feed_event event = Next(feed);
  CHECK(event.kind == AMETHYST_FEED_BATCH && event.entry_count == 4);
  CHECK(event.last_sequence == event.first_sequence + 3 && IsAt(feed, event.position));
  const amethyst_feed_entry* entry = event.entries;
  CHECK(entry->kind == AMETHYST_FEED_PUT && strcmp(entry->family, "default") == 0 && entry->family_id == 0);
  CHECK(Is(entry->key, entry->key_bytes, "a") && Is(entry->value, entry->value_bytes, "1"));
  CHECK(entry->expires_at_ms == AMETHYST_NEVER);
  CHECK(entry[1].expires_at_ms == 4102444800000 && Is(entry[1].value, entry[1].value_bytes, "2"));
  CHECK(entry[2].kind == AMETHYST_FEED_DELETE && Is(entry[2].key, entry[2].key_bytes, "a"));
  CHECK(entry[3].kind == AMETHYST_FEED_DELETE_RANGE && Is(entry[3].begin, entry[3].begin_bytes, "c"));
  CHECK(entry[3].end == NULL);
  const uint64_t written = event.last_sequence;
  event = Next(feed);
  CHECK(event.kind == AMETHYST_FEED_FAMILY_CREATED && strcmp(event.family, "f") == 0 && event.family_id > 0);
  CHECK(event.last_sequence == written && event.entry_count == 0);
  event = Next(feed);
  CHECK(event.kind == AMETHYST_FEED_BATCH && event.entries[0].kind == AMETHYST_FEED_MERGE);
  CHECK(strcmp(event.entries[0].family, "") == 0 && event.entries[0].family_id > 0);  // Dropped since.
  event = Next(feed);
  CHECK(event.kind == AMETHYST_FEED_FAMILY_RENAMED && strcmp(event.family, "g") == 0);
  event = Next(feed);
  CHECK(event.kind == AMETHYST_FEED_FAMILY_DROPPED && strcmp(event.family, "g") == 0);
  event = Next(feed);
  CHECK(event.kind == AMETHYST_FEED_UNLOGGED && event.first_sequence == written + 2);
  OK(amethyst_feed_next(feed, 0, &event, &error));
  CHECK(event.kind == AMETHYST_FEED_NONE);
  CHECK(amethyst_feed_free(feed) == AMETHYST_OK);
  CHECK(amethyst_db_free(family) == AMETHYST_OK);
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
}

TEST(a_cursor_goes_on_where_it_was_committed) {
  char* error = NULL;
  char* json = NULL;
  amethyst_db* db = InMemory();
  amethyst_feed* feed = NULL;
  amethyst_snapshot* snapshot = NULL;
  Put(db, "before", "1");
  OK(amethyst_create_cursor_with_snapshot(db, "c", &snapshot, &error));
  Put(db, "a", "2");
  Put(db, "b", "3");
  OK(amethyst_sync_wal(db, &error));
  const amethyst_read_options then = {sizeof then, snapshot, NULL, 0, NULL, 0, 1};
  CHECK(Has(db, &then, "before", "1") && Has(db, &then, "a", NULL));
  CHECK(amethyst_snapshot_free(snapshot) == AMETHYST_OK);

  OK(amethyst_open_feed(db, "c", AMETHYST_FEED_DURABLE, &feed, &error));
  amethyst_feed_event event = Next(feed);
  char behind_a[256];
  snprintf(behind_a, sizeof behind_a, "%s", event.position);
  CHECK(Is(event.entries[0].key, event.entries[0].key_bytes, "a"));
  OK(amethyst_feed_commit(feed, NULL, &error));
  event = Next(feed);
  CHECK(amethyst_feed_free(feed) == AMETHYST_OK);
  OK(amethyst_cursors_json(db, &json, &error));
  CHECK(strstr(json, "\"name\":\"c\"") != NULL && strstr(json, behind_a) != NULL && strstr(json, "false") != NULL);
  amethyst_free(json);

  OK(amethyst_open_feed(db, "c", AMETHYST_FEED_DURABLE, &feed, &error));
  event = Next(feed);
  CHECK(Is(event.entries[0].key, event.entries[0].key_bytes, "b"));
  OK(amethyst_feed_commit(feed, event.position, &error));
  FAILS(AMETHYST_INVALID_ARGUMENT, "position", amethyst_feed_commit(feed, "nowhere", &error));
  CHECK(amethyst_feed_free(feed) == AMETHYST_OK);

  OK(amethyst_open_feed_at(db, behind_a, AMETHYST_FEED_VISIBLE, &feed, &error));  // Held by the cursor's segment.
  event = Next(feed);
  CHECK(Is(event.entries[0].key, event.entries[0].key_bytes, "b"));
  Put(db, "unsynced", "4");
  event = Next(feed);
  CHECK(Is(event.entries[0].key, event.entries[0].key_bytes, "unsynced"));
  OK(amethyst_drop_cursor(db, "c", &error));
  FAILS(AMETHYST_INVALID_ARGUMENT, "c", amethyst_open_feed(db, "c", AMETHYST_FEED_DURABLE, &feed, &error));
  OK(amethyst_close(db, &error));
  FAILS(AMETHYST_CLOSED, "closed", amethyst_feed_next(feed, AMETHYST_FEED_FOREVER, &event, &error));
  CHECK(amethyst_feed_free(feed) == AMETHYST_OK);
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
}

TEST(log_that_is_gone_is_too_old) {
  char* error = NULL;
  char* position = NULL;
  amethyst_db* db = InMemory();
  amethyst_feed* feed = NULL;
  amethyst_snapshot* snapshot = NULL;
  Put(db, "a", "1");
  OK(amethyst_feed_snapshot(db, &snapshot, &position, &error));
  CHECK(amethyst_snapshot_free(snapshot) == AMETHYST_OK);
  char* value = calloc(1, 1 << 20);
  for (int i = 0; i < 10; ++i) OK(amethyst_put(db, "large", 5, value, 1 << 20, AMETHYST_BUFFERED, &error));
  free(value);
  OK(amethyst_flush(db, &error));
  FAILS(AMETHYST_TOO_OLD, "", amethyst_open_feed_at(db, position, AMETHYST_FEED_DURABLE, &feed, &error));
  FAILS(AMETHYST_TOO_OLD, "", amethyst_create_cursor(db, "c", position, &error));
  amethyst_free(position);
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
}

static void* WaitForEvent(void* feed) {
  amethyst_feed_event event = {.struct_bytes = sizeof event};
  const amethyst_code code = amethyst_feed_next(feed, AMETHYST_FEED_FOREVER, &event, NULL);
  return (void*)(intptr_t)code;
}

TEST(a_wait_ends_with_the_database) {
  char* error = NULL;
  amethyst_db* db = InMemory();
  amethyst_feed* feed = NULL;
  OK(amethyst_create_cursor(db, "c", NULL, &error));
  OK(amethyst_open_feed(db, "c", AMETHYST_FEED_DURABLE, &feed, &error));
  pthread_t waiter;
  CHECK(pthread_create(&waiter, NULL, WaitForEvent, feed) == 0);
  usleep(20000);
  OK(amethyst_close(db, &error));
  void* code = NULL;
  CHECK(pthread_join(waiter, &code) == 0 && (intptr_t)code == AMETHYST_CLOSED);
  CHECK(amethyst_feed_free(feed) == AMETHYST_OK);
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
}

TEST(misuse_is_refused) {
  char* error = NULL;
  amethyst_db* db = InMemory();
  amethyst_feed* feed = NULL;
  amethyst_feed_event event = {0};
  FAILS(AMETHYST_INVALID_ARGUMENT, "name", amethyst_create_cursor(db, NULL, NULL, &error));
  FAILS(AMETHYST_INVALID_ARGUMENT, "cursor", amethyst_open_feed(db, NULL, AMETHYST_FEED_DURABLE, &feed, &error));
  FAILS(AMETHYST_INVALID_ARGUMENT, "reach", amethyst_open_feed(db, "c", 9, &feed, &error));
  OK(amethyst_create_cursor(db, "c", NULL, &error));
  OK(amethyst_open_feed(db, "c", AMETHYST_FEED_DURABLE, &feed, &error));
  FAILS(AMETHYST_INVALID_ARGUMENT, "struct_bytes", amethyst_feed_next(feed, 0, &event, &error));
  FAILS(AMETHYST_INVALID_ARGUMENT, "event", amethyst_feed_next(feed, 0, NULL, &error));
  event.struct_bytes = sizeof event;
  FAILS(AMETHYST_INVALID_ARGUMENT, "no live feed", amethyst_feed_next((amethyst_feed*)db, 0, &event, &error));
  CHECK(amethyst_feed_free(feed) == AMETHYST_OK);
  CHECK(amethyst_feed_free(feed) == AMETHYST_INVALID_ARGUMENT);
  FAILS(AMETHYST_INVALID_ARGUMENT, "no live feed", amethyst_feed_next(feed, 0, &event, &error));
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
}

int main(void) {
  RUN(a_write_is_visible_at_once_and_told_once_it_is_durable);
  RUN(what_is_refused_is_not_told);
  RUN(a_feed_gives_all_kinds_of_events_in_order);
  RUN(a_cursor_goes_on_where_it_was_committed);
  RUN(log_that_is_gone_is_too_old);
  RUN(a_wait_ends_with_the_database);
  RUN(misuse_is_refused);
  return 0;
}
