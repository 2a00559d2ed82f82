// Operands and entries that expire. Covers: options, entries, batch, iterator.
#include "c_check.h"

static void NoPut(void* state, const char* key, size_t key_bytes, const char* value, size_t value_bytes) {
  (void)state, (void)key, (void)key_bytes, (void)value, (void)value_bytes;
}
static void NoRemove(void* state, const char* key, size_t key_bytes) { (void)state, (void)key, (void)key_bytes; }

TEST(operands_are_merged_by_a_built_in_operator) {
  char* error = NULL;
  amethyst_environment* environment = NULL;
  amethyst_options* options = OptionsInMemory(&environment);
  FAILS(AMETHYST_INVALID_ARGUMENT, "int64.add", amethyst_options_set_merge_operator(options, "default", "sum", &error));
  OK(amethyst_options_set_merge_operator(options, "default", "max", &error));
  amethyst_db* db = NULL;
  OK(amethyst_open("/db", options, &db, &error));
  OK(amethyst_merge(db, "k", 1, "b", 1, AMETHYST_BUFFERED, &error));
  OK(amethyst_merge_expiring(db, "k", 1, "z", 1, 1, AMETHYST_BUFFERED, &error));
  amethyst_batch* batch = NULL;
  OK(amethyst_batch_create(&batch, &error));
  OK(amethyst_batch_merge(batch, "k", 1, "c", 1, &error));
  OK(amethyst_write(db, batch, AMETHYST_BUFFERED, &error));
  FAILS(AMETHYST_NOT_SUPPORTED, "merges", amethyst_batch_iterate(batch, NULL, NoPut, NoRemove, &error));
  CHECK(amethyst_batch_free(batch) == AMETHYST_OK);
  char* value = NULL;
  size_t bytes = 0;
  OK(amethyst_get(db, NULL, "k", 1, &value, &bytes, &error));
  CHECK(bytes == 1 && value[0] == 'c');
  amethyst_free(value);
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
  CHECK(amethyst_options_free(options) == AMETHYST_OK);
  CHECK(amethyst_environment_free(environment) == AMETHYST_OK);
}

TEST(entries_expire_and_tell_when) {
  char* error = NULL;
  amethyst_environment* environment = NULL;
  amethyst_options* options = OptionsInMemory(&environment);
  FAILS(AMETHYST_INVALID_ARGUMENT, "ttl", amethyst_options_set_ttl(options, "default", UINT64_MAX, &error));
  OK(amethyst_options_set_ttl(options, "default", 3600000, &error));
  amethyst_db* db = NULL;
  OK(amethyst_open("/db", options, &db, &error));
  const uint64_t year_2100 = 4102444800000;
  amethyst_batch* batch = NULL;
  OK(amethyst_batch_create(&batch, &error));
  OK(amethyst_batch_put_expiring(batch, "a", 1, "1", 1, year_2100, &error));
  OK(amethyst_write(db, batch, AMETHYST_BUFFERED, &error));
  CHECK(amethyst_batch_free(batch) == AMETHYST_OK);
  OK(amethyst_put_expiring(db, "b", 1, "2", 1, AMETHYST_NEVER, AMETHYST_BUFFERED, &error));
  OK(amethyst_put_expiring(db, "c", 1, "3", 1, 1, AMETHYST_BUFFERED, &error));
  amethyst_iterator* iterator = NULL;
  OK(amethyst_iterator_create(db, NULL, &iterator, &error));
  OK(amethyst_iterator_seek_to_first(iterator, &error));
  uint64_t expires_at = 0;
  OK(amethyst_iterator_expires_at(iterator, &expires_at, &error));
  CHECK(expires_at == year_2100);
  OK(amethyst_iterator_next(iterator, &error));
  OK(amethyst_iterator_expires_at(iterator, &expires_at, &error));
  CHECK(expires_at == AMETHYST_NEVER);
  OK(amethyst_iterator_next(iterator, &error));
  CHECK(!amethyst_iterator_valid(iterator));
  FAILS(AMETHYST_INVALID_ARGUMENT, "entry", amethyst_iterator_expires_at(iterator, &expires_at, &error));
  CHECK(amethyst_iterator_free(iterator) == AMETHYST_OK);
  amethyst_pinned* pinned = NULL;
  OK(amethyst_get_pinned(db, NULL, "a", 1, &pinned, &error));
  OK(amethyst_pinned_expires_at(pinned, &expires_at, &error));
  CHECK(expires_at == year_2100);
  CHECK(amethyst_pinned_free(pinned) == AMETHYST_OK);
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
  CHECK(amethyst_options_free(options) == AMETHYST_OK);
  CHECK(amethyst_environment_free(environment) == AMETHYST_OK);
}

