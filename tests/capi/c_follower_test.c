// A follower beside its writer. Covers: database.
#include "c_check.h"

static char directory[] = "c_follower_test_XXXXXX";

TEST(a_follower_goes_along_with_its_writer) {
  char* error = NULL;
  amethyst_db* writer = NULL;
  amethyst_db* follower = NULL;
  amethyst_follower_options options = AMETHYST_FOLLOWER_OPTIONS_DEFAULT;
  options.refresh_interval_ms = 0;
  OK(amethyst_open(directory, NULL, &writer, &error));
  OK(amethyst_put(writer, "key", 3, "old", 3, AMETHYST_BUFFERED, &error));
  OK(amethyst_open_follower(directory, NULL, &options, &follower, &error));
  OK(amethyst_put(writer, "key", 3, "new", 3, AMETHYST_BUFFERED, &error));
  char* value = NULL;
  size_t value_bytes = 0;
  OK(amethyst_get(follower, NULL, "key", 3, &value, &value_bytes, &error));
  CHECK(value_bytes == 3 && memcmp(value, "old", 3) == 0);
  amethyst_free(value);
  OK(amethyst_refresh(follower, &error));
  OK(amethyst_get(follower, NULL, "key", 3, &value, &value_bytes, &error));
  CHECK(value_bytes == 3 && memcmp(value, "new", 3) == 0);
  amethyst_free(value);
  CHECK(amethyst_put(follower, "key", 3, "x", 1, AMETHYST_BUFFERED, NULL) == AMETHYST_NOT_SUPPORTED);
  OK(amethyst_refresh(writer, &error));
  OK(amethyst_close(follower, &error));
  OK(amethyst_db_free(follower));
  OK(amethyst_close(writer, &error));
  OK(amethyst_db_free(writer));
}

TEST(its_feed_is_its_writers) {
  char* error = NULL;
  amethyst_db* writer = NULL;
  amethyst_db* follower = NULL;
  amethyst_snapshot* snapshot = NULL;
  amethyst_feed* feed = NULL;
  char* position = NULL;
  amethyst_follower_options options = AMETHYST_FOLLOWER_OPTIONS_DEFAULT;
  options.refresh_interval_ms = 0;
  OK(amethyst_open(directory, NULL, &writer, &error));
  OK(amethyst_open_follower(directory, NULL, &options, &follower, &error));
  OK(amethyst_feed_snapshot(follower, &snapshot, &position, &error));
  OK(amethyst_open_feed_at(follower, position, AMETHYST_FEED_VISIBLE, &feed, &error));
  OK(amethyst_put(writer, "fed", 3, "1", 1, AMETHYST_BUFFERED, &error));
  amethyst_feed_event event = {.struct_bytes = sizeof event};
  OK(amethyst_feed_next(feed, 0, &event, &error));
  CHECK(event.kind == AMETHYST_FEED_NONE);
  OK(amethyst_refresh(follower, &error));
  OK(amethyst_feed_next(feed, 0, &event, &error));
  CHECK(event.kind == AMETHYST_FEED_BATCH && event.entry_count == 1);
  CHECK(event.entries[0].key_bytes == 3 && memcmp(event.entries[0].key, "fed", 3) == 0);
  CHECK(amethyst_feed_commit(feed, NULL, NULL) == AMETHYST_NOT_SUPPORTED);
  CHECK(amethyst_create_cursor(follower, "c", NULL, NULL) == AMETHYST_NOT_SUPPORTED);
  amethyst_free(position);
  OK(amethyst_feed_free(feed));
  OK(amethyst_snapshot_free(snapshot));
  OK(amethyst_db_free(follower));
  OK(amethyst_db_free(writer));
}

TEST(wrong_calls_are_refused) {
  amethyst_db* follower = NULL;
  amethyst_follower_options options = AMETHYST_FOLLOWER_OPTIONS_DEFAULT;
  options.struct_bytes = 1;
  CHECK(amethyst_open_follower(NULL, NULL, NULL, &follower, NULL) == AMETHYST_INVALID_ARGUMENT);
  CHECK(amethyst_open_follower(directory, NULL, &options, &follower, NULL) == AMETHYST_INVALID_ARGUMENT);
  CHECK(amethyst_open_follower("no such database", NULL, NULL, &follower, NULL) == AMETHYST_INVALID_ARGUMENT);
  CHECK(amethyst_refresh(NULL, NULL) == AMETHYST_INVALID_ARGUMENT);
}

int main(void) {
  CHECK(mkdtemp(directory) != NULL);
  RUN(a_follower_goes_along_with_its_writer);
  RUN(its_feed_is_its_writers);
  RUN(wrong_calls_are_refused);
  char command[300];
  snprintf(command, sizeof command, "rm -rf %s", directory);
  CHECK(system(command) == 0);
  return 0;
}
