// A listener in C. Covers: events.
#include "c_check.h"

#include <stdatomic.h>

static char directory[] = "c_events_test_XXXXXX";

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
  RUN(kinds_have_names);
  char command[300];
  snprintf(command, sizeof command, "rm -rf %s", directory);
  CHECK(system(command) == 0);
  return 0;
}
