// Families by handles of the database's own type. Covers: families, batch, entries, database, iterator, call.
#include "c_check.h"

static const amethyst_code wrong = AMETHYST_INVALID_ARGUMENT;

static amethyst_db* Create(amethyst_db* db, const char* name) {
  char* error = NULL;
  amethyst_db* family = NULL;
  OK(amethyst_create_family(db, name, NULL, &family, &error));
  return family;
}

// 1 if the names, with a blank behind each, are those.
static int HasNames(amethyst_db* db, const char* expected) {
  char* error = NULL;
  char found[256] = "";
  char* names = NULL;
  size_t count = 0;
  OK(amethyst_family_names(db, &names, &count, &error));
  for (const char* name = names; count != 0; --count, name += strlen(name) + 1) {
    strcat(found, name);
    strcat(found, " ");
  }
  amethyst_free(names);
  return strcmp(found, expected) == 0;
}

TEST(a_family_is_a_map_of_its_own) {
  char* error = NULL;
  amethyst_db* db = InMemory();
  amethyst_db* users = Create(db, "users");
  Put(db, "k", "of the database");
  Put(users, "k", "of the family");
  Put(users, "l", "another");
  CHECK(Has(db, NULL, "k", "of the database") && Has(db, NULL, "l", NULL) && Has(users, NULL, "k", "of the family"));

  char buffer[16];
  int found = 0;
  size_t bytes = 0;
  OK(amethyst_get_into(users, NULL, "l", 1, buffer, sizeof(buffer), &found, &bytes, &error));
  CHECK(found == 1 && bytes == 7);
  amethyst_pinned* pinned = NULL;
  OK(amethyst_get_pinned(users, NULL, "l", 1, &pinned, &error));
  CHECK(memcmp(amethyst_pinned_value(pinned, &bytes), "another", 7) == 0);
  CHECK(amethyst_pinned_free(pinned) == AMETHYST_OK);
  const void* keys[] = {"k", "l"};
  const size_t key_bytes[] = {1, 1};
  char* values[2];
  size_t value_bytes[2];
  OK(amethyst_multi_get(users, NULL, 2, keys, key_bytes, values, value_bytes, NULL, &error));
  CHECK(value_bytes[0] == 13 && value_bytes[1] == 7);
  amethyst_free(values[0]);
  amethyst_free(values[1]);

  OK(amethyst_flush(users, &error));
  uint64_t size = 0;
  OK(amethyst_approximate_size(users, "", 0, "z", 1, &size, &error));
  CHECK(size > 0);
  OK(amethyst_compact_range(users, NULL, 0, NULL, 0, &error));
  OK(amethyst_wait_for_idle(users, &error));
  OK(amethyst_delete(users, "k", 1, AMETHYST_SYNC, &error));
  CHECK(Has(users, NULL, "k", NULL) && Has(db, NULL, "k", "of the database"));
  OK(amethyst_delete_prefix(users, "l", 1, AMETHYST_BUFFERED, &error));
  Put(users, "m", "1");
  OK(amethyst_delete_range(users, "m", 1, NULL, 0, AMETHYST_BUFFERED, &error));
  CHECK(Has(users, NULL, "l", NULL) && Has(users, NULL, "m", NULL) && Has(db, NULL, "k", "of the database"));
  CHECK(amethyst_db_free(users) == AMETHYST_OK);
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
}

TEST(what_a_family_has_in_tables_is_told) {
  char* error = NULL;
  amethyst_db* db = InMemory();
  amethyst_db* users = Create(db, "users");
  Put(users, "k", "1");
  Put(users, "l", "1");
  OK(amethyst_flush(db, &error));
  amethyst_snapshot* keeps = NULL;  // What is deleted, and so the range delete.
  OK(amethyst_snapshot_create(db, &keeps, &error));
  OK(amethyst_delete_range(users, "l", 1, NULL, 0, AMETHYST_BUFFERED, &error));
  OK(amethyst_flush(db, &error));
  char* json = NULL;
  OK(amethyst_family_stats_json(users, &json, &error));
  CHECK(strstr(json, "{\"tables\":1,") == json && strstr(json, "\"entries\":2,") != NULL);
  CHECK(strstr(json, "\"range_deletes\":1,") != NULL);
  amethyst_free(json);
  OK(amethyst_family_stats_json(db, &json, &error));
  CHECK(strstr(json, "{\"tables\":0,") == json);
  amethyst_free(json);
  OK(amethyst_stats_json(users, &json, &error));
  CHECK(strstr(json, "\"range_deletes\":1,") != NULL);
  amethyst_free(json);
  CHECK(amethyst_snapshot_free(keeps) == AMETHYST_OK);
  char* name = NULL;
  uint64_t ttl_ms = 0;
  OK(amethyst_drop_family(users, &error));
  FAILS(wrong, "family dropped", amethyst_family_stats_json(users, &json, &error));
  FAILS(wrong, "family dropped", amethyst_family_merge_operator(users, &name, &error));
  FAILS(wrong, "family dropped", amethyst_family_ttl(users, &ttl_ms, &error));
  FAILS(wrong, "ttl_ms", amethyst_family_ttl(users, NULL, &error));
  OK(amethyst_close(db, &error));
  FAILS(AMETHYST_CLOSED, "closed", amethyst_family_stats_json(db, &json, &error));
  FAILS(AMETHYST_CLOSED, "closed", amethyst_family_ttl(db, &ttl_ms, &error));
  CHECK(amethyst_db_free(users) == AMETHYST_OK);
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
}

