// Open, close, and the upkeep of a whole database.
#include <fmt/format.h>

#include "capi/json_text.h"
#include "capi/objects.h"

namespace amethyst::capi {

namespace {

std::string JsonOf(const RepairReport& report) {
  std::string dropped;
  for (const std::string& line : report.dropped) dropped += (dropped.empty() ? "" : ",") + JsonText(line);
  return fmt::format(R"({{"tables_kept":{},"entries_kept":{},"log_batches_kept":{},"dropped":[{}]}})",
                     report.tables_kept, report.entries_kept, report.log_batches_kept, dropped);
}

// For the calls that take nothing and give nothing.
template <typename Method>
amethyst_code OnDatabase(amethyst_db* db, char** error, Method method) {
  return Call(error, [&]() -> Status {
    AMETHYST_ENTER(database, DatabaseObject, db);
    return (database->db().*method)();
  });
}

// Opens a database by `open(options, components)`, as the caller's options say.
template <typename Open>
amethyst_code OpenBy(const char* path, amethyst_options* options, amethyst_db** db, char** error, Open open) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(path, "path"));
    AMETHYST_TRY(Wanted(db, "db"));
    Options settings;
    Components components;
    const auto database = std::make_shared<Database>();
    if (options != nullptr) {
      AMETHYST_ENTER(given, OptionsObject, options);
      settings = given->options;
      components = given->components;
      database->Keep(given->comparators);
    }
    AMETHYST_ASSIGN(database->db, open(settings, std::move(components)));
    AMETHYST_ASSIGN(Family family, database->db->OpenFamily("default"));
    HandOut(std::make_unique<DatabaseObject>(database, std::move(family), DatabaseObject::Of::kDatabase), db);
    return {};
  });
}

constexpr size_t kFollowerOptionsBytesFirst = 16;  // Of the first version of the struct.
static_assert(sizeof(amethyst_follower_options) == kFollowerOptionsBytesFirst);

// `given` may be null.
Result<FollowerOptions> FollowerOptionsOf(const amethyst_follower_options* given) {
  FollowerOptions options;
  if (given == nullptr) return options;
  AMETHYST_TRY(CheckStruct(given, given->struct_bytes, {.known = sizeof(*given), .least = kFollowerOptionsBytesFirst},
                           "follower_options"));
  options.refresh_interval_ms = given->refresh_interval_ms;
  options.grace_s = given->grace_s;
  return options;
}

}  // namespace

}  // namespace amethyst::capi

using namespace amethyst::capi;  // NOLINT: C functions stand outside every namespace.
using amethyst::DB;
using amethyst::Status;

amethyst_code amethyst_open(const char* path, amethyst_options* options, amethyst_db** db, char** error) {
  return OpenBy(path, options, db, error, [&](const amethyst::Options& settings, amethyst::Components components) {
    return DB::Open(path, settings, std::move(components));
  });
}

amethyst_code amethyst_open_follower(const char* path, amethyst_options* options,
                                     const amethyst_follower_options* follower, amethyst_db** db, char** error) {
  return OpenBy(
      path, options, db, error,
      [&](const amethyst::Options& settings, amethyst::Components components) -> amethyst::Result<std::unique_ptr<DB>> {
        AMETHYST_ASSIGN(amethyst::FollowerOptions following, FollowerOptionsOf(follower));
        following.options = settings;
        return DB::OpenFollower(path, following, std::move(components));
      });
}

amethyst_code amethyst_refresh(amethyst_db* db, char** error) { return OnDatabase(db, error, &DB::Refresh); }

amethyst_code amethyst_close(amethyst_db* db, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_ENTER(database, DatabaseObject, db);
    return database->Close();
  });
}

amethyst_code amethyst_db_free(amethyst_db* db) { return Release<DatabaseObject>(db); }

amethyst_code amethyst_destroy(const char* path, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(path, "path"));
    return DB::Destroy(path);
  });
}

amethyst_code amethyst_repair(const char* from, const char* to, char** report, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(from, "from"));
    AMETHYST_TRY(Wanted(to, "to"));
    AMETHYST_ASSIGN(const amethyst::RepairReport repaired, DB::Repair(from, to));
    if (report != nullptr) *report = CopyOut(JsonOf(repaired));
    return {};
  });
}

amethyst_code amethyst_flush(amethyst_db* db, char** error) { return OnDatabase(db, error, &DB::Flush); }
amethyst_code amethyst_wait_for_idle(amethyst_db* db, char** error) { return OnDatabase(db, error, &DB::WaitForIdle); }
amethyst_code amethyst_sync_wal(amethyst_db* db, char** error) { return OnDatabase(db, error, &DB::SyncWal); }

amethyst_code amethyst_compact_range(amethyst_db* db, const void* begin, size_t begin_bytes, const void* end,
                                     size_t end_bytes, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_ENTER(database, DatabaseObject, db);
    AMETHYST_ASSIGN(const std::optional<std::string_view> from, Bound(begin, begin_bytes, "begin"));
    AMETHYST_ASSIGN(const std::optional<std::string_view> to, Bound(end, end_bytes, "end"));
    return database->family().CompactRange(from, to);
  });
}

amethyst_code amethyst_approximate_size(amethyst_db* db, const void* begin, size_t begin_bytes, const void* end,
                                        size_t end_bytes, uint64_t* bytes, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(bytes, "bytes"));
    AMETHYST_ENTER(database, DatabaseObject, db);
    AMETHYST_ASSIGN(const std::string_view from, Bytes(begin, begin_bytes, "begin"));
    AMETHYST_ASSIGN(const std::string_view to, Bytes(end, end_bytes, "end"));
    AMETHYST_ASSIGN(*bytes, database->family().ApproximateSize(from, to));
    return {};
  });
}

amethyst_code amethyst_stats_json(amethyst_db* db, char** json, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(json, "json"));
    AMETHYST_ENTER(database, DatabaseObject, db);
    AMETHYST_TRY(database->database()->CheckOpen());
    *json = CopyOut(database->db().GetStats().ToJson());
    return {};
  });
}

amethyst_code amethyst_snapshot_create(amethyst_db* db, amethyst_snapshot** snapshot, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(snapshot, "snapshot"));
    AMETHYST_ENTER(database, DatabaseObject, db);
    AMETHYST_TRY(database->database()->CheckOpen());
    HandOut(std::make_unique<SnapshotObject>(database->database(), database->db().GetSnapshot()), snapshot);
    return {};
  });
}

amethyst_code amethyst_snapshot_free(amethyst_snapshot* snapshot) { return Release<SnapshotObject>(snapshot); }

amethyst_code amethyst_snapshot_sequence(amethyst_snapshot* snapshot, uint64_t* sequence, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(sequence, "sequence"));
    AMETHYST_ENTER(entered, SnapshotObject, snapshot);
    *sequence = entered->snapshot.sequence();
    return {};
  });
}
