// Transactions that are run again until they are committed. Covers: transactions, call.
#include <pthread.h>
#include <time.h>

#include "c_check.h"

static const amethyst_code wrong = AMETHYST_INVALID_ARGUMENT;

typedef struct {
  amethyst_db* db;
  int runs;
  int conflicts;       // That are still to be met.
  amethyst_code ends;  // What the work returns.
} Work;

// Counts one up. Somebody else does, too, while there are conflicts to be met.
static amethyst_code CountUp(void* state, amethyst_transaction* t) {
  Work* const work = state;
  ++work->runs;
  char* error = NULL;
  char* got = NULL;
  size_t bytes = 0;
  OK(amethyst_transaction_get(t, NULL, NULL, "n", 1, &got, &bytes, &error));
  char next[2] = {(char)(got == NULL ? '1' : *got + 1), 0};
  amethyst_free(got);
  if (work->conflicts > 0) {
    --work->conflicts;
    Put(work->db, "n", next);
    ++next[0];
  }
  OK(amethyst_transaction_put(t, NULL, "n", 1, next, 1, &error));
  return work->ends;
}

TEST(transact_runs_again_until_it_is_committed) {
  char* error = NULL;
  amethyst_db* db = InMemory();
  Work work = {.db = db, .conflicts = 2, .ends = AMETHYST_OK};
  OK(amethyst_transact(db, AMETHYST_SYNC, CountUp, &work, &error));
  CHECK(work.runs == 3 && Has(db, NULL, "n", "3"));

  work = (Work){.db = db, .ends = AMETHYST_NO_SPACE};
  FAILS(AMETHYST_NO_SPACE, "work returned", amethyst_transact(db, AMETHYST_SYNC, CountUp, &work, &error));
  work.ends = 99;
  FAILS(wrong, "no code", amethyst_transact(db, AMETHYST_SYNC, CountUp, &work, &error));
  CHECK(work.runs == 2 && Has(db, NULL, "n", "3"));
  FAILS(wrong, "work: null", amethyst_transact(db, AMETHYST_SYNC, NULL, &work, &error));
  FAILS(wrong, "durability", amethyst_transact(db, 99, CountUp, &work, &error));
  OK(amethyst_close(db, &error));
  FAILS(AMETHYST_CLOSED, "", amethyst_transact(db, AMETHYST_SYNC, CountUp, &work, &error));
  CHECK(work.runs == 2);
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
}

static amethyst_code CommitItself(void* state, amethyst_transaction* t) {
  char* error = NULL;
  OK(amethyst_transaction_put(t, NULL, "a", 1, "1", 1, &error));
  (void)state;
  return amethyst_transaction_commit(t, AMETHYST_SYNC, &error);
}
static amethyst_code RollItBack(void* state, amethyst_transaction* t) {
  char* error = NULL;
  OK(amethyst_transaction_put(t, NULL, "b", 1, "1", 1, &error));
  (void)state;
  return amethyst_transaction_rollback(t, &error);
}
static amethyst_code ReleaseIt(void* state, amethyst_transaction* t) {
  char* error = NULL;
  OK(amethyst_transaction_put(t, NULL, "c", 1, "1", 1, &error));
  *(amethyst_transaction**)state = t;
  return amethyst_transaction_free(t);
}
static amethyst_code KeepIt(void* state, amethyst_transaction* t) {
  *(amethyst_transaction**)state = t;
  return AMETHYST_OK;
}

TEST(the_work_of_transact_may_end_its_transaction_and_not_keep_it) {
  char* error = NULL;
  amethyst_db* db = InMemory();
  amethyst_transaction* kept = NULL;
  OK(amethyst_transact(db, AMETHYST_SYNC, CommitItself, NULL, &error));
  OK(amethyst_transact(db, AMETHYST_SYNC, RollItBack, NULL, &error));
  FAILS(wrong, "no live transaction", amethyst_transact(db, AMETHYST_SYNC, ReleaseIt, &kept, &error));
  CHECK(Has(db, NULL, "a", "1") && Has(db, NULL, "b", NULL) && Has(db, NULL, "c", NULL));
  OK(amethyst_transact(db, AMETHYST_SYNC, KeepIt, &kept, &error));
  FAILS(wrong, "no live transaction", amethyst_transaction_commit(kept, AMETHYST_SYNC, &error));
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
}