TEST(a_snapshot_and_an_iterator_are_of_the_family_that_is_read) {
  char* error = NULL;
  amethyst_db* db = InMemory();
  amethyst_db* users = Create(db, "users");
  Put(db, "a", "1");
  Put(users, "u", "1");
  amethyst_read_options options = AMETHYST_READ_OPTIONS_DEFAULT;
  OK(amethyst_snapshot_create(users, &options.snapshot, &error));
  Put(db, "a", "2");
  Put(users, "u", "2");
  CHECK(Has(db, &options, "a", "1") && Has(users, &options, "u", "1") && Has(users, NULL, "u", "2"));
  amethyst_iterator* iterator = NULL;
  OK(amethyst_iterator_create(users, NULL, &iterator, &error));
  CHECK(amethyst_db_free(users) == AMETHYST_OK);
  OK(amethyst_iterator_seek_to_first(iterator, &error));
  size_t bytes = 0;
  CHECK(amethyst_iterator_key(iterator, &bytes)[0] == 'u');
  OK(amethyst_iterator_next(iterator, &error));
  CHECK(!amethyst_iterator_valid(iterator));
  CHECK(amethyst_iterator_free(iterator) == AMETHYST_OK);
  CHECK(amethyst_snapshot_free(options.snapshot) == AMETHYST_OK);
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
}

TEST(families_are_opened_renamed_listed_and_dropped_by_name) {
  char* error = NULL;
  amethyst_db* db = InMemory();
  amethyst_db* users = Create(db, "users");
  amethyst_db* orders = Create(db, "orders");
  CHECK(HasNames(db, "default users orders "));
  OK(amethyst_rename_family(users, "people", &error));
  CHECK(HasNames(users, "default people orders "));
  char* name = NULL;
  OK(amethyst_family_name(users, &name, &error));
  CHECK(strcmp(name, "people") == 0);
  amethyst_free(name);

  amethyst_db* again = NULL;
  uint32_t id = 0;
  uint32_t other = 0;
  Put(users, "k", "v");
  OK(amethyst_open_family(orders, "people", &again, &error));
  CHECK(Has(again, NULL, "k", "v"));
  OK(amethyst_family_id(users, &id, &error));
  OK(amethyst_family_id(again, &other, &error));
  CHECK(id != 0 && id == other);
  OK(amethyst_family_id(db, &other, &error));
  CHECK(other == 0);

  OK(amethyst_drop_family(again, &error));
  CHECK(HasNames(db, "default orders "));
  char* value = NULL;
  size_t bytes = 0;
  amethyst_iterator* iterator = NULL;
  FAILS(wrong, "dropped", amethyst_put(users, "k", 1, "v", 1, AMETHYST_BUFFERED, &error));
  FAILS(wrong, "dropped", amethyst_get(again, NULL, "k", 1, &value, &bytes, &error));
  FAILS(wrong, "dropped", amethyst_iterator_create(users, NULL, &iterator, &error));
  FAILS(wrong, "dropped", amethyst_drop_family(users, &error));
  FAILS(wrong, "dropped", amethyst_rename_family(users, "users", &error));
  FAILS(wrong, "dropped", amethyst_family_name(users, &name, &error));
  OK(amethyst_flush(users, &error));
  CHECK(amethyst_db_free(again) == AMETHYST_OK && amethyst_db_free(users) == AMETHYST_OK);
  users = Create(db, "people");
  OK(amethyst_family_id(users, &other, &error));
  CHECK(id != other && Has(users, NULL, "k", NULL));
  CHECK(amethyst_db_free(users) == AMETHYST_OK && amethyst_db_free(orders) == AMETHYST_OK);
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
}

