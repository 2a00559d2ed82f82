// Transactions that are run again until they are committed. Covers: transactions, call.
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

int main(void) {
  RUN(transact_runs_again_until_it_is_committed);
  RUN(the_work_of_transact_may_end_its_transaction_and_not_keep_it);
  return 0;
}
