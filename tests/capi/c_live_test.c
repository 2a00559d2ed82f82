// A listener in C, and options that change while a database is open. Covers: events, changes.
#include "c_check.h"

#include <stdatomic.h>

static char directory[] = "c_live_test_XXXXXX";

typedef struct {
  atomic_int flushes, tables, families, destroyed;
  char last_family[20];
  amethyst_db* db;
  amethyst_code closed;
} Heard;

static void Listen(void* state, const amethyst_event* event) {
  Heard* const heard = state;
  CHECK(event->struct_bytes == sizeof *event && event->number > 0 && event->time_ms > 0);
  CHECK(event->text != NULL && event->family != NULL);
  if (event->kind == AMETHYST_EVENT_FLUSH_END) ++heard->flushes;
  if (event->kind == AMETHYST_EVENT_TABLE_MADE) ++heard->tables;
  if (event->kind == AMETHYST_EVENT_FAMILY_MADE) {
    ++heard->families;
    snprintf(heard->last_family, sizeof heard->last_family, "%s", event->family);
    CHECK(event->family_id == 1);
    heard->closed = amethyst_close(heard->db, NULL);
  }
}

static void Destroy(void* state) { ++((Heard*)state)->destroyed; }

TEST(a_function_is_told_of_every_event_until_the_close_returns) {
  char* error = NULL;
  Heard heard = {.closed = AMETHYST_OK};
  amethyst_options* options = NULL;
  OK(amethyst_options_create(&options, &error));
  OK(amethyst_options_set_listener(options, &heard, Listen, Destroy, &error));
  OK(amethyst_open(directory, options, &heard.db, &error));
  OK(amethyst_options_free(options));
  amethyst_db* family = NULL;
  OK(amethyst_create_family(heard.db, "users", NULL, &family, &error));
  OK(amethyst_put(heard.db, "k", 1, "v", 1, AMETHYST_BUFFERED, &error));
  OK(amethyst_flush(heard.db, &error));
  // A close from within the listener is refused; this one waits until all is told.
  OK(amethyst_close(heard.db, &error));
  CHECK(heard.flushes == 1 && heard.tables == 1 && heard.families == 1);
  CHECK(strcmp(heard.last_family, "users") == 0);
  CHECK(heard.closed == AMETHYST_BUSY);
  CHECK(heard.destroyed == 1);
  OK(amethyst_db_free(family));
  OK(amethyst_db_free(heard.db));
}

TEST(null_takes_the_listener_away_and_is_never_called) {
  char* error = NULL;
  Heard heard = {.closed = AMETHYST_OK};
  amethyst_options* options = NULL;
  amethyst_db* db = NULL;
  OK(amethyst_options_create(&options, &error));
  OK(amethyst_options_set_listener(options, &heard, Listen, Destroy, &error));
  OK(amethyst_options_set_listener(options, &heard, NULL, Destroy, &error));
  CHECK(heard.destroyed == 2);
  OK(amethyst_options_set_listener(options, NULL, Listen, NULL, &error));
  OK(amethyst_options_set_listener(options, NULL, NULL, NULL, &error));
  OK(amethyst_open(directory, options, &db, &error));
  OK(amethyst_put(db, "k", 1, "v", 1, AMETHYST_BUFFERED, &error));
  OK(amethyst_flush(db, &error));
  OK(amethyst_close(db, &error));
  OK(amethyst_db_free(db));
  OK(amethyst_options_free(options));
  CHECK(heard.flushes == 0);
  FAILS(AMETHYST_INVALID_ARGUMENT, "no live options", amethyst_options_set_listener(NULL, NULL, Listen, NULL, &error));
}

TEST(options_change_all_or_none_while_the_database_is_open) {
  char* error = NULL;
  amethyst_db* db = NULL;
  amethyst_db* family = NULL;
  uint64_t value = 0;
  OK(amethyst_open(directory, NULL, &db, &error));
  const amethyst_option both[] = {AMETHYST_OPTION_SYNC_INTERVAL_MS, AMETHYST_OPTION_MAX_OPEN_FILES};
  const uint64_t good[] = {50, 20};
  const uint64_t bad[] = {70, 2};
  OK(amethyst_change(db, both, good, 2, &error));
  FAILS(AMETHYST_INVALID_ARGUMENT, "max_open_files", amethyst_change(db, both, bad, 2, &error));
  OK(amethyst_option_in_force(db, AMETHYST_OPTION_SYNC_INTERVAL_MS, &value, &error));
  CHECK(value == 50);
  OK(amethyst_option_in_force(db, AMETHYST_OPTION_WRITE_BUFFER_BYTES, &value, &error));
  CHECK(value == 32 << 20);
  const amethyst_option compression = AMETHYST_OPTION_COMPRESSION;
  const uint64_t none = AMETHYST_COMPRESSION_NONE, too_much = 3;
  FAILS(AMETHYST_INVALID_ARGUMENT, "greatest", amethyst_change(db, &compression, &too_much, 1, &error));
  const amethyst_option read_only = AMETHYST_OPTION_READ_ONLY;
  FAILS(AMETHYST_INVALID_ARGUMENT, "cannot be changed", amethyst_change(db, &read_only, &none, 1, &error));
  FAILS(AMETHYST_INVALID_ARGUMENT, "cannot be changed", amethyst_option_in_force(db, read_only, &value, &error));
  FAILS(AMETHYST_INVALID_ARGUMENT, "options", amethyst_change(db, NULL, good, 1, &error));
  OK(amethyst_change(db, NULL, NULL, 0, &error));
  OK(amethyst_create_family(db, "sessions", NULL, &family, &error));
  OK(amethyst_change(family, &compression, &none, 1, &error));
  OK(amethyst_change_ttl(family, 5000, &error));
  OK(amethyst_change_ttl(db, 0, &error));
  FAILS(AMETHYST_INVALID_ARGUMENT, "cannot be changed", amethyst_change(family, both, good, 2, &error));
  OK(amethyst_option_in_force(db, AMETHYST_OPTION_COMPRESSION, &value, &error));
  CHECK(value == AMETHYST_COMPRESSION_LZ4);
  OK(amethyst_db_free(family));
  OK(amethyst_db_free(db));
}

TEST(kinds_have_names) {
  CHECK(strcmp(amethyst_event_kind_name(AMETHYST_EVENT_FLUSH_END), "flush-end") == 0);
  CHECK(strcmp(amethyst_event_kind_name(0), "unknown") == 0);
  CHECK(strcmp(amethyst_event_kind_name(-1), "unknown") == 0);
  CHECK(strcmp(amethyst_event_kind_name(300), "unknown") == 0);
}

int main(void) {
  CHECK(mkdtemp(directory) != NULL);
  RUN(a_function_is_told_of_every_event_until_the_close_returns);
  RUN(null_takes_the_listener_away_and_is_never_called);
  RUN(options_change_all_or_none_while_the_database_is_open);
  RUN(kinds_have_names);
  char command[300];
  snprintf(command, sizeof command, "rm -rf %s", directory);
  CHECK(system(command) == 0);
  return 0;
}