TEST(a_family_has_an_operator_and_a_ttl_of_its_own) {
  char* error = NULL;
  amethyst_db* db = InMemory();
  amethyst_db* family = NULL;
  amethyst_family_options options = AMETHYST_FAMILY_OPTIONS_DEFAULT;
  options.merge_operator = "append:,";
  options.ttl_ms = 3600000;
  OK(amethyst_create_family(db, "lists", &options, &family, &error));
  OK(amethyst_merge(family, "k", 1, "a", 1, AMETHYST_BUFFERED, &error));
  OK(amethyst_merge_expiring(family, "k", 1, "gone", 4, 1, AMETHYST_BUFFERED, &error));
  amethyst_batch* batch = NULL;
  OK(amethyst_batch_create(&batch, &error));
  OK(amethyst_batch_set_family(batch, family, &error));
  OK(amethyst_batch_merge(batch, "k", 1, "b", 1, &error));
  OK(amethyst_batch_merge_expiring(batch, "k", 1, "gone", 4, 1, &error));
  OK(amethyst_batch_merge_expiring(batch, "k", 1, "c", 1, AMETHYST_NEVER, &error));
  OK(amethyst_batch_put_expiring(batch, "stays", 5, "1", 1, AMETHYST_NEVER, &error));
  OK(amethyst_write(db, batch, AMETHYST_BUFFERED, &error));
  CHECK(Has(family, NULL, "k", "a,b,c") && Has(db, NULL, "k", NULL));
  amethyst_pinned* pinned = NULL;
  uint64_t expires_at = 0;
  Put(family, "hour", "1");
  OK(amethyst_get_pinned(family, NULL, "hour", 4, &pinned, &error));
  OK(amethyst_pinned_expires_at(pinned, &expires_at, &error));
  CHECK(expires_at != AMETHYST_NEVER && amethyst_pinned_free(pinned) == AMETHYST_OK);
  OK(amethyst_get_pinned(family, NULL, "stays", 5, &pinned, &error));
  OK(amethyst_pinned_expires_at(pinned, &expires_at, &error));
  CHECK(expires_at == AMETHYST_NEVER && amethyst_pinned_free(pinned) == AMETHYST_OK);
  char* name = NULL;
  uint64_t ttl_ms = 0;
  OK(amethyst_family_merge_operator(family, &name, &error));
  OK(amethyst_family_ttl(family, &ttl_ms, &error));
  CHECK(strcmp(name, "append:,") == 0 && ttl_ms == 3600000);
  amethyst_free(name);
  OK(amethyst_family_merge_operator(db, &name, &error));
  OK(amethyst_family_ttl(db, &ttl_ms, &error));
  CHECK(name == NULL && ttl_ms == 0);
  FAILS(AMETHYST_INVALID_ARGUMENT, "no merge operator", amethyst_merge(db, "k", 1, "a", 1, AMETHYST_BUFFERED, &error));
  CHECK(amethyst_batch_free(batch) == AMETHYST_OK && amethyst_db_free(family) == AMETHYST_OK);
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
}

int main(void) {
  RUN(operands_are_merged_by_a_built_in_operator);
  RUN(entries_expire_and_tell_when);
  RUN(a_family_has_an_operator_and_a_ttl_of_its_own);
  return 0;
}
