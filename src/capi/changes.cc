// Options of an open database.
#include <limits>

#include "capi/objects.h"

using namespace amethyst::capi;  // NOLINT: C functions stand outside every namespace.
using amethyst::Changes;
using amethyst::Options;
using amethyst::Status;

namespace amethyst::capi {

namespace {

// Calls `visit` with the setting of that number, of Changes or Options; false: it cannot be changed.
template <typename Settings, typename Visitor>
bool VisitChangeable(Settings& settings, amethyst_option option, Visitor visit) {
  switch (option) {
    case AMETHYST_OPTION_MEMORY_BUDGET_BYTES: visit(settings.memory_budget_bytes); return true;
    case AMETHYST_OPTION_WRITE_BUFFER_BYTES: visit(settings.write_buffer_bytes); return true;
    case AMETHYST_OPTION_COMPRESSION: visit(settings.compression); return true;
    case AMETHYST_OPTION_BACKGROUND_THREADS: visit(settings.background_threads); return true;
    case AMETHYST_OPTION_SYNC_INTERVAL_MS: visit(settings.sync_interval_ms); return true;
    case AMETHYST_OPTION_GROUP_COMMIT_BYTES: visit(settings.group_commit_bytes); return true;
    case AMETHYST_OPTION_GROUP_COMMIT_DELAY_US: visit(settings.group_commit_delay_us); return true;
    case AMETHYST_OPTION_MAX_OPEN_FILES: visit(settings.max_open_files); return true;
    case AMETHYST_OPTION_DELETE_DEADLINE_S: visit(settings.delete_deadline_s); return true;
    case AMETHYST_OPTION_BACKGROUND_BYTES_PER_S: visit(settings.background_bytes_per_s); return true;
    default: return false;
  }
}

Status NotChangeable(amethyst_option option) {
  return base::InvalidArgument("option {} cannot be changed while a database is open", static_cast<int>(option));
}

template <typename Value>
constexpr uint64_t kGreatest = std::numeric_limits<Value>::max();
template <>
constexpr uint64_t kGreatest<Compression> = AMETHYST_COMPRESSION_ZSTD;

Status Add(amethyst_option option, uint64_t value, Changes* changes) {
  Status added;
  const auto add = [&]<typename Value>(std::optional<Value>& change) {
    if (value > kGreatest<Value>) {
      added = base::InvalidArgument("option {}: {} is over the greatest it can be, {}", static_cast<int>(option), value,
                                    kGreatest<Value>);
    } else {
      change = static_cast<Value>(value);
    }
  };
  return VisitChangeable(*changes, option, add) ? added : NotChangeable(option);
}

// Those of a family, where it is not the default one.
Status ToFamily(const Family& family, Changes* changes) {
  if (family.id() == 0) return {};
  const std::optional<Compression> compression = changes->compression;
  changes->compression.reset();
  changes->families[family.name()].compression = compression;
  return {};
}

}  // namespace

}  // namespace amethyst::capi

amethyst_code amethyst_change(amethyst_db* db, const amethyst_option* options, const uint64_t* values, size_t count,
                              char** error) {
  return Call(error, [&]() -> Status {
    if (count > 0) {
      AMETHYST_TRY(Wanted(options, "options"));
      AMETHYST_TRY(Wanted(values, "values"));
    }
    AMETHYST_ENTER(database, DatabaseObject, db);
    const bool is_default = database->family().id() == 0;
    Changes changes;
    for (size_t i = 0; i < count; ++i) {
      if (!is_default && options[i] != AMETHYST_OPTION_COMPRESSION) return NotChangeable(options[i]);
      AMETHYST_TRY(Add(options[i], values[i], &changes));
    }
    AMETHYST_TRY(ToFamily(database->family(), &changes));
    AMETHYST_TRY(database->db().Change(changes));
    return {};
  });
}

amethyst_code amethyst_change_ttl(amethyst_db* family, uint64_t ttl_ms, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_ENTER(entered, DatabaseObject, family);
    Changes changes;
    AMETHYST_ASSIGN(changes.families[entered->family().name()].ttl, TtlOf(ttl_ms));
    AMETHYST_TRY(entered->db().Change(changes));
    return {};
  });
}

amethyst_code amethyst_option_in_force(amethyst_db* db, amethyst_option option, uint64_t* value, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(value, "value"));
    AMETHYST_ENTER(database, DatabaseObject, db);
    AMETHYST_ASSIGN(Options in_force, database->db().Change({}));
    const bool is_there =
        VisitChangeable(in_force, option, [&](auto setting) { *value = static_cast<uint64_t>(setting); });
    return is_there ? Status() : NotChangeable(option);
  });
}