// Seconds that a call of amethyst_attempts_begin takes, and a commit of what it began.
static double SecondsOfBegin(amethyst_attempts* attempts) {
  char* error = NULL;
  amethyst_transaction* t = NULL;
  struct timespec from, to;
  CHECK(timespec_get(&from, TIME_UTC) == TIME_UTC);
  OK(amethyst_attempts_begin(attempts, &t, &error));
  OK(amethyst_transaction_put(t, NULL, "a", 1, "1", 1, &error));
  OK(amethyst_transaction_commit(t, AMETHYST_BUFFERED, &error));
  CHECK(timespec_get(&to, TIME_UTC) == TIME_UTC);
  CHECK(amethyst_transaction_free(t) == AMETHYST_OK);
  return (double)(to.tv_sec - from.tv_sec) + 1e-9 * (double)(to.tv_nsec - from.tv_nsec);
}

typedef struct {
  amethyst_db* db;
  double seconds;
} Other;
static void* BeginOnAnotherThread(void* state) {
  Other* const other = state;
  char* error = NULL;
  amethyst_attempts* attempts = NULL;
  OK(amethyst_attempts_create(other->db, &attempts, &error));
  other->seconds = SecondsOfBegin(attempts);
  CHECK(amethyst_attempts_free(attempts) == AMETHYST_OK);
  return NULL;
}
static double SecondsOfAnother(amethyst_db* db) {
  Other other = {.db = db};
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, BeginOnAnotherThread, &other) == 0);
  CHECK(pthread_join(thread, NULL) == 0);
  return other.seconds;
}

// Nobody waits for long; a wait is a tenth of a second before the begin, and another one before the commit.
TEST(after_eight_conflicts_attempts_go_ahead_until_they_are_released) {
  char* error = NULL;
  amethyst_db* db = InMemory();
  amethyst_attempts* attempts = NULL;
  OK(amethyst_attempts_create(db, &attempts, &error));
  for (int conflicts = 0; conflicts < 8; ++conflicts) (void)SecondsOfBegin(attempts);
  (void)SecondsOfBegin(attempts);
  CHECK(SecondsOfAnother(db) >= 0.2);
  Work work = {.db = db, .ends = AMETHYST_OK};  // This thread does not wait for itself.
  OK(amethyst_transact(db, AMETHYST_BUFFERED, CountUp, &work, &error));
  CHECK(amethyst_attempts_free(attempts) == AMETHYST_OK);
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
}

TEST(attempts_are_refused_where_they_are_misused) {
  char* error = NULL;
  amethyst_db* db = InMemory();
  amethyst_attempts* attempts = NULL;
  amethyst_transaction* t = NULL;
  FAILS(wrong, "attempts", amethyst_attempts_create(db, NULL, &error));
  FAILS(wrong, "database", amethyst_attempts_create(NULL, &attempts, &error));
  OK(amethyst_attempts_create(db, &attempts, &error));
  FAILS(wrong, "transaction", amethyst_attempts_begin(attempts, NULL, &error));
  OK(amethyst_close(db, &error));
  FAILS(AMETHYST_CLOSED, "", amethyst_attempts_begin(attempts, &t, &error));
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
  CHECK(amethyst_attempts_free(attempts) == AMETHYST_OK);
  CHECK(amethyst_attempts_free(attempts) == wrong);
  FAILS(wrong, "no live attempts", amethyst_attempts_begin(attempts, &t, &error));
}

int main(void) {
  RUN(after_eight_conflicts_attempts_go_ahead_until_they_are_released);
  RUN(attempts_are_refused_where_they_are_misused);
  RUN(transact_runs_again_until_it_is_committed);
  RUN(the_work_of_transact_may_end_its_transaction_and_not_keep_it);
  return 0;
}
