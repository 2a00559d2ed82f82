// A log that the caller keeps. Covers: external_log.
#include "c_check.h"

static char directory[] = "c_external_log_test_XXXXXX";

static amethyst_db* Open(void) {
  char* error = NULL;
  amethyst_options* options = NULL;
  amethyst_db* db = NULL;
  OK(amethyst_options_create(&options, &error));
  OK(amethyst_options_set(options, AMETHYST_OPTION_EXTERNAL_LOG, 1, &error));
  OK(amethyst_open(directory, options, &db, &error));
  OK(amethyst_options_free(options));
  return db;
}

static amethyst_code Apply(amethyst_db* db, uint64_t index, const char* note, char** error) {
  amethyst_batch* batch = NULL;
  CHECK(amethyst_batch_create(&batch, NULL) == AMETHYST_OK);
  CHECK(amethyst_batch_put(batch, "key", 3, "value", 5, NULL) == AMETHYST_OK);
  CHECK(amethyst_batch_set_applied(batch, index, note, strlen(note), NULL) == AMETHYST_OK);
  const amethyst_code code = amethyst_write(db, batch, AMETHYST_BUFFERED, error);
  CHECK(amethyst_batch_free(batch) == AMETHYST_OK);
  return code;
}

TEST(the_next_open_has_what_was_released_and_flushed) {
  char* error = NULL;
  uint64_t visible = 9, durable = 9;
  amethyst_db* db = Open();
  OK(Apply(db, 3, "term 1", &error));
  CHECK(amethyst_flush(db, NULL) == AMETHYST_BUSY);
  OK(amethyst_applied(db, &visible, &durable, &error));
  CHECK(visible == 3 && durable == 0);
  OK(amethyst_release(db, 3, &error));
  OK(amethyst_flush(db, &error));
  OK(Apply(db, 4, "term 2", &error));
  OK(amethyst_close(db, &error));
  OK(amethyst_db_free(db));
  db = Open();
  OK(amethyst_applied(db, &visible, &durable, &error));
  CHECK(visible == 3 && durable == 3);
  char* note = NULL;
  size_t note_bytes = 0;
  OK(amethyst_applied_note(db, &note, &note_bytes, &error));
  CHECK(note_bytes == 6 && memcmp(note, "term 1", 6) == 0);
  amethyst_free(note);
  CHECK(Apply(db, 2, "", NULL) == AMETHYST_INVALID_ARGUMENT);
  CHECK(amethyst_applied_note(db, NULL, NULL, NULL) == AMETHYST_INVALID_ARGUMENT);
  OK(amethyst_close(db, &error));
  OK(amethyst_db_free(db));
}

int main(void) {
  CHECK(mkdtemp(directory) != NULL);
  RUN(the_next_open_has_what_was_released_and_flushed);
  char command[300];
  snprintf(command, sizeof command, "rm -rf %s", directory);
  CHECK(system(command) == 0);
  return 0;
}
