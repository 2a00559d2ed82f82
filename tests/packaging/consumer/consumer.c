#include <amethyst/c.h>
#include <stdio.h>

int main(int count, char** arguments) {
  amethyst_db* db = NULL;
  char* error = NULL;
  char* value = NULL;
  size_t value_bytes = 0;
  if (count < 2 || amethyst_open(arguments[1], NULL, &db, &error) != AMETHYST_OK ||
      amethyst_put(db, "language", 8, "C", 1, AMETHYST_SYNC, &error) != AMETHYST_OK ||
      amethyst_get(db, NULL, "language", 8, &value, &value_bytes, &error) != AMETHYST_OK) {
    fprintf(stderr, "%s\n", error != NULL ? error : "usage: consumer DIRECTORY");
    amethyst_free(error);
    amethyst_db_free(db);
    return 1;
  }
  printf("%.*s\n", (int)value_bytes, value);
  amethyst_free(value);
  amethyst_db_free(db);
  return 0;
}