TEST(the_default_family_is_the_database_and_stays) {
  char* error = NULL;
  amethyst_db* db = InMemory();
  amethyst_db* same = NULL;
  OK(amethyst_open_family(db, "default", &same, &error));
  Put(same, "k", "v");
  CHECK(Has(db, NULL, "k", "v"));
  FAILS(wrong, "default", amethyst_drop_family(db, &error));
  FAILS(wrong, "default", amethyst_drop_family(same, &error));
  FAILS(wrong, "default", amethyst_rename_family(db, "x", &error));
  CHECK(amethyst_db_free(same) == AMETHYST_OK);
  CHECK(amethyst_db_free(same) == wrong);
  CHECK(Has(db, NULL, "k", "v"));
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
}

TEST(a_handle_of_a_family_is_released_alone_and_outlives_the_database) {
  char* error = NULL;
  amethyst_db* db = InMemory();
  amethyst_db* users = Create(db, "users");
  FAILS(wrong, "not closed", amethyst_close(users, &error));
  Put(users, "k", "v");
  OK(amethyst_close(db, &error));
  char* value = NULL;
  size_t bytes = 0;
  amethyst_db* other = NULL;
  FAILS(AMETHYST_CLOSED, "closed", amethyst_get(users, NULL, "k", 1, &value, &bytes, &error));
  FAILS(AMETHYST_CLOSED, "closed", amethyst_put(users, "k", 1, "v", 1, AMETHYST_BUFFERED, &error));
  FAILS(AMETHYST_CLOSED, "closed", amethyst_delete_range(users, NULL, 0, NULL, 0, AMETHYST_BUFFERED, &error));
  FAILS(AMETHYST_CLOSED, "closed", amethyst_create_family(db, "more", NULL, &other, &error));
  FAILS(AMETHYST_CLOSED, "closed", amethyst_open_family(db, "users", &other, &error));
  FAILS(AMETHYST_CLOSED, "closed", amethyst_drop_family(users, &error));
  FAILS(AMETHYST_CLOSED, "closed", amethyst_family_name(users, &value, &error));
  FAILS(AMETHYST_CLOSED, "closed", amethyst_family_names(users, &value, &bytes, &error));
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
  FAILS(AMETHYST_CLOSED, "closed", amethyst_get(users, NULL, "k", 1, &value, &bytes, &error));
  CHECK(amethyst_db_free(users) == AMETHYST_OK);
  CHECK(amethyst_db_free(users) == wrong);
  FAILS(wrong, "no live database", amethyst_get(users, NULL, "k", 1, &value, &bytes, &error));
}

TEST(a_batch_is_whole_over_families) {
  char* error = NULL;
  amethyst_db* db = InMemory();
  amethyst_db* users = Create(db, "users");
  amethyst_db* orders = Create(db, "orders");
  amethyst_batch* batch = NULL;
  amethyst_batch* more = NULL;
  OK(amethyst_batch_create(&batch, &error));
  OK(amethyst_batch_create(&more, &error));
  OK(amethyst_batch_put(batch, "k", 1, "db", 2, &error));
  OK(amethyst_batch_set_family(batch, users, &error));
  OK(amethyst_batch_put(batch, "k", 1, "users", 5, &error));
  OK(amethyst_batch_put_expiring(batch, "gone", 4, "x", 1, 1, &error));
  OK(amethyst_batch_set_family(more, orders, &error));
  OK(amethyst_batch_put(more, "k", 1, "orders", 6, &error));
  OK(amethyst_batch_append(batch, more, &error));
  OK(amethyst_batch_put(batch, "l", 1, "users", 5, &error));
  OK(amethyst_batch_set_family(batch, db, &error));
  OK(amethyst_batch_put(batch, "l", 1, "db", 2, &error));
  OK(amethyst_write(orders, batch, AMETHYST_BUFFERED, &error));
  CHECK(Has(db, NULL, "k", "db") && Has(users, NULL, "k", "users") && Has(orders, NULL, "k", "orders"));
  CHECK(Has(db, NULL, "l", "db") && Has(users, NULL, "l", "users") && Has(orders, NULL, "l", NULL));
  CHECK(Has(users, NULL, "gone", NULL) && Has(db, NULL, "gone", NULL));

  OK(amethyst_batch_clear(more, &error));
  OK(amethyst_batch_delete(more, "k", 1, &error));
  OK(amethyst_batch_set_family(more, users, &error));
  OK(amethyst_batch_delete(more, "l", 1, &error));
  OK(amethyst_batch_set_family(more, orders, &error));
  OK(amethyst_batch_delete_range(more, "k", 1, "l", 1, &error));
  OK(amethyst_batch_set_family(more, NULL, &error));
  OK(amethyst_batch_delete_prefix(more, "l", 1, &error));
  OK(amethyst_write(db, more, AMETHYST_BUFFERED, &error));
  CHECK(Has(db, NULL, "k", NULL) && Has(db, NULL, "l", NULL) && Has(users, NULL, "k", "users"));
  CHECK(Has(users, NULL, "l", NULL) && Has(orders, NULL, "k", NULL));

  OK(amethyst_drop_family(orders, &error));
  FAILS(wrong, "dropped", amethyst_write(db, batch, AMETHYST_BUFFERED, &error));
  CHECK(Has(db, NULL, "k", NULL));
  CHECK(amethyst_db_free(orders) == AMETHYST_OK && amethyst_db_free(users) == AMETHYST_OK);
  CHECK(amethyst_batch_free(batch) == AMETHYST_OK && amethyst_batch_free(more) == AMETHYST_OK);
  CHECK(amethyst_db_free(db) == AMETHYST_OK);
}

