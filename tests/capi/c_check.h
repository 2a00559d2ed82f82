// The few words that the tests of the C interface are written in: they are C11 programs, as its users' are.
//
// A program lists its tests, sentences, with TEST and runs them with RUN; the first that fails ends it. Thread safety:
// CHECK may be used from any thread.
#pragma once

#define _DEFAULT_SOURCE  // mkdtemp

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "amethyst/c.h"

#define CHECK(condition)                                                      \
  do {                                                                        \
    if (!(condition)) {                                                       \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
      exit(1);                                                                \
    }                                                                         \
  } while (0)

// The call must succeed, and leave no message. `error` is declared by the test.
#define OK(call)                                                                                   \
  do {                                                                                             \
    const amethyst_code code_ = (call);                                                            \
    if (code_ != AMETHYST_OK || error != NULL) {                                                   \
      fprintf(stderr, "%s:%d: %s: %s: %s\n", __FILE__, __LINE__, #call, amethyst_code_name(code_), \
              error != NULL ? error : "no message");                                               \
      exit(1);                                                                                     \
    }                                                                                              \
  } while (0)

// The call must fail with that code, and a message that has `part` in it.
#define FAILS(expected, part, call)                                                                \
  do {                                                                                             \
    const amethyst_code code_ = (call);                                                            \
    if (code_ != (expected) || error == NULL || strstr(error, (part)) == NULL) {                   \
      fprintf(stderr, "%s:%d: %s: %s: %s\n", __FILE__, __LINE__, #call, amethyst_code_name(code_), \
              error != NULL ? error : "no message");                                               \
      exit(1);                                                                                     \
    }                                                                                              \
    amethyst_free(error);                                                                          \
    error = NULL;                                                                                  \
  } while (0)

#define TEST(sentence) static void sentence(void)
#define RUN(sentence)       \
  do {                      \
    printf(#sentence "\n"); \
    fflush(stdout);         \
    sentence();             \
  } while (0)

// Options of a database in memory; both are the caller's to free.
static inline amethyst_options* OptionsInMemory(amethyst_environment** environment) {
  char* error = NULL;
  amethyst_options* options = NULL;
  OK(amethyst_environment_create_in_memory(environment, &error));
  OK(amethyst_options_create(&options, &error));
  OK(amethyst_options_set_environment(options, *environment, &error));
  return options;
}

// An open database in memory, and nothing else of it to release but itself.
static inline amethyst_db* InMemory(void) {
  amethyst_options* options = NULL;
  amethyst_environment* environment = NULL;
  amethyst_db* db = NULL;
  CHECK(amethyst_options_create(&options, NULL) == AMETHYST_OK);
  CHECK(amethyst_environment_create_in_memory(&environment, NULL) == AMETHYST_OK);
  CHECK(amethyst_options_set_environment(options, environment, NULL) == AMETHYST_OK);
  CHECK(amethyst_options_set(options, AMETHYST_OPTION_MEMORY_BUDGET_BYTES, 8 << 20, NULL) == AMETHYST_OK);
  CHECK(amethyst_environment_free(environment) == AMETHYST_OK);
  CHECK(amethyst_open("db", options, &db, NULL) == AMETHYST_OK);
  CHECK(amethyst_options_free(options) == AMETHYST_OK);
  return db;
}

static inline void Put(amethyst_db* db, const char* key, const char* value) {
  CHECK(amethyst_put(db, key, strlen(key), value, strlen(value), AMETHYST_BUFFERED, NULL) == AMETHYST_OK);
}

// 1 if the value of `key` is `value`; NULL: if there is none.
static inline int Has(amethyst_db* db, const amethyst_read_options* options, const char* key, const char* value) {
  char* got = NULL;
  size_t bytes = 0;
  CHECK(amethyst_get(db, options, key, strlen(key), &got, &bytes, NULL) == AMETHYST_OK);
  const int same =
      value == NULL || got == NULL ? value == got : bytes == strlen(value) && memcmp(got, value, bytes) == 0;
  amethyst_free(got);
  return same;
}
