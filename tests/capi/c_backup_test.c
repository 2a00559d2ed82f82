// Checkpoints and backups. Covers: backups.
#include "c_check.h"

static char directory[] = "c_backup_test_XXXXXX";

// A path in the test's own directory; valid until the call after next.
static const char* In(const char* name) {
  static char paths[2][256];
  static int next;
  next = !next;
  snprintf(paths[next], sizeof paths[next], "%s/%s", directory, name);
  return paths[next];
}

static amethyst_db* Open(const char* name) {
  char* error = NULL;
  amethyst_db* db = NULL;
  OK(amethyst_open(In(name), NULL, &db, &error));
  return db;
}

static void Write(amethyst_db* db, const char* value) {
  char* error = NULL;
  OK(amethyst_put(db, "key", 3, value, strlen(value), AMETHYST_BUFFERED, &error));
}

// 1 if the database has this value; closes it.
static int HasValue(const char* name, const char* value) {
  char* error = NULL;
  amethyst_db* db = Open(name);
  char* got = NULL;
  size_t bytes = 0;
  OK(amethyst_get(db, NULL, "key", 3, &got, &bytes, &error));
  const int same = got != NULL && bytes == strlen(value) && memcmp(got, value, bytes) == 0;
  amethyst_free(got);
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
  return same;
}

TEST(a_checkpoint_is_a_database_as_of_the_call) {
  char* error = NULL;
  amethyst_db* db = Open("db");
  Write(db, "before");
  OK(amethyst_checkpoint(db, In("copy"), &error));
  Write(db, "after");
  CHECK(HasValue("copy", "before"));
  FAILS(AMETHYST_INVALID_ARGUMENT, "copy", amethyst_checkpoint(db, In("copy"), &error));
  FAILS(AMETHYST_INVALID_ARGUMENT, "path", amethyst_checkpoint(db, NULL, &error));
  FAILS(AMETHYST_INVALID_ARGUMENT, "no live database", amethyst_checkpoint(NULL, In("other"), &error));
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
}

TEST(a_store_keeps_backups_and_gives_them_back) {
  char* error = NULL;
  amethyst_db* db = Open("db");
  uint64_t id = 0;
  char* text = NULL;
  FAILS(AMETHYST_INVALID_ARGUMENT, "no store", amethyst_backup_list(In("store"), &text, &error));
  for (int round = 1; round <= 3; ++round) {
    const char value[] = {(char)('0' + round), 0};
    Write(db, value);
    OK(amethyst_backup_create(db, In("store"), &id, &error));
    CHECK(id == (uint64_t)round);
    OK(amethyst_backup_verify(In("store"), id, &error));
  }
  OK(amethyst_backup_list(In("store"), &text, &error));
  CHECK(strncmp(text, "[{\"id\":1,\"created_ms\":", 22) == 0);
  CHECK(strstr(text, "},{\"id\":3,") != NULL);
  CHECK(strstr(text, "\"tables\":") != NULL && strstr(text, "\"new_bytes\":") != NULL);
  amethyst_free(text);
  OK(amethyst_backup_restore(In("store"), 2, In("restored"), &error));
  CHECK(HasValue("restored", "2"));
  FAILS(AMETHYST_INVALID_ARGUMENT, "restored", amethyst_backup_restore(In("store"), 2, In("restored"), &error));
  FAILS(AMETHYST_INVALID_ARGUMENT, "no backup 9", amethyst_backup_verify(In("store"), 9, &error));
  OK(amethyst_backup_prune(In("store"), 1, &text, &error));
  CHECK(strncmp(text, "{\"backups_removed\":2,\"tables_removed\":", 38) == 0);
  amethyst_free(text);
  FAILS(AMETHYST_INVALID_ARGUMENT, "no backup 2", amethyst_backup_verify(In("store"), 2, &error));
  OK(amethyst_backup_verify(In("store"), 3, &error));
  OK(amethyst_backup_create(db, In("store"), NULL, &error));
  OK(amethyst_backup_prune(In("store"), 1, NULL, &error));
  FAILS(AMETHYST_INVALID_ARGUMENT, "at least one", amethyst_backup_prune(In("store"), 0, NULL, &error));
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
}

int main(void) {
  CHECK(mkdtemp(directory) != NULL);
  RUN(a_checkpoint_is_a_database_as_of_the_call);
  RUN(a_store_keeps_backups_and_gives_them_back);
  char command[300];
  snprintf(command, sizeof command, "rm -rf %s", directory);
  CHECK(system(command) == 0);
  return 0;
}