TEST(a_batch_is_of_one_database) {
  char* error = NULL;
  amethyst_db* db = InMemory();
  amethyst_db* other = InMemory();
  amethyst_db* users = Create(db, "users");
  amethyst_db* foreign = Create(other, "users");
  amethyst_batch* batch = NULL;
  amethyst_batch* more = NULL;
  OK(amethyst_batch_create(&batch, &error));
  OK(amethyst_batch_create(&more, &error));
  OK(amethyst_batch_set_family(batch, users, &error));
  OK(amethyst_batch_set_family(batch, foreign, &error));  // Nothing was added so far.
  OK(amethyst_batch_put(batch, "k", 1, "v", 1, &error));
  FAILS(wrong, "another database", amethyst_batch_set_family(batch, users, &error));
  FAILS(wrong, "another database", amethyst_write(db, batch, AMETHYST_BUFFERED, &error));
  OK(amethyst_batch_set_family(more, users, &error));
  OK(amethyst_batch_put(more, "k", 1, "v", 1, &error));
  FAILS(wrong, "another database", amethyst_batch_append(more, batch, &error));
  CHECK(amethyst_db_free(other) == AMETHYST_OK);
  FAILS(AMETHYST_CLOSED, "closed", amethyst_write(foreign, batch, AMETHYST_BUFFERED, &error));
  CHECK(amethyst_db_free(foreign) == AMETHYST_OK);
  FAILS(wrong, "no live database", amethyst_batch_set_family(more, foreign, &error));
  FAILS(wrong, "no live batch", amethyst_batch_set_family(NULL, users, &error));
  OK(amethyst_batch_clear(batch, &error));
  OK(amethyst_batch_put(batch, "k", 1, "v", 1, &error));
  OK(amethyst_write(users, batch, AMETHYST_BUFFERED, &error));
  CHECK(Has(db, NULL, "k", "v") && Has(users, NULL, "k", NULL));
  CHECK(amethyst_batch_free(batch) == AMETHYST_OK && amethyst_batch_free(more) == AMETHYST_OK);
  CHECK(amethyst_db_free(users) == AMETHYST_OK && amethyst_db_free(db) == AMETHYST_OK);
}

