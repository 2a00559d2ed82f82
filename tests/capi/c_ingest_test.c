// Tables that are written elsewhere, and taken in. Covers: ingest.
#include "c_check.h"

static char directory[] = "c_ingest_test_XXXXXX";

// A path in the test's own directory; valid until the call after next.
static const char* In(const char* name) {
  static char paths[2][256];
  static int next;
  next = !next;
  snprintf(paths[next], sizeof paths[next], "%s/%s", directory, name);
  return paths[next];
}

// 1 if the key has this value; NULL: none.
static int HasValue(amethyst_db* db, const char* key, const char* value) {
  char* error = NULL;
  char* got = NULL;
  size_t bytes = 0;
  OK(amethyst_get(db, NULL, key, strlen(key), &got, &bytes, &error));
  const int same =
      value == NULL ? got == NULL : got != NULL && bytes == strlen(value) && memcmp(got, value, bytes) == 0;
  amethyst_free(got);
  return same;
}

TEST(a_table_is_written_and_taken_in) {
  char* error = NULL;
  amethyst_table_writer* writer = NULL;
  amethyst_family_options family = AMETHYST_FAMILY_OPTIONS_DEFAULT;
  family.merge_operator = "append:,";
  OK(amethyst_table_writer_create(In("one"), &family, &writer, &error));
  OK(amethyst_table_writer_put(writer, "a", 1, "in", 2, &error));
  FAILS(AMETHYST_INVALID_ARGUMENT, "ascend", amethyst_table_writer_put(writer, "a", 1, "in", 2, &error));
  amethyst_free(error);
  OK(amethyst_table_writer_put_expiring(writer, "b", 1, "in", 2, AMETHYST_NEVER, &error));
  OK(amethyst_table_writer_delete(writer, "c", 1, &error));
  OK(amethyst_table_writer_merge(writer, "d", 1, "in", 2, &error));
  OK(amethyst_table_writer_delete_range(writer, "x", 1, NULL, 0, &error));
  uint64_t entries = 0;
  OK(amethyst_table_writer_finish(writer, &entries, &error));
  CHECK(entries == 4);
  CHECK(amethyst_table_writer_free(writer) == AMETHYST_OK);

  amethyst_options* options = NULL;
  OK(amethyst_options_create(&options, &error));
  OK(amethyst_options_set_merge_operator(options, "default", "append:,", &error));
  amethyst_db* db = NULL;
  OK(amethyst_open(In("db"), options, &db, &error));
  CHECK(amethyst_options_free(options) == AMETHYST_OK);
  OK(amethyst_put(db, "c", 1, "old", 3, AMETHYST_BUFFERED, &error));
  OK(amethyst_put(db, "d", 1, "old", 3, AMETHYST_BUFFERED, &error));
  OK(amethyst_put(db, "y", 1, "old", 3, AMETHYST_BUFFERED, &error));
  OK(amethyst_put(db, "bb", 2, "old", 3, AMETHYST_BUFFERED, &error));
  amethyst_ingest_options how = AMETHYST_INGEST_OPTIONS_DEFAULT;
  how.mode = AMETHYST_INGEST_MOVE;
  how.verify = 1;
  how.replace = 1;
  how.begin = "b";
  how.begin_bytes = 1;
  how.end = "c";
  how.end_bytes = 1;
  const char* path = In("one");
  OK(amethyst_ingest(db, 1, &path, &how, &error));
  CHECK(access(path, F_OK) != 0);
  CHECK(HasValue(db, "a", "in") && HasValue(db, "b", "in") && HasValue(db, "c", NULL) && HasValue(db, "d", "old,in"));
  CHECK(HasValue(db, "y", NULL) && HasValue(db, "bb", NULL));
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
}

TEST(what_is_no_table_is_refused) {
  char* error = NULL;
  amethyst_db* db = NULL;
  OK(amethyst_open(In("other"), NULL, &db, &error));
  amethyst_table_writer* writer = NULL;
  OK(amethyst_table_writer_create(In("empty"), NULL, &writer, &error));
  FAILS(AMETHYST_INVALID_ARGUMENT, "entry", amethyst_table_writer_finish(writer, NULL, &error));
  amethyst_free(error);
  CHECK(amethyst_table_writer_free(writer) == AMETHYST_OK);
  CHECK(access(In("empty"), F_OK) != 0);
  amethyst_ingest_options how = AMETHYST_INGEST_OPTIONS_DEFAULT;
  how.mode = 7;
  const char* path = In("empty");
  FAILS(AMETHYST_INVALID_ARGUMENT, "mode", amethyst_ingest(db, 1, &path, &how, &error));
  amethyst_free(error);
  FAILS(AMETHYST_INVALID_ARGUMENT, "no file", amethyst_ingest(db, 0, &path, NULL, &error));
  amethyst_free(error);
  CHECK(amethyst_table_writer_free(NULL) == AMETHYST_OK);
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
}

int main(void) {
  CHECK(mkdtemp(directory) != NULL);
  RUN(a_table_is_written_and_taken_in);
  RUN(what_is_no_table_is_refused);
  char command[300];
  snprintf(command, sizeof command, "rm -rf %s", directory);
  CHECK(system(command) == 0);
  return 0;
}