TEST(names_and_settings_that_cannot_be_are_refused) {
  char* error = NULL;
  amethyst_db* db = InMemory();
  amethyst_db* family = NULL;
  char name[257];
  memset(name, 'n', sizeof(name));
  name[256] = 0;
  FAILS(wrong, "256 bytes", amethyst_create_family(db, name, NULL, &family, &error));
  FAILS(wrong, "0 bytes", amethyst_create_family(db, "", NULL, &family, &error));
  FAILS(wrong, "already", amethyst_create_family(db, "default", NULL, &family, &error));
  FAILS(wrong, "no family", amethyst_open_family(db, "users", &family, &error));
  FAILS(wrong, "name: null", amethyst_create_family(db, NULL, NULL, &family, &error));
  FAILS(wrong, "family: null", amethyst_create_family(db, "users", NULL, NULL, &error));
  FAILS(wrong, "name: null", amethyst_open_family(db, NULL, &family, &error));
  FAILS(wrong, "family: null", amethyst_open_family(db, "default", NULL, &error));
  FAILS(wrong, "name: null", amethyst_rename_family(db, NULL, &error));
  FAILS(wrong, "id: null", amethyst_family_id(db, NULL, &error));
  FAILS(wrong, "no live database", amethyst_open_family(NULL, "default", &family, &error));
  FAILS(wrong, "no live database", amethyst_drop_family(NULL, &error));
  name[255] = 0;
  family = Create(db, name);
  OK(amethyst_rename_family(family, "x", &error));
  name[255] = 'n';
  FAILS(wrong, "256 bytes", amethyst_rename_family(family, name, &error));
  CHECK(amethyst_db_free(family) == AMETHYST_OK);

  amethyst_family_options options = AMETHYST_FAMILY_OPTIONS_DEFAULT;
  options.merge_operator = "sum";
  FAILS(wrong, "int64.add", amethyst_create_family(db, "f", &options, &family, &error));
  options.merge_operator = NULL;
  options.ttl_ms = UINT64_MAX;
  FAILS(wrong, "ttl", amethyst_create_family(db, "f", &options, &family, &error));
  options.ttl_ms = 0;
  options.compression = 3;
  FAILS(wrong, "compression", amethyst_create_family(db, "f", &options, &family, &error));
  options.compression = AMETHYST_COMPRESSION_NONE;
  options.block_bytes = 7;
  FAILS(wrong, "block_bytes", amethyst_create_family(db, "f", &options, &family, &error));
  options.block_bytes = 1024;
  options.filter_false_positive_rate = 2;
  FAILS(wrong, "filter", amethyst_create_family(db, "f", &options, &family, &error));
  options.filter_false_positive_rate = 0.1;
  options.struct_bytes = 8;
  FAILS(wrong, "sizeof", amethyst_create_family(db, "f", &options, &family, &error));
  options.struct_bytes = sizeof(options);
  OK(amethyst_create_family(db, "f", &options, &family, &error));
  CHECK(HasNames(db, "default x f "));
  CHECK(amethyst_db_free(family) == AMETHYST_OK && amethyst_db_free(db) == AMETHYST_OK);
}

TEST(a_write_expires_so_long_after_it) {
  char* error = NULL;
  amethyst_db* db = InMemory();
  amethyst_db* users = Create(db, "users");
  uint64_t first = 0;
  uint64_t second = 0;
  OK(amethyst_put_expiring(users, "a", 1, "1", 1, AMETHYST_AFTER(3600000), AMETHYST_BUFFERED, &error));
  amethyst_batch* batch = NULL;
  OK(amethyst_batch_create(&batch, &error));
  OK(amethyst_batch_set_family(batch, users, &error));
  OK(amethyst_batch_put_expiring(batch, "b", 1, "1", 1, AMETHYST_AFTER(7200000), &error));
  OK(amethyst_batch_put_expiring(batch, "c", 1, "1", 1, AMETHYST_AFTER(0), &error));
  OK(amethyst_write(db, batch, AMETHYST_BUFFERED, &error));
  amethyst_iterator* iterator = NULL;
  OK(amethyst_iterator_create(users, NULL, &iterator, &error));
  OK(amethyst_iterator_seek_to_first(iterator, &error));
  OK(amethyst_iterator_expires_at(iterator, &first, &error));
  OK(amethyst_iterator_next(iterator, &error));
  OK(amethyst_iterator_expires_at(iterator, &second, &error));
  CHECK(first < second && first > 1600000000000 && second != AMETHYST_NEVER);
  OK(amethyst_iterator_next(iterator, &error));
  OK(amethyst_iterator_expires_at(iterator, &second, &error));
  CHECK(second == AMETHYST_NEVER);
  const int64_t refused[] = {-1, INT32_MIN, INT64_MAX};
  for (size_t i = 0; i < 3; ++i) {
    const uint64_t moment = AMETHYST_AFTER(refused[i]);
    FAILS(wrong, "9999", amethyst_put_expiring(users, "a", 1, "1", 1, moment, AMETHYST_BUFFERED, &error));
  }
  CHECK(amethyst_iterator_free(iterator) == AMETHYST_OK && amethyst_batch_free(batch) == AMETHYST_OK);
  CHECK(amethyst_db_free(users) == AMETHYST_OK && amethyst_db_free(db) == AMETHYST_OK);
}

int main(void) {
  RUN(a_family_is_a_map_of_its_own);
  RUN(what_a_family_has_in_tables_is_told);
  RUN(a_snapshot_and_an_iterator_are_of_the_family_that_is_read);
  RUN(families_are_opened_renamed_listed_and_dropped_by_name);
  RUN(the_default_family_is_the_database_and_stays);
  RUN(a_handle_of_a_family_is_released_alone_and_outlives_the_database);
  RUN(a_batch_is_whole_over_families);
  RUN(a_batch_is_of_one_database);
  RUN(names_and_settings_that_cannot_be_are_refused);
  RUN(a_write_expires_so_long_after_it);
  return 0;
}
